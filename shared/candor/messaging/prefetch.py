"""The next records, fetched and decoded while the database is busy with the last ones."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from candor.messaging.planning import Slice, read
from candor.messaging.source import Name, Source

WORTH: Final = 500
"""Records in a batch from which on the next is read ahead; with less, a worker keeps up and needs none."""

Decoded = dict[Name, Slice]


class Prefetch:
    """Reads at most one batch ahead.

    What it holds was taken from Kafka, and nothing fetches it again by itself: it must be taken, or every partition
    be followed from its offsets anew.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._task: asyncio.Task[Decoded] | None = None

    def start(self, names: Sequence[Name], largest: int) -> None:
        """Begin as soon as the caller waits for something; nothing new while a batch is read or held."""
        if self._task is None:
            self._task = asyncio.create_task(self._read(names, largest))

    async def take(self) -> Decoded:
        """The batch that was read ahead; empty if there is none. Raises what Kafka's client did."""
        task, self._task = self._task, None
        return {} if task is None else await task

    async def forget(self) -> None:
        """Give up the batch."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _read(self, names: Sequence[Name], largest: int) -> Decoded:
        decoded: Decoded = {}
        async for name, records in self._source.ready(names, largest):
            decoded[name] = read(name[0], records)
            # The database's answers are looked at between any two partitions.
            await asyncio.sleep(0)
        return decoded
