"""Outgoing events as database rows: written with the state they follow from, sent later by the relay.

One row contains the events of one transaction for one topic and partition, as a Kafka record batch (`records.wire`).
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Collection, Mapping, Sequence
from contextvars import Context
from typing import TYPE_CHECKING, Final, NamedTuple

import structlog

from candor.contracts import ContactRemoved, CustomerErased, Record
from candor.records.packing import Row, repack, unpack
from candor.records.wire import UnreadableError
from candor.store import layout
from candor.store.errors import Overloaded, StoreUnavailable, unavailable
from candor.store.lease import ADVANCE
from candor.store.replaying import SET_ASIDE

if TYPE_CHECKING:
    from candor.store.db import Connection, Database, Transaction
    from candor.store.erasure import Erasure
    from candor.store.lease import Offsets

TOMBSTONES: Final = frozenset({CustomerErased.TYPE.encode(), ContactRemoved.TYPE.encode()})
log: Final = structlog.get_logger("candor.outbox")
LOOK: Final = 4
EVENTS: Final = 5_000
"""Events that one step of a walk reads and packs again: some hundredths of a second."""


class WaitingRow(NamedTuple):
    """One row on its way to the broker; `again` counts the requests to send it again that it answers.

    `unclean`: it may hold events of a customer being erased, which must not be sent again. `held`: it may hold events
    of a key that wait behind a row that cannot be read.
    """

    id: int
    topic: str
    partition: int
    again: int
    events: int
    records: bytes
    unclean: bool = False
    held: bool = False


class SentRows(NamedTuple):
    """Rows that the broker has, sent by the owner of `partition` in `epoch`; `again`: not for the first time."""

    partition: int
    epoch: int
    rows: Sequence[WaitingRow]
    again: bool = False

    @property
    def events(self) -> int:
        return sum(row.events for row in self.rows)


async def write(
    connection: Connection, rows: Sequence[Row], partitions: int | None = None, offsets: Offsets | None = None
) -> bool:
    """Insert all rows, and write the next `offsets`, with one statement; ids increase in the given order.

    Returns False, with no row written, if the rows were packed for so many `partitions` and there are more by now.
    """
    # Ids contain no comma, so keys are passed as one text per row: unnest cannot carry an array of arrays.
    status: str = await connection.execute(
        _INSERT if offsets is None else _INSERT_AND_ADVANCE,
        [row.topic for row in rows],
        [row.partition for row in rows],
        [row.records for row in rows],
        [row.events for row in rows],
        [",".join(row.keys) for row in rows],
        partitions,
        *(() if offsets is None else offsets.arguments()),
    )
    return status != "INSERT 0 0"


async def waiting(
    database: Database,
    partitions: Collection[int],
    *,
    group: str = "",
    rows: int = 500,
    events: int = 5_000,
    again: bool = False,
) -> dict[int, list[WaitingRow]]:
    """Return the oldest unsent rows of each partition: at most `rows`, cut once they contain `events`.

    `again`: instead the oldest that are to be sent again. `group`: the relay's, whose dead letters hold rows back.
    """
    found = await database.pool.fetch(_AGAIN if again else _WAITING, list(partitions), rows, events, group)
    windows: dict[int, list[WaitingRow]] = {}
    for row in found:
        windows.setdefault(row["partition"], []).append(WaitingRow(*row))
    return windows


async def sent_until(database: Database) -> dict[int, float]:
    """By partition, the system time (epoch seconds) up to which every committed row has been sent."""
    # Before looking, and by the age of the oldest: the two clocks need not agree.
    now = time.time()
    try:
        found = await database.pool.fetch(_OLDEST, database.partitions, timeout=2)
    except Exception as error:
        raise unavailable(error) or error from error
    return {row["number"]: now - row["age"] for row in found}


async def mark(uow: Transaction, group: str, sent: Sequence[SentRows], *, keeps: bool) -> int:
    """Mark rows as published, or delete them if they are not kept; only under a lease epoch that is still valid."""
    marked = 0
    for statement, again in ((_KEEP if keeps else _DROP, False), (_SENT_AGAIN, True)):
        windows = [window for window in sent if window.again == again]
        rows = [(row.id, row.again, window.partition, window.epoch) for window in windows for row in window.rows]
        if rows:
            columns = [list(column) for column in zip(*rows, strict=True)]
            status: str = await uow.connection.execute(statement, group, *columns)
            marked += int(status.rpartition(" ")[2])
    return marked


async def drop(uow: Transaction, row_id: int, index: int) -> None:
    """Remove the record at `index` from a row because it became a dead letter."""
    records = await uow.connection.fetchval("SELECT records FROM outbox WHERE id = $1 FOR UPDATE", row_id)
    if records is not None:
        kept = unpack(records)
        del kept[index]
        await _rewrite(uow.connection, {row_id: repack(kept) if kept else None}, [0])


class Walk:
    """Removes what customers were told of from the log, in the order of its rows, sent or not.

    No index leads from a customer to rows: each event would pay for it, for the sake of a rare erasure (ADR 0058).
    """

    async def step(self, uow: Transaction, together: Sequence[Erasure], most: int) -> int | None:
        """Look at the next rows, LOOK x `most`; return the id up to which all are clean, None at the end."""
        wanted = {one.customer_id: one.sent for one in together}
        size = LOOK * most
        after = together[0].place or layout.BEFORE_ALL
        page = await uow.connection.fetchrow(_PAGE, after, max(wanted.values()), size, list(wanted))
        assert page is not None  # noqa: S101 - an aggregate has a row
        found = page["held"] or []
        held = _enough(found, page["events"] or [])
        await clean(uow.connection, held, wanted)
        if len(held) < len(found):
            return held[-1]
        last: int | None = page["last"]
        return last if page["looked"] == size else None


async def clean(connection: Connection, ids: Sequence[int], wanted: Mapping[str, int]) -> dict[int, Row | None]:
    """Remove from these rows every record of the `wanted` customers, each up to the id of a row.

    Records that tell of an erasure stay: a replay must still report it. Returns the changed rows as they are now, None
    for one that is deleted because nothing of it is left.
    """
    changed: dict[int, Row | None] = {}
    lost = []
    for row in await connection.fetch(_LOCKED, list(ids)) if ids else []:
        keys = {key.encode() for key, upto in wanted.items() if row["id"] <= upto}
        try:
            records = unpack(row["records"])
        except UnreadableError:
            log.error("damaged outbox row left as it is", row=row["id"], consequence="it may name an erased customer")  # noqa: TRY400
            continue
        kept = [record for record in records if record.key not in keys or _type(record) in TOMBSTONES]
        if len(kept) < len(records):
            changed[row["id"]] = repack(kept, row["topic"], row["partition"]) if kept else None
            lost.append(len(records) - len(kept))
    if changed:
        await _rewrite(connection, changed, lost)
    return changed


async def _rewrite(connection: Connection, changed: Mapping[int, Row | None], lost: Sequence[int]) -> None:
    empty = [row_id for row_id, row in changed.items() if row is None]
    await connection.execute("DELETE FROM outbox WHERE id = ANY($1::bigint[])", empty)
    left = [
        (row_id, row.records, row.events, ",".join(row.keys), less)
        for (row_id, row), less in zip(changed.items(), lost, strict=True)
        if row is not None
    ]
    if left:
        await connection.execute(_REWRITE, *(list(column) for column in zip(*left, strict=True)))


def _enough(held: Sequence[int], events: Sequence[int]) -> Sequence[int]:
    """The first of the rows `held` that have at most EVENTS events together; one at least."""
    total = 0
    for place, number in enumerate(events):
        total += number
        if total > EVENTS and place:
            return held[:place]
    return held


async def set_aside(connection: Connection, row: WaitingRow) -> None:
    """Take a row that cannot be read out of the way; it stays as it is, for a person."""
    await connection.execute(_SET_ASIDE, row.id)


async def split(connection: Connection, group: str, ids: Sequence[int]) -> dict[int, tuple[Row | None, list[Record]]]:
    """Take what waits behind a row that cannot be read out of these rows.

    Returns each row as it is now, None where nothing is left, and the records taken out of it. One that cannot be read
    itself is left as it is.
    """
    found: dict[int, tuple[Row | None, list[Record]]] = {}
    for row in await connection.fetch(_HELD_KEYS, list(ids), group):
        keys = {key.encode() for key in row["held"]}
        try:
            records = unpack(row["records"])
        except UnreadableError:
            continue
        kept = [record for record in records if record.key not in keys]
        behind = [record for record in records if record.key in keys]
        found[row["id"]] = (repack(kept, row["topic"], row["partition"]) if kept else None, behind)
    changed = {name: row for name, (row, behind) in found.items() if behind}
    if changed:
        await _rewrite(connection, changed, [0] * len(changed))
    return found


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


_INSERT: Final = f"""
INSERT INTO outbox (topic, partition, records, events, keys)
SELECT topic, partition, records, events, string_to_array(keys, ',')
FROM unnest($1::text[], $2::int[], $3::bytea[], $4::int[], $5::text[])
     WITH ORDINALITY AS new (topic, partition, records, events, keys, place)
