"""Promises whose review by the clock fails, for people: since when, why, and which of them to try again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    import asyncpg
    from asyncpg.pool import PoolConnectionProxy

    Connection = asyncpg.Connection[Any] | PoolConnectionProxy[Any]

LISTED: Final = 1_000
"""Promises that one process writes down; the gauge `candor_reviews_set_aside` counts all of them."""


class ReviewAside(NamedTuple):
    """A promise that is not reviewed: its partition, and the error without anything that customers wrote."""

    partition: int
    error: str


class AsidePromise(NamedTuple):
    """A promise set aside, for people; `wanted` once one of them has asked for another attempt."""

    partition: int
    promise_id: str
    error: str
    wanted: bool
    since: datetime


async def save(connection: Connection, group: str, epochs: Mapping[int, int], names: Mapping[str, ReviewAside]) -> None:
    """Replace the rows of these partitions, each under its epoch; a promise that stays keeps its `since`."""
    owned = [[*epochs], [*epochs.values()]]
    await connection.execute(_DROP, group, *owned, [*names])
    if names:
        partitions, errors = zip(*names.values(), strict=True)
        await connection.execute(_SAVE, group, *owned, [*names], [*partitions], [*errors])


async def take_wanted(connection: Connection, group: str, epochs: Mapping[int, int]) -> list[str]:
    """Remove and return the promises of these partitions, ours under these epochs, that people want tried again."""
    rows = await connection.fetch(_WANTED, group, [*epochs], [*epochs.values()])
    return [row["promise_id"] for row in rows]


async def listed(connection: Connection) -> list[AsidePromise]:
    """Return the promises set aside, the longest first, at most LISTED."""
    return [AsidePromise(*row) for row in await connection.fetch(_LISTED, LISTED)]


async def retry(connection: Connection, promise_id: str) -> bool:
    """Have a promise tried again; False if it is not set aside."""
    return bool(await connection.fetch(_RETRY, promise_id))


def create(op: Any) -> None:
    """Create the table, with Alembic's `op`."""
    op.execute(_TABLE)


_TABLE: Final = """
CREATE TABLE review_aside (
  grp text NOT NULL,
  promise_id text NOT NULL,
  partition int NOT NULL,
  error text NOT NULL,
  wanted boolean NOT NULL DEFAULT false,
  since timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (grp, promise_id))"""

_DROP: Final = """
DELETE FROM review_aside USING lease JOIN unnest($2::int[], $3::bigint[]) AS held (partition, epoch)
  USING (partition, epoch)
WHERE lease.grp = $1 AND review_aside.grp = $1 AND review_aside.partition = lease.partition
  AND promise_id <> ALL($4::text[])"""

_SAVE: Final = """
WITH ours AS (SELECT lease.partition FROM lease JOIN unnest($2::int[], $3::bigint[]) AS held (partition, epoch)
  USING (partition, epoch) WHERE lease.grp = $1)
INSERT INTO review_aside (grp, promise_id, partition, error)
SELECT $1, new.* FROM unnest($4::text[], $5::int[], $6::text[]) AS new (promise_id, partition, error)
JOIN ours USING (partition)
ON CONFLICT (grp, promise_id) DO UPDATE SET partition = excluded.partition, error = excluded.error"""

_WANTED: Final = """
DELETE FROM review_aside USING lease JOIN unnest($2::int[], $3::bigint[]) AS held (partition, epoch)
  USING (partition, epoch)
WHERE lease.grp = $1 AND review_aside.grp = $1 AND review_aside.partition = lease.partition AND wanted
RETURNING promise_id"""

_LISTED: Final = """
SELECT partition, promise_id, error, wanted, since FROM review_aside ORDER BY since, promise_id LIMIT $1"""

_RETRY: Final = "UPDATE review_aside SET wanted = true WHERE promise_id = $1 RETURNING promise_id"
