"""A letter that staff changed, as it is stored: its text, and HTML that says the same."""

from __future__ import annotations

from html import escape
from typing import Final

PAGE: Final = (
    '<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width">\n'
    '<meta name="color-scheme" content="light dark"><title>{title}</title></head>\n'
    '<body style="font-family:sans-serif;font-size:16px;line-height:1.45;max-width:36em;margin:1.5em">\n'
    "{body}\n</body></html>\n"
)


def edited_html(subject: str, text: str, language: str) -> str:
    """The HTML of a text: a paragraph for what stands between empty lines, each line as it is."""
    blocks = [block for block in text.strip().split("\n\n") if block.strip()]
    body = "\n".join(f'<p style="white-space:pre-line">{escape(block.strip())}</p>' for block in blocks)
    return PAGE.format(language=escape(language), title=escape(subject), body=body)
