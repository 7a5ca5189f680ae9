"""Pages whose browser has not opened its socket yet: they are noted, and drawn in memory for a browser that comes."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qs

import structlog
from nicegui import Client, ui
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from risk_svc.web.board.access import SESSION
from risk_svc.web.board.shells import Listeners, Shell, Shells, drawn, listeners_of

Draw = Callable[[], object]
KEPT: Final = ("type", "method", "scheme", "server", "client", "path", "root_path", "query_string")
DECIDE: Final = ("x-forwarded-prefix", "sec-purpose", "purpose")
"""Headers that a page's HTML depends on."""
log = structlog.get_logger("candor.board")


@dataclass(slots=True)
class AwaitedPage:
    """One page that a browser has asked for: what it takes to draw it."""

    id: str
    session: str
    created: float
    route: ui.page
    scope: Scope = field(repr=False)
    draw: Draw = field(repr=False)
    listeners: Listeners = field(repr=False)
    among: dict[str, AwaitedPage] = field(repr=False)

    def delete(self) -> None:
        """Wait for its browser no longer."""
        self.among.pop(self.id, None)

    def open(self) -> None:
        """Draw it in memory as the browser has it. Raises ValueError if it is drawn otherwise than its HTML was."""
        client = Client(self.route, request=Request(self.scope))
        try:
            with client:
                self.draw()
            _as_sent(client, self.listeners)
        except Exception:
            client.delete()
            raise
        del Client.instances[client.id]
        client.id = self.id
        Client.instances[client.id] = client
        # What follows goes through the socket, and what the browser has already does not.
        client._response_built = True
        client.outbox.updates.clear()


class AwaitedPages:
    """The answers to requests for pages, and the pages that their browsers may come for."""

    def __init__(
        self,
        shells: Shells | None = None,
        clock: Callable[[], float] = time.time,
        draws: Callable[[ui.page, Request, Draw], Shell] = drawn,
    ) -> None:
        self._shells = shells or Shells()
        self._clock = clock
        self._draws = draws
        self._there: dict[str, AwaitedPage] = {}

    def __iter__(self) -> Iterator[AwaitedPage]:
        return iter(self._there.values())

    def answer(
        self, route: ui.page, request: Request, draw: Draw, *, title: str | None = None, asked: bool = False
    ) -> Response:
        """The page that `draw` draws, under its own `title`; `asked`: it depends on the address's question."""
        scope = request.scope
        key = (
            route.path,
            scope["query_string"] if asked else b"",
            scope.get("root_path", ""),
            *(request.headers.get(name) for name in DECIDE),
        )
        shell = self._shells.of(key, lambda: self._draws(route, request, draw))
        page = self._await(route, scope, draw, shell)
        return shell.response(page.id, title, zipped="gzip" in request.headers.get("accept-encoding", ""))

    def _await(self, route: ui.page, scope: Scope, draw: Draw, shell: Shell) -> AwaitedPage:
        session = str(scope.get("state", {}).get(SESSION, ""))
        own: dict[str, Any] = {name: scope[name] for name in KEPT if name in scope}
        own |= {"state": {SESSION: session}, "headers": [pair for pair in scope["headers"] if pair[0] == b"host"]}
        page = AwaitedPage(str(uuid.uuid4()), session, self._clock(), route, own, draw, shell.listeners, self._there)
        self._there[page.id] = page
        return page

    def arrived(self, scope: Scope) -> None:
        """Draw the page whose browser opens a socket, or asks for what it uses instead of one."""
        named = parse_qs(scope.get("query_string", b"")).get(b"client_id", [b""])[0].decode("latin-1")
        page = self._there.get(named)
        if page is None or page.session != str(scope.get("state", {}).get(SESSION, "")):
            return
        page.delete()
        try:
            page.open()
        except Exception:
            # The browser finds no page and asks again, for one that is drawn anew.
            self._shells.forget()
            log.exception("page failed")

    def prune(self, seconds: float) -> None:
        """Wait no longer for browsers that have not come for so long."""
        oldest = self._clock() - seconds
        for page in [page for page in self._there.values() if page.created <= oldest]:
            page.delete()


def _as_sent(client: Client, sent: Listeners) -> None:
    mine = listeners_of(client)
    if {number: len(ids) for number, ids in mine.items()} != {number: len(ids) for number, ids in sent.items()}:
        raise ValueError("the page is drawn otherwise than its HTML was")
    for number, ids in sent.items():
        element = client.elements[number]
        listeners = [*element._event_listeners.values()]
        for listener, known in zip(listeners, ids, strict=True):
            listener.id = known
        element._event_listeners = {listener.id: listener for listener in listeners}
