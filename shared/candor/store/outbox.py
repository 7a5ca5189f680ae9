"""Outgoing events as database rows: written with the state they follow from, sent later by the relay.

One row contains the events of one transaction for one topic and partition, as a Kafka record batch (`records.wire`).
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Collection, Sequence
from contextvars import Context
from datetime import datetime
from typing import TYPE_CHECKING, Final, NamedTuple

from candor.contracts import TOPICS, ContactRemoved, CustomerErased, Record
from candor.records.packing import Row, repack, unpack
from candor.records.partitioner import partition_of
from candor.store.errors import Overloaded, StoreUnavailable, unavailable

if TYPE_CHECKING:
    from candor.store.db import Connection, Database, Transaction

TOMBSTONES: Final = frozenset({CustomerErased.TYPE.encode(), ContactRemoved.TYPE.encode()})


class WaitingRow(NamedTuple):
    """One row on its way to the broker; `attempt` counts replays, so that an earlier sending cannot mark it."""

    id: int
    topic: str
    partition: int
    attempt: int
    events: int
    records: bytes


class SentRows(NamedTuple):
    """Rows that the broker has, sent by the owner of `partition` in `epoch`."""

    partition: int
    epoch: int
    rows: Sequence[WaitingRow]

    @property
    def events(self) -> int:
        return sum(row.events for row in self.rows)


async def write(connection: Connection, rows: Sequence[Row]) -> None:
    """Insert all rows with one statement; ids increase in the given order."""
    # Ids contain no comma, so keys are passed as one text per row: unnest cannot carry an array of arrays.
    await connection.execute(
        _INSERT,
        [row.topic for row in rows],
        [row.partition for row in rows],
        [row.records for row in rows],
        [row.events for row in rows],
        [",".join(row.keys) for row in rows],
    )


async def waiting(
    database: Database, partitions: Collection[int], *, rows: int = 500, events: int = 5_000
) -> dict[int, list[WaitingRow]]:
    """Return the oldest unsent rows of each partition: at most `rows`, cut once they contain `events`."""
    found = await database.pool.fetch(_WAITING, list(partitions), rows, events)
    windows: dict[int, list[WaitingRow]] = {}
    for row in found:
        windows.setdefault(row["partition"], []).append(WaitingRow(*row))
    return windows


async def mark(uow: Transaction, group: str, sent: Sequence[SentRows], *, keeps: bool) -> int:
    """Mark rows as published, or delete them if they are not kept; only under a lease epoch that is still valid."""
    rows = [(row.id, row.attempt, window.partition, window.epoch) for window in sent for row in window.rows]
    columns = [list(column) for column in zip(*rows, strict=True)]
    status: str = await uow.connection.execute(_KEEP if keeps else _DROP, group, *columns)
    return int(status.rpartition(" ")[2])


async def drop(uow: Transaction, row_id: int, index: int) -> None:
    """Remove the record at `index` from a row because it became a dead letter."""
    records = await uow.connection.fetchval("SELECT records FROM outbox WHERE id = $1 FOR UPDATE", row_id)
    if records is not None:
        kept = unpack(records)
        del kept[index]
        await rewrite(uow, row_id, kept, lost=0)


async def erase(
    uow: Transaction, keys: Collection[str], *, keep: Collection[bytes] = TOMBSTONES, page: int = 2_000
) -> int:
    """Remove every record of `keys` (customer ids) from the outbox, sent or not; return the number removed.

    Records whose ce_type is in `keep` stay: a replay must still report that the customer was erased. A row that loses
    some of its records counts them in `erased`; one that loses all is deleted. Rows in the relay's memory are still
    sent, before the event that tells consumers to forget. Dead letters of the relay are deleted as well: a replay
    would send them after that event.
    """
    await uow.connection.execute(_FORGET_BURIED, list(keys))
    wanted = {key.encode() for key in keys}
    places = [(card.name, partition_of(key, uow.partitions)) for key in wanted for card in TOPICS.values()]
    # What this transaction was going to send is not in a row yet.
    removed = uow.retract(lambda message: message.envelope.key in keys and message.data.TYPE.encode() not in keep)
    last = 0
    while True:
        rows = await uow.connection.fetch(_HOLDING, list(keys), [number for _, number in places], last, page)
        for row in rows:
            last = row["id"]
            records = unpack(row["records"])
            kept = [record for record in records if record.key not in wanted or _type(record) in keep]
            if len(kept) < len(records):
                removed += len(records) - len(kept)
                await rewrite(uow, last, kept, lost=len(records) - len(kept))
        if len(rows) < page:
            return removed


async def rewrite(uow: Transaction, row_id: int, kept: Sequence[Record], *, lost: int) -> None:
    """Leave `kept` in a row from which `lost` records were removed; a row without records is deleted."""
    if not kept:
        await uow.connection.execute("DELETE FROM outbox WHERE id = $1", row_id)
    else:
        packed = repack(kept)
        await uow.connection.execute(_REWRITE, row_id, packed.records, packed.events, list(packed.keys), lost)


async def replay(
    uow: Transaction,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    partitions: Collection[int] | None = None,
) -> int:
    """Have the relay resend kept rows, oldest first, with their original ids and versions; return the number of events.

    All rows become unsent in one transaction and `attempt` increases, so a relay that is sending some cannot mark
    them: per key, the last sending of every event follows the last sending of its predecessor. The bounds are system
    times of writing.
    """
    connection = uow.connection
    await connection.execute("SET LOCAL statement_timeout = '10min'")
    events = await connection.fetchval(
        _REPLAY, since, until, None if partitions is None else sorted(partitions), timeout=600
    )
    return int(events or 0)


class Backlog:
    """A limit on events waiting for the broker: ingress is refused above it, so that the disk never fills up.

    The limit is `most` rows or an age of `oldest_s` seconds; it is measured once per `fresh_s` seconds.
    """

    def __init__(
        self, database: Database, *, most: int = 200_000, oldest_s: float = 6 * 3600.0, fresh_s: float = 2.0
    ) -> None:
        self.database = database
        self.most = most
        self.oldest_s = oldest_s
        self.fresh_s = fresh_s
        self.rows = 0
        self.age_s = 0.0
        self._looked = float("-inf")
        self._looking: asyncio.Task[None] | None = None

    def check(self) -> None:
        """Raise Overloaded if the last measurement was too high; an old one is renewed in the background."""
        now = time.monotonic()
        if now - self._looked > self.fresh_s and (self._looking is None or self._looking.done()):
            self._looked = now
            self._looking = asyncio.get_running_loop().create_task(self._refresh_quietly(), context=Context())
        if self.rows > self.most or self.age_s > self.oldest_s:
            raise Overloaded(
                f"{self.rows} outbox rows wait for the broker, the oldest {self.age_s:.0f} s", retry_after=5
            )

    async def refresh(self) -> None:
        """Measure now; raises StoreUnavailable."""
        try:
            (row,) = await self.database.pool.fetch(_BACKLOG, self.most + 1, timeout=2)
        except Exception as error:
            raise unavailable(error) or error from error
        self.rows, self.age_s = row["waiting"], row["age"]

    async def close(self) -> None:
        """Wait for a measurement in progress."""
        if self._looking is not None:
            await asyncio.wait({self._looking})

    async def _refresh_quietly(self) -> None:
        # Without the database the transaction itself fails, with a better error text.
        with contextlib.suppress(StoreUnavailable):
            await self.refresh()


def _type(record: Record) -> bytes:
    return next((value for name, value in record.headers if name == "ce_type"), b"")


_INSERT: Final = """
INSERT INTO outbox (topic, partition, records, events, keys)
SELECT topic, partition, records, events, string_to_array(keys, ',')
FROM unnest($1::text[], $2::int[], $3::bytea[], $4::int[], $5::text[])
     WITH ORDINALITY AS new (topic, partition, records, events, keys, place)
