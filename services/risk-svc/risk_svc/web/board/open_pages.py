"""Bounds how many pages and sockets of the board there are, and gives back what closed ones held."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final, Protocol, cast

import structlog
from nicegui import Client
from nicegui import app as pages
from starlette.types import ASGIApp, Receive, Scope, Send

from candor.ops.garbage import OldGarbage
from candor.ops.rounds import Rounds
from candor.web.http.plain_page import plain_page
from candor.web.http.public import public_path
from risk_svc import metrics
from risk_svc.web.board.access import SESSION
from risk_svc.web.board.awaited import AwaitedPage

WAIT_SECONDS: Final = 30.0
"""How long a page waits for its browser to open a socket: a slow line has to fetch half a megabyte of script first."""
EVERY_SECONDS: Final = 2.0
GONE: Final = 20
"""So many pages that are gone, and half as many as are open, are worth a full collection."""
log = structlog.get_logger("candor.board")


class Page(Protocol):
    """What NiceGUI keeps of a page: its elements, in memory."""

    id: str
    created: float

    def delete(self) -> None: ...


class Collector(Protocol):
    """What collects the memory of gone pages."""

    def collect(self) -> bool: ...


class OpenPages:
    """The pages and sockets of a process, by session.

    Where there are too many pages, those that no browser has opened a socket for make room, oldest first.
    """

    def __init__(
        self,
        most: int,
        most_a_session: int,
        found: Callable[[], Iterable[Page]] = Client.instances.values,
        owner: Callable[[Page], str] | None = None,
        arrived: Callable[[Scope], None] = lambda _: None,
        prune: Callable[[float], None] = lambda _: None,
    ) -> None:
        self.most = most
        self.most_a_session = most_a_session
        self.gone = 0
        self._found = found
        self._owner = owner or owner_of
        self.arrived = arrived
        self.prune = prune
        self._seen: set[str] = set()
        self._sockets: Counter[str] = Counter()

    def connected(self, page: Page) -> None:
        """Note that a browser has opened a socket for a page."""
        self._seen.add(page.id)

    def deleted(self, page: Page) -> None:
        """Note that a page is gone."""
        self._seen.discard(page.id)
        self.gone += 1

    def make_room(self, session: str) -> bool:
        """Return whether a session may open another page; drops pages without a socket where there are too many."""
        there = list(self._found())
        metrics.PAGES.set(len(there))
        mine = [page for page in there if self._owner(page) == session]
        if len(mine) >= self.most_a_session:
            return self._drop(mine)
        if len(there) >= self.most:
            held = Counter(map(self._owner, there))
            # Whoever holds most makes room first.
            there.sort(key=lambda page: (-held[self._owner(page)], page.created))
            return self._drop(there)
        return True

    def count(self) -> int:
        """Return how many pages there are."""
        return sum(1 for _ in self._found())

    @contextmanager
    def socket(self, session: str) -> Iterator[bool]:
        """Count a socket for as long as the block; gives whether the session may have it."""
        self._sockets[session] += 1
        try:
            yield self._sockets[session] <= self.most_a_session
        finally:
            self._sockets[session] -= 1
            if not self._sockets[session]:
                del self._sockets[session]

    def _drop(self, candidates: Iterable[Page]) -> bool:
        unseen = next((page for page in candidates if page.id not in self._seen), None)
        if unseen is None:
            metrics.PAGES_REFUSED.inc()
            return False
        unseen.delete()
        return True


def owner_of(page: Page) -> str:
    """Return the session for which a page was made."""
    if isinstance(page, AwaitedPage):
        return page.session
    request = cast(Any, page)._request
    return str(request.scope.get("state", {}).get(SESSION, "")) if request is not None else ""


def _downloaded(scope: Scope) -> bool:
    """Whether a file is asked for, which leaves no page behind."""
    return str(scope["path"]).endswith(".csv")


class PagesMiddleware:
    """Within the session's guard: lets nobody have more than their share of pages and sockets."""

    def __init__(self, app: ASGIApp, held: OpenPages) -> None:
        self.app = app
        self._held = held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        session = str(scope.get("state", {}).get(SESSION, ""))
        if scope["type"] == "websocket":
            with self._held.socket(session) as may:
                if not may:
                    await send({"type": "websocket.close", "code": 1008})
                    return
                self._held.arrived(scope)
                await self.app(scope, receive, send)
            return
        own = scope["type"] == "http" and "/_nicegui" in scope["path"]
        if own:
            self._held.arrived(scope)
        elif scope["type"] == "http" and not _downloaded(scope) and not self._held.make_room(session):
            answer = plain_page(429, "Too many pages are open", WORDS, ("Try again", public_path("/board/")))
            answer.headers["retry-after"] = "10"
            await answer(scope, receive, send)
            return
        await self.app(scope, receive, send)


WORDS: Final = "So many pages of the board are open that no other fits in. Close some, then try again."


class Tidying(Rounds):
    """A background that drops pages whose browser never came, and collects what gone pages leave in memory."""

    name = "tidying"

    def __init__(self, held: OpenPages, garbage: Collector | None = None, every: float = EVERY_SECONDS) -> None:
        super().__init__()
        self._held = held
        self._garbage = garbage or OldGarbage()
        self._every = every
        self._before = 0

    async def round(self) -> float:
        """Look once."""
        self.look()
        return self._every

    def look(self) -> None:
        """Drop and collect what there is now."""
        Client.prune_instances(client_age_threshold=WAIT_SECONDS)
        self._held.prune(WAIT_SECONDS)
        there = len(Client.instances)
        metrics.PAGES.set(self._held.count())
        gone, before = self._held.gone, self._before
        # In a quiet moment few are worth it too.
        quiet = 0 < gone == before
        if (quiet or gone >= max(GONE, there // 2)) and self._garbage.collect():
            self._held.gone = 0
        self._before = self._held.gone


def listen(held: OpenPages) -> OpenPages:
    """Let NiceGUI say which pages have a socket and which are gone; returns `held`."""
    pages.on_connect(held.connected)
    pages.on_delete(held.deleted)
    return held
