"""Limits those who have not proved who they are, by client address; says in every answer what a caller has left."""

from __future__ import annotations

from typing import Any, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from candor.web.http.connections import network_of
from candor.web.http.limits import METRICS, PROBES
from candor.web.http.problems import Problem
from candor.web.http.rates import TOO_FAST, Rates, Standing, overload
from candor.web.http.running import RUNNING, Running

STRANGERS: Final = 10
"""Tokens for a byte of a body of which nobody has proved whose it is."""
FAILURE: Final = 10
"""Tokens for a sign-in that fails: each may have asked the company's identity provider."""
SIGN_IN: Final = "/signin"
FREE: Final = frozenset(PROBES) - {METRICS}
"""What everybody may ask at any pace, as it opens nothing and a probe must never be refused."""
_KEYED: Final = ("/v1/", b"authorization")
_SESSIONS: Final = ("/board/", b"cookie")
_SIGNED: Final = "/v1/webhooks/"


class RatedMiddleware:
    """Refuses an address that has used up what is free to everybody, before a body is read or a signature checked.

    Whoever presents a key or a session is let through to be recognised: one bad neighbour behind the same address must
    not keep them out. Once recognised, a request is charged to its caller alone; one that proved nobody is answered 429
    all the same, whatever was found for it.
    """

    def __init__(self, app: ASGIApp, addresses: Rates, sizes: Rates, running: Running) -> None:
        self.app = app
        self._sizes = sizes
        self._addresses = addresses
        self._running = running

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or scope["path"] in FREE:
            await self.app(scope, receive, send)
            return
        address = address_of(scope)
        answer = _Answer(self._addresses, address, scope, send)
        stranger = f"address:{address}"
        if not answer.may_prove and (refusal := self._addresses.spent(address) or self._sizes.spent(stranger)):
            await _turn_away(scope, send, refusal)
            return
        # A recognised caller counts by name instead (`admit`), and a socket, which may stay, not at all.
        if not answer.may_prove and scope["type"] == "http":
            self._begin(answer.state, stranger, scope["path"])
        received = 0

        async def receiving() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            return message

        try:
            await self.app(scope, receiving, answer.send)
            if answer.refusal is not None:
                raise answer.refusal
        except Problem as problem:
            raise answer.judged(problem) from None
        finally:
            if received:
                whose = answer.state.get(RUNNING, stranger)
                self._sizes.charge(whose, received * (STRANGERS if whose == stranger else 1))
            self._running.end(answer.state)
            if tokens := answer.cost():
                self._addresses.charge(address, tokens)

    def _begin(self, state: dict[str, Any], stranger: str, path: str) -> None:
        try:
            self._running.count(state, stranger)
        except Problem as problem:
            # A burst of genuine webhooks waits here for its proofs: a 4xx would lose it.
            raise (overload(problem) if path.startswith(_SIGNED) else problem) from None


class _Answer:
    """What is sent to a caller; of one who proved nobody at a spent address it sends nothing, and has a `refusal`."""

    def __init__(self, addresses: Rates, address: str, scope: Scope, send: Send) -> None:
        self.state: dict[str, Any] = scope.setdefault("state", {})
        self.refusal: Problem | None = None
        self.may_prove = _may_prove(scope)
        self._addresses = addresses
        self._address = address
        self._path: str = scope["path"]
        self._send = send
        self._status = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._judge(message["status"])
            standing: Standing | None = self.state.get("standing")
            if standing is not None:
                fields = [(name.lower().encode(), text.encode()) for name, text in standing.headers().items()]
                message["headers"] = [*message["headers"], *fields]
        # The answer that an app has begun cannot be taken back from it, but it need not leave.
        if self.refusal is None:
            await self._send(message)

    def judged(self, problem: Problem) -> Problem:
        """Return the problem to answer with instead of one that was raised."""
        if standing := self.state.get("standing"):
            problem.headers |= standing.headers()
        if self.refusal is None:
            self._judge(problem.status)
        return self.refusal or problem

    def _judge(self, status: int) -> None:
        self._status = status
        if self.may_prove and status != TOO_FAST and self.cost():
            self.refusal = self._addresses.spent(self._address)

    def cost(self) -> float:
        """Return what the request costs its address."""
        if self.state.get("caller"):
            return 0
        # Those that scrape have no name, and are known by their own address.
        if self._path == METRICS and self._status not in (401, TOO_FAST):
            return 0
        return FAILURE if self._path.startswith(SIGN_IN) and self._status >= 400 else 1


def _may_prove(scope: Scope) -> bool:
    """Whether what a request presents is looked at, at little cost, before anything else is done for it."""
    path: str = scope["path"]
    if path == METRICS:
        return True
    if path.startswith(_SIGNED):
        return False
    given = {name for name, _ in scope["headers"]}
    return any(path.startswith(below) and name in given for below, name in (_KEYED, _SESSIONS))


async def _turn_away(scope: Scope, send: Send, refusal: Problem) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    raise refusal


def address_of(scope: Scope) -> str:
    """Return the client's address, or for IPv6 its network."""
    return network_of((scope.get("client") or ("", 0))[0])
