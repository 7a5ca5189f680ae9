"""Pages for people without an account on a host of their own: browsers keep cookies by host, whatever the port."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from candor.ops.edge_settings import OwnHost
from candor.web.http.form_page import ended_page
from candor.web.http.problems import Problem


class OwnHostMiddleware:
    """Serves the pages at their host alone, and there nothing but them, neither staff's pages nor the API."""

    def __init__(self, app: ASGIApp, own: OwnHost) -> None:
        self.app = app
        self._own = own

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self._own.host:
            headers: dict[bytes, bytes] = dict(scope["headers"])
            at_home = headers.get(b"host", b"").decode("latin-1").lower() == self._own.host
            ours = scope["path"].startswith(self._own.prefix)
            if at_home and not ours:
                await ended_page(404)(scope, receive, send)
                return
            if ours and not at_home:
                raise Problem("not_found")
        await self.app(scope, receive, send)
