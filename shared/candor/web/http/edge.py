"""What no route should have to think of: headers that may come once, pages of other sites, safe answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from candor.ops.edge_settings import EdgeSettings
from candor.web.http.forwarded import PLAIN
from candor.web.http.problems import FieldError, Problem
from candor.web.http.public import own_page

SINGLE: Final = frozenset(
    b"authorization content-encoding content-length content-type cookie host idempotency-key if-match "
    b"if-modified-since if-unmodified-since origin proxy-authorization referer sec-fetch-site "
    b"sec-websocket-key sec-websocket-version transfer-encoding".split()
)
"""Headers with one value: given twice, a proxy may have judged by one of them and we by the other."""
SAFE: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
    # To nobody else; without it a form of our own would come with the Origin `null`.
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()"),
    (b"x-frame-options", b"DENY"),
)
API: Final = "/v1/"
"""Where a key or a signature proves who asks; a browser adds neither by itself."""
UNSAFE: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class EdgeMiddleware:
    """Refuses headers given twice, and orders to our pages that a page of another site gave.

    Where we are reached by `https`, it refuses an API's caller of whom a proxy says that they came without it.
    """

    def __init__(self, app: ASGIApp, *, https: bool = False) -> None:
        self.app = app
        self._https = https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        if kind == "http":
            if repeated := _repeated(scope):
                raise repeated_header(repeated)
            # No redirect: whoever has lost their TLS must notice, and not go on with a key in the clear. Any proxy
            # may say so, as nobody gains by it.
            if self._https and scope["path"].startswith(API) and scope.get(PLAIN):
                raise Problem("https_required", "ask again at the address that begins with https://")
            if scope["method"] in UNSAFE and not scope["path"].startswith(API) and not own_page(scope):
                raise Problem("cross_site", "this must be asked for by a page of ours")
        elif kind == "websocket" and (_repeated(scope) or not own_page(scope)):
            await send({"type": "websocket.close", "code": 1008})
            return
        await self.app(scope, receive, send)


class SingleHeaders(Mapping[str, str]):
    """Headers of which each that is read may have come only once. Raises Problem 400 for one that came twice."""

    def __init__(self, headers: Headers) -> None:
        self._headers = headers

    def __getitem__(self, name: str) -> str:
        given = self._headers.getlist(name)
        if len(given) > 1:
            raise repeated_header(name.lower())
        if not given:
            raise KeyError(name)
        return given[0]

    def __iter__(self) -> Iterator[str]:
        return iter(self._headers)

    def __len__(self) -> int:
        return len(self._headers)


def repeated_header(name: str) -> Problem:
    """Return a 400 that names the header."""
    return Problem("repeated_header", errors=[FieldError("may be given once", parameter=name)])


def safe_headers(settings: EdgeSettings) -> tuple[tuple[bytes, bytes], ...]:
    """Return the headers of every answer; browsers are bound to https only where they reach us by it."""
    names = b"; includeSubDomains" if settings.hsts_subdomains else b""
    hsts = (b"strict-transport-security", b"max-age=%d%s" % (settings.hsts_seconds, names))
    return (*SAFE, hsts) if settings.https else SAFE


def _repeated(scope: Scope) -> str:
    seen: set[bytes] = set()
    for name, _ in scope["headers"]:
        if name in SINGLE:
            if name in seen:
                return str(name.decode("latin-1"))
            seen.add(name)
    return ""
