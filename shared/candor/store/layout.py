"""How many partitions there are once they have been grown; without a row, PARTITIONS says it.

`candor partitions grow` writes the row of each service's database. A layout is steady, or `held`: relays send nothing,
so that all that was sent can be read to its end; or `moving`: the new number counts, but nobody reads or sends yet.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    import asyncpg
    from asyncpg.pool import PoolConnectionProxy

    from candor.store.db import Pool

    Connection = asyncpg.Connection[Any] | PoolConnectionProxy[Any]


class Layout(NamedTuple):
    """The row: the number that counts, the one before, the one that is being grown to, and what is left to do.

    `log_from`, `log_to`: the ids of outbox rows that may still lie in partitions of before; None once there are none.
    """

    partitions: int
    before: int
    grows_to: int | None
    grown_at: datetime | None
    log_from: int | None
    log_to: int | None

    @property
    def held(self) -> bool:
        """Whether relays must send nothing."""
        return self.grows_to is not None

    @property
    def moving(self) -> bool:
        """Whether the new number counts, and nobody may read yet."""
        return self.grows_to == self.partitions

    @property
    def log_left(self) -> bool:
        """Whether rows of the outbox may still lie in partitions of before."""
        return self.log_to is not None


async def read(connection: Connection | Pool) -> Layout | None:
    """The row; None while the partitions have never been grown."""
    row = await connection.fetchrow(_READ)
    return None if row is None else Layout(*row)


def create(op: Any) -> None:
    """Create the table; called from a service's migration."""
    op.execute(_CREATE)


FITS: Final = "NOT EXISTS (SELECT FROM layout WHERE layout.partitions <> $6::int)"
"""When rows may be written that were packed for so many."""
SPLIT: Final = "EXISTS (SELECT FROM layout WHERE grows_to IS NOT NULL OR log_to IS NOT NULL)"
"""While rows of the outbox wait to be taken apart, or soon will."""
BEFORE_ALL: Final = -(2**62)
"""Below every id of the outbox: rows that were split when the partitions were grown have ids below 0."""
ALWAYS: Final = "{partitions} > 0"
"""When a lease may be taken that has nothing to do with the partitions of topics."""
READS: Final = """NOT EXISTS (
  SELECT FROM layout WHERE layout.partitions <> {partitions} OR layout.grows_to = layout.partitions)"""
"""When consumers may take partitions, who know of so many."""
SENDS: Final = """NOT EXISTS (
  SELECT FROM layout WHERE layout.partitions <> {partitions} OR layout.grows_to IS NOT NULL)"""
"""When relays may."""

_READ: Final = "SELECT partitions, before, grows_to, grown_at, log_from, log_to FROM layout"

_CREATE: Final = """
CREATE TABLE layout (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  partitions int NOT NULL,
  before int NOT NULL,
  grows_to int,
  grown_at timestamptz,
  log_from bigint,
  log_to bigint)"""
