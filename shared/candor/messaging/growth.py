"""What a process knows of `candor partitions grow`: the number that counts at its start, and when it changes."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final, TypeVar

import structlog

from candor.ops.rounds import Rounds
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


class GrowthWatch(Rounds):
    """A background that ends, and with it the process, once another number of partitions counts."""

    name = "partitions"

    def __init__(self, database: Database) -> None:
        super().__init__()
        self._database = database

    async def round(self) -> float:
        """Look; the next look is in a second. Raises PartitionsGrownError."""
        found = None
        # While the database is away nothing changes in it, and others say that it is.
        with suppress(Exception):
            found = await layout.read(self._database.pool)
        known = self._database.partitions
        if found is not None and found.partitions != known:
            raise PartitionsGrownError(f"{known} partitions have become {found.partitions}: to be started again")
        return LOOK_SECONDS
