"""Hears the signs of life of all processes, from the moment it starts, without a lease."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import structlog

from candor.contracts import ProcessAlive
from candor.messaging.planning import read
from candor.messaging.source import Source
from candor.ops.tasks import unless

if TYPE_CHECKING:
    from candor.ops.settings import Settings

log = structlog.get_logger("candor.hearing")
BATCH: Final = 2_000
PAUSE_SECONDS: Final = 1.0
START_SECONDS: Final = 10.0

Hear = Callable[[ProcessAlive, float], None]
"""Takes a sign of life and the system time (epoch seconds) of its sender."""


class Hearing:
    """A background that hands each sign of life to `hear`; survives outages of Kafka, during which nothing is heard."""

    name = "hearing"

    def __init__(self, settings: Settings, hear: Hear) -> None:
        self._source = Source(settings, (), (ProcessAlive.TOPIC,), settings.partitions)
        self._hear = hear
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Hear until `stop`. Raises TopicMismatchError at the start."""
        try:
            await unless(self._stopping, self._connect())
            while not self._stopping.is_set():
                await self._turn()
        finally:
            await self._source.stop()

    async def stop(self) -> None:
        """Stop after the poll in progress."""
        self._stopping.set()

    async def _connect(self) -> None:
        await self._source.start()
        while True:
            try:
                self._source.follow(await asyncio.wait_for(self._source.ends(), START_SECONDS))
            except Exception as error:
                await self._wait(error)
            else:
                return

    async def _turn(self) -> None:
        try:
            fetched = await self._source.poll(list(self._source.pairs), BATCH)
        except Exception as error:
            await self._wait(error)
            return
        for (card, _), records in fetched.items():
            for item in read(card, records).messages:
                if item is not None and isinstance(item.data, ProcessAlive):
                    self._hear(item.data, item.envelope.time.timestamp())

    async def _wait(self, error: Exception) -> None:
        consequence = "no message is sent while it is not known how old facts are"
        log.warning("signs of life not heard, trying again", error=type(error).__name__, consequence=consequence)
        await asyncio.sleep(PAUSE_SECONDS)
