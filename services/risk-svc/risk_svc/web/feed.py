"""Live changes on `gaps`, and signs of life, for watchers in this process (the board)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import structlog

from candor.contracts import GapScored, Message, ProcessAlive
from candor.messaging.tail import Tail
from candor.ops.liveness import STUCK_SECONDS

if TYPE_CHECKING:
    from candor.ops.settings import Settings

log = structlog.get_logger("risk.feed")
CARD: Final = "gaps"
PULSES: Final = "pulses"
MAX_WAITING: Final = 20_000


class StandstillError(Exception):
    """The feed is not receiving changes."""


class Listener:
    """One watcher: the newest gap of every promise that changed since it last looked.

    `missed`: too much changed since then, so it must reread everything.
    """

    def __init__(self) -> None:
        self.missed = False
        self._waiting: dict[str, GapScored] = {}
        self._some = asyncio.Event()

    def put(self, gap: GapScored) -> None:
        """Keep `gap` until the watcher looks."""
        if len(self._waiting) >= MAX_WAITING:
            self._waiting.clear()
            self.missed = True
        self._waiting[gap.promise_id] = gap
        self._some.set()

    async def changes(self) -> AsyncIterator[list[GapScored]]:
        """Batches of changes, one gap per promise, for as long as the watcher iterates."""
        while True:
            await self._some.wait()
            self._some.clear()
            batch, self._waiting = self._waiting, {}
            yield list(batch.values())


class Feed(Tail):
    """A background task of the web role: tails `gaps` from its end, without a lease, and hands changes to listeners."""

    name = "feed"

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings, (CARD,), (PULSES,))
        self.on_alive: Callable[[ProcessAlive], None] = lambda _: None
        self._listeners: set[Listener] = set()

    async def check(self) -> None:
        """Raise StandstillError while polls fail or hang, or if Kafka has been silent for some seconds."""
        silent = self._source.behind((PULSES, 0), 0)[1] if self.ready.is_set() else float("inf")
        if self._liveness.stuck or silent > STUCK_SECONDS:
            raise StandstillError("gaps are not followed")

    @contextmanager
    def listen(self) -> Iterator[Listener]:
        """A listener that gets every change from now on until the block ends."""
        listener = Listener()
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)

    def take(self, message: Message) -> None:
        """Hand on a change to all listeners, and a sign of life to `on_alive`."""
        data = message.data
        if isinstance(data, GapScored):
            for listener in self._listeners:
                listener.put(data)
        elif isinstance(data, ProcessAlive):
            self.on_alive(data)

    def troubled(self, error: Exception) -> None:
        """Say what follows for the board, and whether it was ever followed."""
        said, consequence = type(error).__name__, "the board is not updated"
        if self.ready.is_set():
            log.warning("topic of gaps not read", error=said, consequence=consequence)
        else:
            log.warning("topic of gaps not followed yet", error=said, consequence=consequence)
