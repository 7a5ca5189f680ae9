"""What is known of events that could not be applied within our limits, so that a restart does not begin anew.

A partition's rows, one a topic, say in which offsets the culprit is looked for and what is being tried. They are
written before each attempt in a transaction of their own: if the process dies of it, the next owner knows of what.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    import asyncpg
    from asyncpg.pool import PoolConnectionProxy

    Connection = asyncpg.Connection[Any] | PoolConnectionProxy[Any]

SEARCH: Final = "search"
STUCK: Final = "stuck"
RETRY: Final = "retry"
BURY: Final = "bury"


class Suspect(NamedTuple):
    """Offsets of a topic from `low` up to `high` that hold the culprit; those before `tried` are being tried.

    States: `search`; `stuck` (one event is left, and its partition is halted until a person decides); `retry` and
    `bury` (what they decided).
    """

    topic: str
    low: int
    high: int
    tried: int
    failures: int
    error: str
    state: str = SEARCH


class StuckPartition(NamedTuple):
    """A partition that waits for a decision, for people."""

    group: str
    partition: int
    topic: str
    offset: int
    failures: int
    error: str
    state: str
    since: datetime


async def save(connection: Connection, group: str, partition: int, epoch: int, rows: Sequence[Suspect]) -> None:
    """Replace what is known of a partition; does nothing under an epoch that is no longer valid."""
    await connection.execute(_DROP, group, partition, epoch, [row.topic for row in rows])
    if rows:
        columns = [list(column) for column in zip(*rows, strict=True)]
        await connection.execute(_SAVE, group, partition, epoch, *columns)


async def read(connection: Connection, group: str, partition: int) -> list[Suspect]:
    """Return what is known of a partition."""
    return [Suspect(*row) for row in await connection.fetch(_READ, group, partition)]


async def decisions(connection: Connection, group: str, partitions: Collection[int]) -> dict[int, str]:
    """Return what people decided about these partitions."""
    rows = await connection.fetch(_DECISIONS, group, sorted(partitions))
    return {row["partition"]: row["state"] for row in rows}


async def stuck(connection: Connection) -> list[StuckPartition]:
    """Return the partitions that wait for a decision, or for its effect."""
    return [StuckPartition(*row) for row in await connection.fetch(_STUCK)]


async def decide(connection: Connection, partition: int, state: str) -> bool:
    """Decide about a stuck partition; False if it is not stuck."""
    return bool(await connection.fetch(_DECIDE, partition, state))


def create(op: Any) -> None:
    """Create the table, with Alembic's `op`."""
    op.execute(_TABLE)


_TABLE: Final = """
CREATE TABLE suspect (
  grp text NOT NULL,
  partition int NOT NULL,
  topic text NOT NULL,
  low bigint NOT NULL,
  high bigint NOT NULL,
  tried bigint NOT NULL,
  failures int NOT NULL,
  error text NOT NULL,
  state text NOT NULL,
  since timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (grp, partition, topic))"""

_DROP: Final = """
DELETE FROM suspect WHERE grp = $1 AND partition = $2 AND topic <> ALL($4::text[])
  AND EXISTS (SELECT FROM lease WHERE lease.grp = $1 AND lease.partition = $2 AND lease.epoch = $3)"""

_SAVE: Final = """
INSERT INTO suspect (grp, partition, topic, low, high, tried, failures, error, state)
SELECT $1, $2, new.* FROM unnest($4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::int[], $9::text[],
  $10::text[]) AS new
WHERE EXISTS (SELECT FROM lease WHERE lease.grp = $1 AND lease.partition = $2 AND lease.epoch = $3)
ON CONFLICT (grp, partition, topic) DO UPDATE SET low = excluded.low, high = excluded.high, tried = excluded.tried,
  failures = excluded.failures, error = excluded.error, state = excluded.state"""

_READ: Final = """
SELECT topic, low, high, tried, failures, error, state FROM suspect WHERE grp = $1 AND partition = $2 ORDER BY topic"""

_DECISIONS: Final = """
SELECT partition, state FROM suspect WHERE grp = $1 AND partition = ANY($2::int[]) AND state IN ('retry', 'bury')"""

_STUCK: Final = """
SELECT grp, partition, topic, low, failures, error, state, since FROM suspect WHERE state <> 'search'
ORDER BY grp, partition"""

_DECIDE: Final = "UPDATE suspect SET state = $2 WHERE partition = $1 AND state = 'stuck' RETURNING partition"
