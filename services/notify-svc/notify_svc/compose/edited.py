"""A letter that staff changed, as it is stored: its text, and HTML that says the same."""

from __future__ import annotations

from html import escape

from notify_svc.compose.letter import LETTER
from notify_svc.compose.rendering import framed


def edited_html(subject: str, text: str, language: str) -> str:
    """The HTML of a text: a paragraph for what stands between empty lines, each line as it is."""
    blocks = [block for block in text.strip().split("\n\n") if block.strip()]
    # Mail programs that know no style for the ends of lines would run the options together.
    shown = ("<br>\n".join(escape(line) for line in block.strip().splitlines()) for block in blocks)
    body = "\n".join(f"<p>{lines}</p>" for lines in shown)
    return framed(LETTER, language, subject, body)
