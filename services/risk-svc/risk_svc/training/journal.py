"""The journal: what each event made known of a promise, written by workers and read by the learner."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec
import structlog

from risk_svc.forecast.view import Entry

if TYPE_CHECKING:
    from candor.store.lease import Connection

log = structlog.get_logger("risk.journal")
ROWS: Final = 16
"""Rows per read: one row may hold a batch of 2,000 events, about 1 MB."""
COUNTED: Final = 10_000
_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(list[Entry])


class Place(NamedTuple):
    """The position of the reader: every row up to (transaction, row) was read or will never become visible."""

    xid: int = 0
    row: int = 0


class Row(NamedTuple):
    """One row: one batch of one partition."""

    place: Place
    entries: list[Entry]


async def write(connection: Connection, entries: Mapping[int, Sequence[Entry]], now: float = math.inf) -> None:
    """Write one row per partition that has entries, with one statement; `now` is business time."""
    rows = {number: found for number, found in sorted(entries.items()) if found}
    if rows:
        counts = [len(found) for found in rows.values()]
        newest = [min(now, max(entry.at for entry in found)) for found in rows.values()]
        bodies = [_encoder.encode(found) for found in rows.values()]
        await connection.execute(WRITE, list(rows), counts, bodies, newest)


async def read(connection: Connection, after: Place, below: int | None = None, most: int = ROWS) -> list[Row]:
    """The next rows in (transaction, row) order, of transactions below `below`; empty once all are read.

    Without `below`, only transactions older than any running one are read: those that commit later have a higher id.
    """
    rows = await connection.fetch(_READ, str(after.xid), after.row, None if below is None else str(below), most)
    return [Row(Place(int(row["xid"]), row["id"]), _entries(row["entries"], row["id"])) for row in rows]


def _entries(raw: bytes, row: int) -> list[Entry]:
    try:
        return _decoder.decode(raw)
    except msgspec.MsgspecError as error:
        # One row from another release must not stop all learning.
        log.error(  # noqa: TRY400
            "journal row unreadable",
            row=row,
            reason=str(error),
            consequence="not learnt from",
            do="candor risk rebuild",
        )
        return []


async def unread(connection: Connection, after: Place, most: int = COUNTED) -> int:
    """The number of rows after a place, readable or not yet; `most` stands for as many or more."""
    count: int = await connection.fetchval(_UNREAD, str(after.xid), after.row, most)
    return count


WRITE: Final = """
WITH added AS (
  INSERT INTO journal (partition, n, entries, newest)
  SELECT * FROM unnest($1::int[], $2::int[], $3::bytea[], $4::float8[]) RETURNING octet_length(entries) AS bytes)
INSERT INTO journal_size SELECT count(*), sum(bytes) FROM added"""

_READ: Final = """
SELECT id, xid::text AS xid, entries FROM journal
WHERE (xid, id) > ($1::text::xid8, $2::bigint)
  AND xid < coalesce($3::text::xid8, pg_snapshot_xmin(pg_current_snapshot()))
  AND xid >= coalesce((SELECT upto FROM learner_cut), '0'::xid8)
ORDER BY journal.xid, id LIMIT $4"""

_UNREAD: Final = """
SELECT count(*) FROM (
  SELECT FROM journal WHERE (xid, id) > ($1::text::xid8, $2::bigint) ORDER BY xid, id LIMIT $3) AS following"""
