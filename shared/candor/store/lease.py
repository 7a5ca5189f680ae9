"""Partition ownership: a lease in the database, with an epoch that fences and the next offset of every topic.

A member is alive while its row in `member` has not expired by the database's clock. A partition belongs to the member
that its row names until that member expires; taking it over draws a new `epoch`. Epochs are random, because after a
failover to a standby that missed the last takeover the next number in a row would be given twice. Holding a lease
proves nothing on its own: each transaction must read its partitions through `fence`, which returns only those whose
epoch is still valid.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from candor.store import layout

if TYPE_CHECKING:
    import asyncpg
    from asyncpg.pool import PoolConnectionProxy

    from candor.store.db import Database

    Connection = asyncpg.Connection[Any] | PoolConnectionProxy[Any]

LEASE_SECONDS: Final = 5.0
RENEW_SECONDS: Final = 1.0

_offsets: Final = msgspec.json.Decoder(dict[str, int])


class Claim(NamedTuple):
    """A partition taken over: its new epoch, and the next offset of each topic card (absent: never read).

    `orphan`: its owner ended without releasing it, maybe because of what it was applying.
    """

    partition: int
    epoch: int
    offsets: dict[str, int]
    orphan: bool = False


class Changes(NamedTuple):
    """The changes of one renewal; a partition in both lists was taken again under a newer epoch."""

    acquired: list[Claim]
    lost: list[int]


def share(partitions: int, members: Sequence[str], me: str) -> int:
    """How many partitions `me` should own: an even split, the remainder to the first by name; 0 if not a member."""
    ranked = sorted(members)
    if me not in ranked:
        return 0
    whole, rest = divmod(partitions, len(ranked))
    return whole + (ranked.index(me) < rest)


class Leases:
    """One member's view of a group's leases; call `renew` every RENEW_SECONDS, never concurrently.

    `when`: SQL of when partitions may be taken, as their number changes.
    """

    def __init__(
        self,
        database: Database,
        group: str,
        partitions: int,
        member_id: str,
        *,
        seconds: float = LEASE_SECONDS,
        when: str = layout.READS,
    ) -> None:
        self.database = database
        self.group = group
        self.partitions = partitions
        self.member_id = member_id
        self.seconds = seconds
        self.epochs: dict[int, int] = {}
        self._take = _TAKE.format(may=when.format(partitions="$6::int"))
        self._prepared = False

    async def renew(self) -> Changes:
        """Stay alive, release partitions above the fair share, and take free ones.

        Every statement commits separately, so staying alive never waits for the row lock of a batch. After an exception
        call again: the next call detects and reports what was taken or lost in the meantime.
        """
        async with self.database.pool.acquire() as connection:
            if not self._prepared:
                await connection.execute(_PREPARE, self.group, self.partitions)
                self._prepared = True
            members = await connection.fetch(_ALIVE, self.group, self.member_id, self.seconds)
            wanted = share(self.partitions, [row["id"] for row in members], self.member_id)
            rows = await connection.fetch(_MINE, self.group, self.member_id)
            mine: dict[int, int] = {row["partition"]: row["epoch"] for row in rows}
            epochs = {number: epoch for number, epoch in self.epochs.items() if mine.get(number) == epoch}
            lost = [number for number in self.epochs if number not in epochs]
            surplus = sorted(mine)[wanted:]
            if surplus:
                await connection.execute(_GIVE_BACK, self.group, surplus, [mine[number] for number in surplus])
            lost += [number for number in surplus if epochs.pop(number, None) is not None]
            # Ours by name under an epoch we never saw: its answer was lost in transit, so draw another.
            unseen = [number for number in mine if number not in epochs and number not in surplus]
            acquired = await self._claims(connection, _RETAKE, unseen) if unseen else []
            missing = wanted - len(epochs) - len(acquired)
            if missing > 0:
                acquired += await self._claims(connection, self._take, missing, self.seconds, self.partitions)
        # Only now: an exception above keeps the old view, and the next renewal sees the difference.
        self.epochs = epochs | {claim.partition: claim.epoch for claim in acquired}
        return Changes(acquired, lost)

    async def release(self) -> None:
        """Release everything and leave, so that others need not wait for the lease to expire."""
        self.epochs.clear()
        async with self.database.pool.acquire() as connection:
            await connection.execute(_LEAVE_LEASES, self.group, self.member_id)
            await connection.execute(_LEAVE, self.group, self.member_id)

    async def _claims(self, connection: Connection, statement: str, *arguments: object) -> list[Claim]:
        # The statement adds the number of the partition.
        drawn = secrets.randbits(62)
        rows = await connection.fetch(statement, self.group, self.member_id, drawn, *arguments)
        return [Claim(row["partition"], row["epoch"], _offsets.decode(row["offsets"]), row["orphan"]) for row in rows]


async def fence(connection: Connection, group: str, epochs: Mapping[int, int]) -> dict[int, dict[str, int]]:
    """Lock the partitions whose epoch is still valid, in partition order, and return their next offsets.

    A partition missing from the answer has another owner by now: nothing may be written for it.
    """
    rows = await connection.fetch(_FENCE, group, list(epochs.keys()), list(epochs.values()))
    return {row["partition"]: _offsets.decode(row["offsets"]) for row in rows}


class Offsets(NamedTuple):
    """The next offsets by partition, of each of which `fence` has locked the row, and by card; others stay."""

    group: str
    by_partition: Mapping[int, Mapping[str, int]]

    def arguments(self) -> tuple[str, list[int], list[str]]:
        """What ADVANCE takes."""
        written = [msgspec.json.encode(cards).decode() for cards in self.by_partition.values()]
        return self.group, list(self.by_partition), written


async def advance(connection: Connection, offsets: Offsets) -> None:
    """Write the next offsets."""
    await connection.execute(ADVANCE.format("$1", "$2", "$3"), *offsets.arguments())


_PREPARE: Final = """
WITH gone AS (DELETE FROM member WHERE grp = $1 AND until < clock_timestamp() - interval '1 day')
INSERT INTO lease (grp, partition, owner, epoch, offsets)
SELECT $1, number, '', 0, '{}' FROM generate_series(0, $2::int - 1) AS number ON CONFLICT DO NOTHING"""


def alive(seconds: str) -> str:
    """SQL of whether a row of `member` has not expired; `seconds` is how long a lease is.

    One that ends later than any lease that begins now was made before the clock was set back: its member would seem to
    be alive for as long as the clock went back. A member that is alive renews within a second.
    """
    return f"member.until BETWEEN clock_timestamp() AND clock_timestamp() + 2 * make_interval(secs => {seconds})"


_ALIVE: Final = f"""
WITH me AS (
  INSERT INTO member (grp, id, until) VALUES ($1, $2, clock_timestamp() + make_interval(secs => $3))
  ON CONFLICT (grp, id) DO UPDATE SET until = excluded.until RETURNING id)
