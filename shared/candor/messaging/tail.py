"""A background that reads topics from their ends, without a lease, and hands on each event."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from candor.messaging.planning import read
from candor.messaging.source import Source
from candor.ops.liveness import Liveness
from candor.ops.tasks import unless

if TYPE_CHECKING:
    from candor.contracts import Message
    from candor.ops.settings import Settings

BATCH: Final = 2_000
PAUSE_SECONDS: Final = 1.0
START_SECONDS: Final = 10.0


class Tail(ABC):
    """Reads the topics of `cards`, and those of one partition, `single`; an event that cannot be read is left out.

    `ready` is set once it has found the ends of the topics; `_liveness` beats after each poll.
    """

    def __init__(self, settings: Settings, cards: Sequence[str], single: Sequence[str]) -> None:
        self.ready = asyncio.Event()
        self._source = Source(settings, cards, single, settings.partitions)
        self._liveness = Liveness()
        self._stopping = asyncio.Event()

    @abstractmethod
    def take(self, message: Message) -> None:
        """Take one event."""

    @abstractmethod
    def troubled(self, error: Exception) -> None:
        """Say that Kafka cannot be read; it is tried again in a second."""

    async def run(self) -> None:
        """Read until `stop`; waits out an outage of Kafka, then reads what arrived meanwhile.

        Raises TopicMismatchError.
        """
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
        while not self.ready.is_set():
            try:
                self._source.follow(await asyncio.wait_for(self._source.ends(), START_SECONDS))
            except Exception as error:
                await self._wait(error)
            else:
                self.ready.set()

    async def _turn(self) -> None:
        try:
            fetched = await self._source.poll(list(self._source.pairs), BATCH)
        except Exception as error:
            await self._wait(error)
            return
        self._liveness.beat()
        for (card, _), records in fetched.items():
            for item in read(card, records).messages:
                if item is not None:
                    self.take(item)

    async def _wait(self, error: Exception) -> None:
        self.troubled(error)
        await asyncio.sleep(PAUSE_SECONDS)
