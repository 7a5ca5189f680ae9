"""Events that could not be used, stored in the transaction that moves past their offset, until they are replayed.

States: `held` (nothing happens until a person decides), `replay` (its partition's owner retries it within a second or
two), `replayed` (applied after all), `discarded` (given up for good). Letters in `held` and `replay` keep later events
of the same (topic, subject) waiting behind them, with the reason `behind`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

import msgspec

from candor.contracts import Record
from candor.records.packing import repack
from candor.store import outbox
from candor.store.replaying import SET_ASIDE

if TYPE_CHECKING:
    import asyncpg
    from asyncpg.pool import PoolConnectionProxy

    Connection = asyncpg.Connection[Any] | PoolConnectionProxy[Any]

BEHIND: Final = "behind"
UNREADABLE: Final = "unreadable"
HANDLER_ERROR: Final = "handler_error"
OVER_LIMIT: Final = "over_limit"
TEXT_LIMIT: Final = 500
DECIDED: Final = 1_000
RESENT: Final = 100
"""Letters that one transaction decides on, and that it gives back to the outbox: each may hold a megabyte."""

_record: Final = msgspec.msgpack.Decoder(Record)


class DeadLetter(NamedTuple):
    """One event to bury; `topic` is the card's name, `detail` contains no personal data."""

    group: str
    partition: int
    topic: str
    offset: int
    key: str
    subject: str
    reason: str
    detail: str
    record: Record


class HeldLetters(NamedTuple):
    """A partition's letters that keep others waiting; read when the partition is taken over."""

    topic: str
    subject: str
    offset: int
    reason: str


class StoredDeadLetter(NamedTuple):
    """A dead letter as stored in the table."""

    id: int
    group: str
    partition: int
    topic: str
    offset: int
    key: str
    subject: str
    reason: str
    detail: str
    state: str
    created_at: datetime
    replayed_at: datetime | None
    record: Record


async def write(connection: Connection, letters: Iterable[DeadLetter]) -> None:
    """Insert `letters` in the caller's transaction."""
    rows = [
        (
            letter.group,
            letter.partition,
            letter.topic,
            letter.offset,
            printable(letter.key),
            printable(letter.subject),
            letter.reason,
            printable(letter.detail),
            msgspec.msgpack.encode(letter.record),
        )
        for letter in letters
    ]
    columns = [list(column) for column in zip(*rows, strict=True)]
    if columns:
        await connection.execute(_INSERT, *columns)


async def unresolved(connection: Connection, group: str, partition: int) -> list[HeldLetters]:
    """Return the partition's held and waiting letters, oldest first."""
    rows = await connection.fetch(_UNRESOLVED, group, partition)
    return [HeldLetters(row["topic"], row["subject"], row["kafka_offset"], row["reason"]) for row in rows]


class Tally(NamedTuple):
    """Unresolved letters of one partition by reason, and how many of them may be due for a retry."""

    reasons: dict[str, int]
    moving: int


async def count(connection: Connection, group: str, partitions: Sequence[int]) -> dict[int, Tally]:
    """Count unresolved letters, for partitions that have any."""
    tallies: dict[int, Tally] = {}
    for row in await connection.fetch(_COUNT, group, list(partitions)):
        before = tallies.get(row["partition"], Tally({}, 0))
        reasons = before.reasons | {row["reason"]: row["unresolved"]}
        tallies[row["partition"]] = Tally(reasons, before.moving + row["moving"])
    return tallies


async def due(connection: Connection, group: str, partition: int, limit: int) -> list[StoredDeadLetter]:
    """Return letters to retry, oldest first: those marked for replay, and those behind an event now resolved."""
    return _rows(await connection.fetch(_DUE, group, partition, limit))


async def waits(connection: Connection, item: StoredDeadLetter) -> bool:
    """Whether an earlier letter of the same (topic, subject) is still unresolved."""
    arguments = (item.group, item.partition, item.topic, item.subject, item.id)
    return item.subject != "" and bool(await connection.fetchval(_WAITS, *arguments))


async def settle(connection: Connection, outcomes: Mapping[int, tuple[str, str] | None]) -> None:
    """Close replayed letters by id: None means applied, a (reason, detail) holds the letter again."""
    applied = [number for number, outcome in outcomes.items() if outcome is None]
    if applied:
        await connection.execute(_APPLIED, applied)
    again = [(number, *outcome) for number, outcome in outcomes.items() if outcome is not None]
    if again:
        numbers, reasons, details = (list(column) for column in zip(*again, strict=True))
        await connection.execute(_HOLD_AGAIN, numbers, reasons, [printable(detail) for detail in details])


async def erase(connection: Connection, group: str, keys: Iterable[str]) -> None:
    """Delete the unresolved letters of these customers, which are few; the eraser deletes the others."""
    await connection.execute(_ERASE, group, list(keys))


async def find(
    connection: Connection, *, state: str = "", after: int = 0, limit: int = 100, number: int | None = None
) -> list[StoredDeadLetter]:
    """Return letters to show, oldest first: those in `state` (empty: all) with an id above `after`, or a single one."""
    return _rows(await connection.fetch(_FIND, state, after, limit, number))


async def decide(
    connection: Connection, state: str, *, number: int | None = None, group: str = "", most: int = DECIDED
) -> int:
    """Set one held letter, or the next of a group (empty: every group), to `replay` or `discarded`; return the number.

    If that is `most`, there may be more. Letters that wait behind one need no decision: they are retried as soon as
    nothing is before them.
    """
    return len(await connection.fetch(_DECIDE, number, state, group, most))


