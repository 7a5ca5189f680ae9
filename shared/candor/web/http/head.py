"""HEAD wherever there is GET: load balancers and uptime checks ask so."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send


class HeadMiddleware:
    """Lets the app answer HEAD as GET; the server sends the headers of that answer, and leaves out its body."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "HEAD":
            # A copy: the server goes by its own to leave the body out.
            scope = {**scope, "method": "GET"}
        await self.app(scope, receive, send)
