"""The HTML of a letter that staff changed: its lines are lines also where no style says so."""

from __future__ import annotations

from notify_svc.compose.edited import edited_html


def test_each_line_is_one_without_style_and_nothing_is_markup() -> None:
    html = edited_html("Late", "Hello,\n\n- Keep <b>waiting</b>.\n  In favour: no call.\n\nAda\n", "en")
    assert "<p>Hello,</p>" in html
    assert "<p>- Keep &lt;b&gt;waiting&lt;/b&gt;.<br>\n  In favour: no call.</p>" in html
    assert "white-space" not in html
