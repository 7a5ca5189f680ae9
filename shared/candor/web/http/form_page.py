"""Pages that a link opens for people without an account: no script, no cookie, no request elsewhere, light and dark."""

from __future__ import annotations

import base64
import hashlib
from html import escape
from typing import Final

from starlette.responses import HTMLResponse

from candor.web.http.plain_page import ICON, STYLE

_MORE: Final = """
:root { color-scheme: light dark; }
h2 { font-size: 1.15rem; line-height: 1.3; margin: 1.6rem 0 .4rem; }
h3 { font-size: 1rem; line-height: 1.3; margin: 1rem 0 .3rem; }
ul, ol { margin: 0 0 .9rem; padding-left: 1.3rem; }
fieldset { border: 0; margin: 0 0 .8rem; padding: 0; min-width: 0; }
legend { padding: 0; margin: 0 0 .3rem; }
fieldset label { display: flex; align-items: center; gap: .6rem; min-height: 44px; }
input { width: 1.3rem; height: 1.3rem; margin: 0; accent-color: #1f4e5f; flex: none; }
textarea { display: block; width: 100%; font: inherit; padding: .5rem; border: 1px solid #66707c; border-radius: 4px;
  margin: .3rem 0 0; }
button { font: inherit; font-weight: 600; background: #1f4e5f; color: #fff; border: 0; border-radius: 4px;
  padding: .55rem 1.4rem; min-height: 44px; margin: 1.4rem 0 .4rem; cursor: pointer; }
input:focus-visible, textarea:focus-visible, button:focus-visible, summary:focus-visible {
  outline: 3px solid #1f2a37; outline-offset: 2px; }
summary { cursor: pointer; min-height: 44px; padding: .6rem 0; }
summary h3 { display: inline; }
form + p, form + h3 { margin-top: 1.8rem; }
a { color: #1f4e5f; }
.fault { border-left: 4px solid #a3261d; padding: .3rem .8rem; color: #8a1f17; }
.fault a { color: inherit; }
.now { border-left: 4px solid #1f4e5f; padding: .1rem .8rem; }
.said { white-space: pre-wrap; border-left: 3px solid #d5dae0; padding-left: .8rem; }
@media (prefers-color-scheme: dark) {
  body { background: #12181f; color: #e6ebf0; }
  main { background: #1b232c; border-color: #3a4652; }
  header { background: #16323d; }
  button { background: #9fd3e6; color: #10242c; }
  a { color: #9fd3e6; }
  input { accent-color: #9fd3e6; }
  textarea { background: #12181f; color: inherit; border-color: #8c98a4; }
  .fault { color: #ffb4ab; border-color: #ffb4ab; }
  .now { border-color: #9fd3e6; }
  .said { border-color: #55626f; }
  a:focus-visible, input:focus-visible, textarea:focus-visible, button:focus-visible, summary:focus-visible {
    outline-color: #e6ebf0; }
}
"""
_STYLE: Final = STYLE + _MORE
_hash: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
HEADERS: Final = {
    "content-security-policy": f"default-src 'none'; style-src 'sha256-{_hash}'; img-src data:; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-robots-tag": "noindex",
}
"""Of every page here: its address opens it, so nobody else is to learn it."""
_PAGE: Final = """<!doctype html>
<html lang="{language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><link rel="icon" href="data:image/svg+xml;base64,{icon}">
<style>{style}</style></head>
<body><header>{sender}</header>
<main><h1>{title}</h1>
{content}</main></body></html>
"""


def form_page(title: str, content: str, status: int, sender: str = "Candor", language: str = "en") -> HTMLResponse:
    """The page with this title; `content` is HTML, all else is text.

    `sender` stands above it; `language` is the code of the one in which it is written, such as `de`.
    """
    icon = base64.b64encode(ICON.encode()).decode()
    known = {"title": escape(title), "sender": escape(sender), "language": escape(language)}
    text = _PAGE.format(style=_STYLE, icon=icon, content=content, **known)
    return HTMLResponse(text, status, HEADERS)


def verbatim(words: str) -> str:
    """Words of a person or a letter as they stand, as HTML; each line is one of its own in text browsers too."""
    lines = "<br>".join(escape(line) for line in words.split("\n"))
    return f'<p class="said">{lines}</p>\n'


def ended_page(status: int = 401) -> HTMLResponse:
    """That a link opens nothing, whatever is wrong with it."""
    return form_page("This link has ended", "<p>Ask whoever sent it to you for a new one.</p>\n", status)