ORDER BY place"""

_WAITING: Final = """
SELECT id, topic, partition, attempt, events, records
FROM unnest($1::int[]) AS owned (number) CROSS JOIN LATERAL (
  SELECT *, sum(events) OVER (ORDER BY id) - events AS before FROM (
    SELECT id, topic, partition, attempt, events, records FROM outbox
    WHERE partition = owned.number AND published_at IS NULL ORDER BY id LIMIT $2) AS oldest) AS candidate
WHERE before < $3 ORDER BY id"""

_SENT: Final = """
FROM unnest($2::bigint[], $3::int[], $4::int[], $5::bigint[]) AS sent (id, attempt, partition, epoch)
JOIN lease ON lease.grp = $1 AND lease.partition = sent.partition AND lease.epoch = sent.epoch
WHERE outbox.id = sent.id AND outbox.attempt = sent.attempt"""

_KEEP: Final = "UPDATE outbox SET published_at = clock_timestamp()" + _SENT  # noqa: S608 - constants
_DROP: Final = "DELETE FROM outbox" + _SENT.replace("FROM", "USING", 1)  # noqa: S608

_FORGET_BURIED: Final = "DELETE FROM dead_letter WHERE grp LIKE '%.relay' AND key = ANY($1::text[])"

_HOLDING: Final = """
SELECT id, records FROM outbox WHERE keys && $1::text[] AND partition = ANY($2::int[]) AND id > $3
ORDER BY id LIMIT $4 FOR UPDATE"""

_REWRITE: Final = "UPDATE outbox SET records = $2, events = $3, keys = $4, erased = erased + $5 WHERE id = $1"

_REPLAY: Final = """
WITH again AS (
  UPDATE outbox SET published_at = NULL, attempt = attempt + 1
  WHERE ($1::timestamptz IS NULL OR created_at >= $1) AND ($2::timestamptz IS NULL OR created_at < $2)
    AND ($3::int[] IS NULL OR partition = ANY($3))
  RETURNING events)
SELECT sum(events) FROM again"""

_BACKLOG: Final = """
SELECT count(*) AS waiting,
       coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0)::float8 AS age
FROM (SELECT created_at FROM outbox WHERE published_at IS NULL LIMIT $1) AS waiting"""