SELECT id FROM me UNION SELECT id FROM member WHERE grp = $1 AND {alive("$3")}"""  # noqa: S608 - constants only

_MINE: Final = "SELECT partition, epoch FROM lease WHERE grp = $1 AND owner = $2 ORDER BY partition"

_RETAKE: Final = """
UPDATE lease SET epoch = $3::bigint + partition WHERE grp = $1 AND owner = $2 AND partition = ANY($4::int[])
RETURNING partition, epoch, offsets::text AS offsets, false AS orphan"""

_GIVE_BACK: Final = """
UPDATE lease SET owner = '' FROM unnest($2::int[], $3::bigint[]) AS mine (partition, epoch)
WHERE grp = $1 AND (lease.partition, lease.epoch) = (mine.partition, mine.epoch)"""

# SKIP LOCKED: a batch left open by its paused owner keeps its partition until the server ends that session.
_TAKE: Final = f"""
WITH free AS (
  SELECT partition, owner FROM lease WHERE grp = $1 AND NOT EXISTS (
    SELECT FROM member WHERE member.grp = $1 AND member.id = lease.owner AND {alive("$5")})
    AND {{may}}
  ORDER BY partition LIMIT $4 FOR UPDATE SKIP LOCKED)
UPDATE lease SET owner = $2, epoch = $3::bigint + lease.partition
FROM free WHERE lease.grp = $1 AND lease.partition = free.partition
RETURNING lease.partition, lease.epoch, lease.offsets::text AS offsets, free.owner <> '' AS orphan"""  # noqa: S608 - constants only

_LEAVE_LEASES: Final = "UPDATE lease SET owner = '' WHERE grp = $1 AND owner = $2"
_LEAVE: Final = "DELETE FROM member WHERE grp = $1 AND id = $2"

_FENCE: Final = """
SELECT lease.partition, lease.offsets::text AS offsets
FROM lease JOIN unnest($2::int[], $3::bigint[]) AS mine (partition, epoch) USING (partition, epoch)
WHERE lease.grp = $1 ORDER BY lease.partition FOR UPDATE OF lease"""

ADVANCE: Final = """
UPDATE lease SET offsets = lease.offsets || new.offsets::jsonb
FROM unnest({1}::int[], {2}::text[]) AS new (partition, offsets)
WHERE lease.grp = {0} AND lease.partition = new.partition"""
