"""Limits those who have not proved who they are, by client address; says in every answer what a caller has left."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from candor.web.http.limits import PROBES
from candor.web.http.problems import Problem
from candor.web.http.rates import Rates, Standing

FAILURE: Final = 10
"""Tokens for a sign-in that fails: each may have asked the company's identity provider."""
SIGN_IN: Final = "/signin"
_KEYED: Final = ("/v1/", b"authorization")
_SESSIONS: Final = ("/board", b"cookie")
_SIGNED: Final = "/v1/webhooks/"


class RatedMiddleware:
    """Refuses an address that has used up what is free to everybody, before a body is read or a signature checked.

    Whoever presents a key or a session is let through to be recognised: one bad neighbour behind the same address must
    not keep them out. Once recognised, a request is charged to its caller alone.
    """

    def __init__(self, app: ASGIApp, addresses: Rates) -> None:
        self.app = app
        self._addresses = addresses

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or scope["path"] in PROBES:
            await self.app(scope, receive, send)
            return
        address = address_of(scope)
        if not _will_be_recognised(scope):
            self._addresses.check(address)
        status, state = 0, scope.setdefault("state", {})

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                standing: Standing | None = state.get("standing")
                if standing is not None:
                    fields = [(name.lower().encode(), text.encode()) for name, text in standing.headers().items()]
                    message["headers"] = [*message["headers"], *fields]
            await send(message)

        try:
            await self.app(scope, receive, sending)
        except Problem as problem:
            if standing := state.get("standing"):
                problem.headers |= standing.headers()
            raise
        finally:
            if not state.get("caller"):
                failed = scope["path"].startswith(SIGN_IN) and status >= 400
                self._addresses.charge(address, FAILURE if failed else 1)


def _will_be_recognised(scope: Scope) -> bool:
    """Whether what a request presents is looked at, at little cost, before anything else is done for it."""
    path: str = scope["path"]
    if path.startswith(_SIGNED):
        return False
    given = {name for name, _ in scope["headers"]}
    return any(path.startswith(below) and name in given for below, name in (_KEYED, _SESSIONS))


def address_of(scope: Scope) -> str:
    """Return the client's address; for IPv6 its network of 64 bits, of which one machine has all addresses."""
    host: str = (scope.get("client") or ("", 0))[0]
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if not isinstance(address, IPv6Address):
        return host
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ip_network((address, 64), strict=False).network_address)
