"""Fetches and decodes the next records while the database is busy with the previous ones."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from candor.messaging.planning import Home, read
from candor.messaging.slices import FetchedRecord, Slice
from candor.messaging.source import Name, Source
from candor.ops.tasks import end
from candor.records.origin import Origins

WORTH: Final = 500
"""Prefetch after batches of at least this many records; with smaller ones a worker keeps up without it."""

Decoded = dict[Name, Slice]


class Prefetch:
    """Reads at most one batch ahead.

    Its records were taken from Kafka and are not fetched again automatically: either take them, or follow every
    partition from its offsets again.
    """

    def __init__(self, source: Source, origins: Origins | None = None, grown: int | None = None) -> None:
        self._source = source
        self._origins = origins
        self._grown = grown
        self._task: asyncio.Task[Decoded] | None = None

    def start(self, names: Sequence[Name], largest: int) -> None:
        """Begin as soon as the caller awaits something; does nothing while a batch is being read or is ready."""
        if self._task is None:
            self._task = asyncio.create_task(self._read(names, largest))

    async def take(self) -> Decoded:
        """Return the prefetched batch, empty if there is none; raises the errors of Kafka's client."""
        task, self._task = self._task, None
        return {} if task is None else await task

    async def forget(self) -> None:
        """Discard the batch."""
        task, self._task = self._task, None
        if task is not None:
            await end(task)

    def decode(self, name: Name, records: Sequence[FetchedRecord]) -> Slice:
        """Decode records of one partition, and check whether they belong there if there were fewer partitions once."""
        home = None if self._grown is None or name[0] in self._source.broadcast else Home(name[1], self._grown)
        return read(name[0], records, self._origins, home)

    async def _read(self, names: Sequence[Name], largest: int) -> Decoded:
        decoded: Decoded = {}
        async for name, records in self._source.ready(names, largest):
            decoded[name] = self.decode(name, records)
            # Yield between partitions, so that the database's answers are handled in time.
            await asyncio.sleep(0)
        return decoded
