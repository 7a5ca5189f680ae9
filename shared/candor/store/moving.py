"""How the rows of a service get to the partitions that they are of, once there are more of them.

A new number is a multiple of the old one: what was in partition p is then there, or a multiple of the old number on.
Each step is a page in a transaction of its own and may be done again: a tool that was killed begins anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from candor.records.partitioner import partition_of

if TYPE_CHECKING:
    from candor.store.db import Connection

MOST: Final = 2_000
"""Rows that one transaction looks at."""


class Growth(NamedTuple):
    """From how many partitions to how many."""

    before: int
    to: int

    def children(self, partition: int) -> list[int]:
        """The new partitions of which some keys were in this one."""
        return list(range(partition + self.before, self.to, self.before))


class Place(NamedTuple):
    """How far a move has come: a partition of before, and the last row's key; None before the first."""

    partition: int = 0
    key: Any = None


class Move(Protocol):
    """What becomes of the rows of one table."""

    @property
    def table(self) -> str: ...

    async def page(self, connection: Connection, growth: Growth, after: Place) -> Place | None:
        """Move the next rows; return how far that is, None at the end."""


class ByKey(NamedTuple):
    """Rows that go where the key in column `key` belongs.

    `id`: their primary key, of SQL's `type`, which begins after `first`. `only`: SQL of which rows.
    """

    table: str
    id: str
    key: str
    type: str = "text"
    first: str | int = ""
    only: str = "true"

    async def page(self, connection: Connection, growth: Growth, after: Place) -> Place | None:
        """Move the next rows."""
        find = f"""
SELECT {self.id} AS id, {self.key} AS key, partition FROM {self.table}
WHERE {self.id} > $1 AND {self.only} ORDER BY {self.id} LIMIT $2"""  # noqa: S608 - names of our own tables
        rows = await connection.fetch(find, self.first if after.key is None else after.key, MOST)
        homes = {row["id"]: partition_of(row["key"].encode(), growth.to) for row in rows}
        away = [row["id"] for row in rows if row["partition"] != homes[row["id"]]]
        if away:
            move = f"""
UPDATE {self.table} SET partition = new.partition FROM unnest($1::{self.type}[], $2::int[]) AS new (id, partition)
WHERE {self.table}.{self.id} = new.id"""  # noqa: S608
            await connection.execute(move, away, [homes[name] for name in away])
        return Place(0, rows[-1]["id"]) if len(rows) == MOST else None


class Copied(NamedTuple):
    """Rows that every partition has: the new ones get those of the one in which their keys were.

    `id`: what is their primary key beside the partition, which begins after `first`.
    """

    table: str
    id: str
    first: str | bytes

    async def page(self, connection: Connection, growth: Growth, after: Place) -> Place | None:
        """Copy the next rows."""
        find = f"""
SELECT {self.id} AS id FROM {self.table} WHERE partition = $1 AND {self.id} > $2
ORDER BY {self.id} LIMIT $3"""  # noqa: S608 - names of our own tables
        rows = await connection.fetch(find, after.partition, self.first if after.key is None else after.key, MOST)
        copy = f"""
INSERT INTO {self.table} SELECT made.* FROM {self.table} AS old CROSS JOIN unnest($3::int[]) AS child
CROSS JOIN LATERAL jsonb_populate_record(old, jsonb_build_object('partition', child)) AS made
WHERE old.partition = $1 AND old.{self.id} = ANY($2) ON CONFLICT DO NOTHING"""  # noqa: S608
        if rows:
            await connection.execute(
                copy, after.partition, [row["id"] for row in rows], growth.children(after.partition)
            )
        if len(rows) == MOST:
            return after._replace(key=rows[-1]["id"])
        following = after.partition + 1
        return Place(following) if following < growth.before else None


LETTERS: Final = ByKey("dead_letter", "id", "key", "bigint", 0, "state IN ('held', 'replay') AND topic <> 'incidents'")
"""Undecided dead letters, of which only relays have any when partitions grow."""