async def resend(connection: Connection) -> int:
    """Return the relay's next letters marked for replay to the outbox, oldest first; return the number.

    If that is RESENT or more, there may be more. Consumers retry their own letters, but nobody would retry what the
    relay could not send. A row that could not be read is tried again as a whole, and what waited behind it follows.
    Every event keeps its original id and version, and is parked again if the topic still rejects it.
    """
    again = [row["kafka_offset"] for row in await connection.fetch(_AGAIN)]
    if again:
        await connection.execute(_REOPEN, again)
    letters = _rows(await connection.fetch(_RELAYED, RESENT))
    rows = [repack([letter.record], letter.topic, letter.partition) for letter in letters]
    if rows:
        await outbox.write(cast(Any, connection), rows)
        await connection.execute(_APPLIED, [letter.id for letter in letters])
    return len(rows) + len(again)


def printable(text: str) -> str:
    """Return `text` cut to TEXT_LIMIT characters, without the NULs that PostgreSQL rejects."""
    return text.replace("\x00", "\N{REPLACEMENT CHARACTER}")[:TEXT_LIMIT]


def _rows(rows: Iterable[Any]) -> list[StoredDeadLetter]:
    return [StoredDeadLetter._make((*tuple(row)[:-1], _record.decode(row["record"]))) for row in rows]


_INSERT: Final = """
INSERT INTO dead_letter (grp, partition, topic, kafka_offset, key, subject, reason, detail, record, state)
SELECT *, 'held' FROM unnest($1::text[], $2::int[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::text[],
  $8::text[], $9::bytea[])"""

_UNRESOLVED: Final = """
SELECT topic, subject, kafka_offset, reason FROM dead_letter
WHERE grp = $1 AND partition = $2 AND state IN ('held', 'replay') ORDER BY id"""

_COLUMNS: Final = """id, grp, partition, topic, kafka_offset, key, subject, reason, detail, state,
  created_at, replayed_at, record"""

_COUNT: Final = """
SELECT partition, reason, count(*) AS unresolved,
  count(*) FILTER (WHERE state = 'replay' OR reason = 'behind') AS moving
FROM dead_letter WHERE grp = $1 AND partition = ANY($2::int[]) AND state IN ('held', 'replay')
GROUP BY partition, reason"""

_EARLIER: Final = """
SELECT FROM dead_letter AS earlier WHERE earlier.grp = $1 AND earlier.partition = $2
  AND earlier.state IN ('held', 'replay')"""

_DUE: Final = f"""
SELECT {_COLUMNS} FROM dead_letter WHERE grp = $1 AND partition = $2 AND (state = 'replay' OR (
  state = 'held' AND reason = 'behind' AND NOT EXISTS (
    {_EARLIER} AND earlier.topic = dead_letter.topic AND earlier.subject = dead_letter.subject
    AND earlier.id < dead_letter.id AND earlier.reason <> 'behind')))
ORDER BY id LIMIT $3"""  # noqa: S608 - constants

_WAITS: Final = f"""
SELECT EXISTS ({_EARLIER} AND earlier.topic = $3 AND earlier.subject = $4 AND earlier.id < $5)"""

_APPLIED: Final = """
UPDATE dead_letter SET state = 'replayed', replayed_at = clock_timestamp() WHERE id = ANY($1::bigint[])"""

# A row has a letter for each of its keys, and one decision for all of them.
_AGAIN: Final = """
UPDATE dead_letter SET state = 'replayed', replayed_at = clock_timestamp()
WHERE grp LIKE '%.relay' AND reason IN ('unreadable', 'not_repeated') AND state IN ('held', 'replay')
  AND kafka_offset IN (SELECT kafka_offset FROM dead_letter WHERE state = 'replay' AND grp LIKE '%.relay'
    AND reason IN ('unreadable', 'not_repeated'))
RETURNING kafka_offset"""

_REOPEN: Final = f"""
UPDATE outbox SET published_at = NULL WHERE id = ANY($1::bigint[]) AND published_at = {SET_ASIDE}"""  # noqa: S608

_RELAYED: Final = f"""
SELECT {_COLUMNS} FROM dead_letter WHERE grp LIKE '%.relay'
  AND (state = 'replay' OR (state = 'held' AND reason = 'behind' AND NOT EXISTS (
    SELECT FROM dead_letter AS earlier WHERE earlier.grp = dead_letter.grp AND earlier.topic = dead_letter.topic
      AND earlier.key = dead_letter.key AND earlier.reason = 'unreadable' AND earlier.state IN ('held', 'replay'))))
  AND NOT EXISTS (SELECT FROM erasure WHERE erasure.customer_id = key) ORDER BY id LIMIT $1 FOR UPDATE"""  # noqa: S608

_HOLD_AGAIN: Final = """
UPDATE dead_letter SET state = 'held', reason = new.reason, detail = new.detail
FROM unnest($1::bigint[], $2::text[], $3::text[]) AS new (id, reason, detail) WHERE dead_letter.id = new.id"""

_FIND: Final = f"""
SELECT {_COLUMNS} FROM dead_letter
WHERE ($1 = '' OR state = $1) AND id > $2 AND ($4::bigint IS NULL OR id = $4) ORDER BY id LIMIT $3"""  # noqa: S608

_DECIDE: Final = """
UPDATE dead_letter SET state = $2 WHERE id = ANY(ARRAY(
  SELECT id FROM dead_letter WHERE state = 'held' AND ($3 = '' OR grp = $3)
    AND (id = $1::bigint OR ($1::bigint IS NULL AND reason <> 'behind'))
  ORDER BY id LIMIT $4 FOR UPDATE)) RETURNING id"""

_ERASE: Final = """
DELETE FROM dead_letter WHERE grp = $1 AND key = ANY($2::text[]) AND state IN ('held', 'replay')"""
