"""The outermost of our middleware: undoes what a reverse proxy did to a request, if it is one that is believed."""

from __future__ import annotations

from typing import Any, Final, cast

import structlog
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from candor.ops.edge_settings import EdgeSettings, Networks, plain_address
from candor.web.http.public import Public, reached_at

PROXIED: Final = "candor.proxied"
"""Marks the scope of a request that some proxy passed on, believed or not."""
PLAIN: Final = "candor.plain"
"""Marks the scope of a request of which some proxy, believed or not, says that it came without TLS."""
_SAID: Final = (b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto", b"x-forwarded-prefix", b"forwarded")
_PASSED_ON: Final = frozenset(
    b"cf-connecting-ip client-ip fastly-client-ip forwarded true-client-ip via x-client-ip x-cluster-client-ip "
    b"x-envoy-external-address x-forwarded x-original-forwarded-for x-real-ip".split()
)
"""What proxies of many makes add to a request, besides all that begins with `x-forwarded-`."""
_PLAIN: Final = (b"x-forwarded-proto", b"http")
log = structlog.get_logger("candor.http")


class ForwardedMiddleware:
    """Takes the client's address, scheme and host from proxies named in FORWARDED_ALLOW_IPS, and from nobody else.

    Inside, paths have no prefix, whether the proxy has stripped it or not, and no header of a proxy is left to believe.
    """

    def __init__(self, app: ASGIApp, settings: EdgeSettings) -> None:
        self.app = app
        self._believed = Networks(settings.forwarded_allow_ips)
        self._unwrap = ProxyHeadersMiddleware(cast(Any, self._inside), list(settings.forwarded_allow_ips))
        self._public = Public.of(settings.public_url)
        self._told = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        address, port = scope.get("client") or ("", 0)
        host = plain_address(address)
        said = {name for name, _ in scope["headers"] if name in _SAID}
        proxied = any(name in _PASSED_ON or name.startswith(b"x-forwarded-") for name, _ in scope["headers"])
        # A copy: the server goes by its own, and logs the address of the peer.
        scope = {**scope, "client": (host, port), PROXIED: proxied, PLAIN: _PLAIN in scope["headers"]}
        if host in self._believed:
            scope["headers"] = _with_host(scope["headers"])
            await self._unwrap(cast(Any, scope), cast(Any, receive), cast(Any, send))
            return
        if said:
            self._tell(host)
        await self._inside(scope, receive, send)

    async def _inside(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["headers"] = [pair for pair in scope["headers"] if pair[0] not in _SAID]
        _strip(scope, self._public.prefix)
        with reached_at(self._public):
            await self.app(scope, receive, send)

    def _tell(self, host: str) -> None:
        if not self._told:
            self._told = True
            log.warning(
                "headers of a proxy ignored",
                proxy=host,
                consequence="its address stands for all its clients, in logs and in limits",
                mend=f"if it is yours: FORWARDED_ALLOW_IPS={host}",
            )


def _with_host(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Return the headers with the host that the browser asked for, if the proxy says one."""
    said = [value for name, value in headers if name == b"x-forwarded-host"]
    if len(said) != 1 or b"," in said[0] or not said[0]:
        return headers
    return [(b"host", said[0]), *(pair for pair in headers if pair[0] != b"host")]


def _strip(scope: Scope, prefix: str) -> None:
    path: str = scope["path"]
    if not prefix or not (path == prefix or path.startswith(prefix + "/")):
        return
    scope["path"] = path[len(prefix) :] or "/"
    raw: bytes | None = scope.get("raw_path")
    # A raw path that spells the prefix in another way (%63andor) stays as it is: only signatures read it.
    if raw is not None and raw.startswith(prefix.encode()):
        scope["raw_path"] = raw[len(prefix) :] or b"/"
