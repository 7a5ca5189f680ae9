"""What a process knows of `candor partitions grow`: the number that counts at its start, and when it changes."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Final, TypeVar

import structlog

from candor.ops.settings import Settings
from candor.store import layout

if TYPE_CHECKING:
    from candor.store.db import Database

LOOK_SECONDS: Final = 1.0
S = TypeVar("S", bound=Settings)
log: Final = structlog.get_logger("candor.partitions")


class PartitionsGrownError(Exception):
    """There are more partitions by now than this process works with; its next start takes the new number."""


async def as_grown(settings: S, database: Database) -> S:
    """Return the settings, and make `database` work, with the number of partitions that counts in this installation."""
    found = await layout.read(database.pool)
    if found is None:
        return settings
    if found.partitions != settings.partitions:
        log.info("partitions were grown", partitions=found.partitions, setting=settings.partitions)
    database.partitions = found.partitions
    return settings.with_partitions(found.partitions, found.grows_to)


class GrowthWatch:
    """A background that ends, and with it the process, once another number of partitions counts."""

    name = "partitions"

    def __init__(self, database: Database) -> None:
        self._database = database
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Look once a second until `stop`; raises PartitionsGrownError."""
        while not self._stopping.is_set():
            found = None
            # While the database is away nothing changes in it, and others say that it is.
            with suppress(Exception):
                found = await layout.read(self._database.pool)
            known = self._database.partitions
            if found is not None and found.partitions != known:
                raise PartitionsGrownError(f"{known} partitions have become {found.partitions}: to be started again")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), LOOK_SECONDS)

    async def stop(self) -> None:
        """End after the look in progress."""
        self._stopping.set()