WHERE {layout.FITS}
ORDER BY place"""  # noqa: S608 - constants only

_INSERT_AND_ADVANCE: Final = f"WITH advanced AS ({ADVANCE.format('$7', '$8', '$9')}) {_INSERT}"

_HELD: Final = """
EXISTS (SELECT FROM dead_letter AS aside WHERE aside.grp = $4 AND aside.topic = candidate.topic
  AND aside.key = ANY(keys) AND aside.reason = 'unreadable' AND aside.state IN ('held', 'replay'))"""


def _oldest(which: str, held: str) -> str:
    return f"""
SELECT id, topic, partition, again, events, records,
  EXISTS (SELECT FROM erasure WHERE erasure.customer_id = ANY(keys) AND id <= erasure.sent) AS unclean, {held} AS held
FROM unnest($1::int[]) AS owned (number) CROSS JOIN LATERAL (
  SELECT *, sum(events) OVER (ORDER BY id) - events AS before FROM (
    SELECT id, topic, partition, again, events, records, keys FROM outbox
    WHERE partition = owned.number AND {which} ORDER BY id LIMIT $2) AS oldest) AS candidate
WHERE before < $3 ORDER BY id"""  # noqa: S608 - constants


_WAITING: Final = _oldest("published_at IS NULL", _HELD)
# What goes out again went out before: it is not behind a row that was set aside since.
_AGAIN: Final = _oldest("again > 0 AND published_at IS NOT NULL", "$4::text IS NULL")

# While partitions are being grown, what a new one has to send may still lie in the one that it comes from.
_OLDEST: Final = """
SELECT number, max(coalesce((SELECT extract(epoch FROM clock_timestamp() - created_at) FROM outbox
  WHERE partition = place AND published_at IS NULL ORDER BY id LIMIT 1), 0))::float8 AS age
