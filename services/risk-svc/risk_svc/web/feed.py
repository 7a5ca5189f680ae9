"""Live changes on `gaps`, and signs of life, for watchers in this process (the board)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import structlog

from candor.contracts import GapScored, ProcessAlive
from candor.messaging.planning import read
from candor.messaging.source import Source
from candor.ops.liveness import STUCK_SECONDS, Liveness
from candor.ops.tasks import unless

if TYPE_CHECKING:
    from candor.ops.settings import Settings

log = structlog.get_logger("risk.feed")
CARD: Final = "gaps"
PULSES: Final = "pulses"
BATCH: Final = 2000
PAUSE_SECONDS: Final = 1.0
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


class Feed:
    """A background task of the web role: tails `gaps` from its end, without a lease, and hands changes to listeners."""

    name = "feed"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._source = Source(settings, (CARD,), (PULSES,), settings.partitions)
        self._liveness = Liveness()
        self.on_alive: Callable[[ProcessAlive], None] = lambda _: None
        self._listeners: set[Listener] = set()
        self._stopping = asyncio.Event()
        self.ready = asyncio.Event()

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

    async def run(self) -> None:
        """Tail until `stop`; waits out an outage of Kafka, then reads what arrived meanwhile.

        Raises TopicMismatchError.
        """
        try:
            await unless(self._stopping, self._connect())
            while not self._stopping.is_set():
                await self._turn()
        finally:
            await self._source.stop()

    async def stop(self) -> None:
        """Stop after the current poll."""
        self._stopping.set()

    async def _connect(self) -> None:
        await self._source.start()
        while True:
            try:
                self._source.follow(await asyncio.wait_for(self._source.ends(), 10))
            except Exception as error:
                log.warning(
                    "topic of gaps not followed yet", error=type(error).__name__, consequence="the board is not updated"
                )
                await asyncio.sleep(PAUSE_SECONDS)
            else:
                self.ready.set()
                return

    async def _turn(self) -> None:
        try:
            fetched = await self._source.poll(list(self._source.pairs), BATCH)
        except Exception as error:
            log.warning("topic of gaps not read", error=type(error).__name__, consequence="the board is not updated")
            await asyncio.sleep(PAUSE_SECONDS)
            return
        self._liveness.beat()
        for (card, _), records in fetched.items():
            for item in read(card, records).messages:
                if item is not None and isinstance(item.data, GapScored):
                    for listener in self._listeners:
                        listener.put(item.data)
                elif item is not None and isinstance(item.data, ProcessAlive):
                    self.on_alive(item.data)
