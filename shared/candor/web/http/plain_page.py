"""A page of a few sentences that looks like the board, for when the board is unavailable: no script, no requests."""

from __future__ import annotations

import base64
import hashlib
from html import escape
from typing import Final

from starlette.responses import HTMLResponse

from candor.web.http.public import public_path

ICON: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#1f4e5f"/>'
    '<path d="M22.5 11.2a8 8 0 1 0 0 9.6" fill="none" stroke="#fff" stroke-width="4" stroke-linecap="round"/></svg>'
)
"""The icon of every page, as SVG."""
INK, PAPER, BRAND = "#1f2a37", "#f4f6f8", "#1f4e5f"
STYLE: Final = f"""
:root {{ color-scheme: light; }}
* {{ box-sizing: border-box; }}
body {{ margin: 0; background: {PAPER}; color: {INK}; font: 1rem/1.5 system-ui, sans-serif; }}
header {{ background: {BRAND}; color: #fff; padding: .7rem 1rem; font-size: 1.25rem; font-weight: 600; }}
main {{ background: #fff; border: 1px solid #d5dae0; border-radius: 6px; max-width: 36rem; margin: 1.5rem auto;
  padding: 1rem 1.25rem; overflow-wrap: anywhere; }}
@media (max-width: 40rem) {{ main {{ margin: 1rem; }} }}
h1 {{ font-size: 1.4rem; line-height: 1.3; margin: 0 0 .5rem; }}
p {{ margin: 0 0 .9rem; }}
pre {{ background: {PAPER}; border: 1px solid #d5dae0; border-radius: 4px; padding: .6rem .75rem; margin: 0 0 .9rem;
  white-space: pre-wrap; }}
.way {{ display: inline-block; background: {BRAND}; color: #fff; text-decoration: none; border-radius: 4px;
  padding: .55rem 1rem; min-height: 44px; }}
a:focus-visible {{ outline: 3px solid {INK}; outline-offset: 2px; }}
"""
_hash: Final = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_hash}'; img-src data:; form-action 'none'; frame-ancestors 'none'; "
    "base-uri 'none'"
)
_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
{refresh}<title>{title} · Candor</title><link rel="icon" href="data:image/svg+xml;base64,{icon}">
<style>{style}</style></head>
<body><header>Candor</header>
<main><h1>{title}</h1>
<p>{text}</p>
{command}<p><a class="way" href="{address}">{label}</a></p>
</main></body></html>
"""


def plain_page(
    status: int,
    title: str,
    text: str,
    link: tuple[str, str],
    command: str = "",
    *,
    onward: str = "",
    again: int = 0,
) -> HTMLResponse:
    """Return a page with `title`, a few sentences, a `command` to type, and a link (label, path of ours).

    With `onward`, an address elsewhere, the link leads there instead, and the browser follows it by itself; with
    `again`, in seconds, it asks for this page again.
    """
    label, address = escape(link[0]), escape(onward or public_path(link[1]))
    refresh = f'<meta http-equiv="refresh" content="0; url={address}">\n' if onward else ""
    content = _PAGE.format(
        title=escape(title),
        text=escape(text),
        refresh=f'<meta http-equiv="refresh" content="{again}">\n' if again else refresh,
        label=label,
        address=address,
        style=STYLE,
        icon=base64.b64encode(ICON.encode()).decode(),
        command=f"<pre><code>{escape(command)}</code></pre>\n" if command else "",
    )
    return HTMLResponse(content, status, {"content-security-policy": POLICY, "cache-control": "no-store"})
