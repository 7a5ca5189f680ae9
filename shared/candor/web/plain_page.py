"""A page of one sentence, for people whom a redirect has brought here: no script, no style, nothing of a caller's."""

from __future__ import annotations

from html import escape
from typing import Final

from starlette.responses import HTMLResponse

_PAGE: Final = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} · Candor</title>
<h1>{title}</h1>
<p>{text}</p>
<p><a href="{address}">{label}</a></p>
</html>
"""


def plain_page(status: int, title: str, text: str, link: tuple[str, str]) -> HTMLResponse:
    """An answer with `title`, one sentence, and a link (label, address) to what can be done next."""
    label, address = (escape(part) for part in link)
    return HTMLResponse(_PAGE.format(title=escape(title), text=escape(text), label=label, address=address), status)
