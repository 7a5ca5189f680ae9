"""A promise that was made a moment ago: its page looks again, for a minute at most."""

from __future__ import annotations

import pytest

from risk_svc.web.board.just_made import AGAIN, WITHIN, address, waiting

NOW = 1_770_000_000.9
MADE = str(int(NOW))


def test_the_page_looks_again_by_itself_at_the_same_address() -> None:
    page = waiting("a/b <1>", MADE, NOW + AGAIN)
    assert page is not None and page.status_code == 202
    html = bytes(page.body).decode()
    assert f'<meta http-equiv="refresh" content="{AGAIN}">' in html and "a/b &lt;1&gt;" in html
    assert f'href="/board{address("a/b <1>", NOW)}"' in html
    assert address("a/b <1>", NOW) == f"/promises/a%2Fb%20%3C1%3E?made={MADE}"


@pytest.mark.parametrize("made", [None, "", "x", "-1", "1e9", "9" * 13, str(int(NOW) - WITHIN), str(int(NOW) + 2)])
def test_one_that_was_not_made_within_a_minute_is_not_waited_for(made: str | None) -> None:
    assert waiting("PR-1", made, NOW) is None


def test_it_is_waited_for_to_the_end_of_the_minute() -> None:
    assert waiting("PR-1", MADE, int(NOW) + WITHIN - 0.1) is not None