FROM generate_series(0, $1::int - 1) AS number CROSS JOIN LATERAL (
  SELECT number AS place UNION SELECT number % before FROM layout WHERE grows_to = partitions) AS places
GROUP BY number"""

_SENT: Final = """
FROM unnest($2::bigint[], $3::int[], $4::int[], $5::bigint[]) AS sent (id, again, partition, epoch)
JOIN lease ON lease.grp = $1 AND lease.partition = sent.partition AND lease.epoch = sent.epoch
WHERE outbox.id = sent.id"""

# Behind rows that go out again, or may be about to, a row must go out again too: see `replaying`.
_KEEP: Final = (
    """
UPDATE outbox SET published_at = clock_timestamp(), again = greatest(outbox.again, (
  EXISTS (SELECT FROM replay WHERE done_at IS NULL) OR EXISTS (
    SELECT FROM outbox AS lane WHERE lane.partition = outbox.partition AND lane.again > 0))::int)"""  # noqa: S608
    + _SENT
    + " AND outbox.published_at IS NULL"
)
_SENT_AGAIN: Final = "UPDATE outbox SET again = 0" + _SENT + " AND outbox.again = sent.again"  # noqa: S608
_SET_ASIDE: Final = f"UPDATE outbox SET published_at = {SET_ASIDE}, again = 0 WHERE id = $1"  # noqa: S608

_HELD_KEYS: Final = """
SELECT id, topic, partition, records, ARRAY(
  SELECT aside.key FROM dead_letter AS aside WHERE aside.grp = $2 AND aside.topic = outbox.topic
    AND aside.key = ANY(keys) AND aside.reason = 'unreadable' AND aside.state IN ('held', 'replay')) AS held
FROM outbox WHERE id = ANY($1::bigint[]) ORDER BY id FOR UPDATE"""
_DROP: Final = "DELETE FROM outbox" + _SENT.replace("FROM", "USING", 1)  # noqa: S608

_PAGE: Final = """
SELECT count(*) AS looked, max(id) AS last, array_agg(id ORDER BY id) FILTER (WHERE keys && $4::text[]) AS held,
  array_agg(events ORDER BY id) FILTER (WHERE keys && $4::text[]) AS events
FROM (SELECT id, events, keys FROM outbox WHERE id > $1 AND id <= $2 ORDER BY id LIMIT $3) AS page"""

_LOCKED: Final = """
SELECT id, topic, partition, records FROM outbox WHERE id = ANY($1::bigint[]) ORDER BY id FOR UPDATE"""

_REWRITE: Final = """
UPDATE outbox SET records = new.records, events = new.events, keys = string_to_array(new.keys, ','),
  erased = erased + new.lost
FROM unnest($1::bigint[], $2::bytea[], $3::int[], $4::text[], $5::int[]) AS new (id, records, events, keys, lost)
WHERE outbox.id = new.id"""

_BACKLOG: Final = """
SELECT count(*) AS waiting,
       coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0)::float8 AS age
FROM (SELECT created_at FROM outbox WHERE published_at IS NULL LIMIT $1) AS waiting"""
