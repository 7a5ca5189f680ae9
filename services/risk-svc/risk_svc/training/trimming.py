"""Keeps the journal below its limit while nobody learns: its oldest rows go, and the learner hears of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import structlog

from candor.ops.rounds import Rounds
from candor.store.errors import StoreUnavailable
from candor.store.unit_of_work import unit_of_work
from risk_svc import metrics
from risk_svc.training.journal import Place

if TYPE_CHECKING:
    from candor.store.db import Database
    from candor.store.lease import Connection

log = structlog.get_logger("risk.journal")
EVERY_SECONDS: Final = 5.0
PIECE: Final = 200
"""Rows that one transaction deletes: a row may hold a megabyte."""
FOLDED: Final = 10_000
ROOMY: Final = 0.9
"""How full the journal is after a trim: else a few rows would go every few seconds."""


class Size(NamedTuple):
    """How large the journal is, without indexes and rows' own overhead."""

    rows: int
    bytes: int


class Lost(NamedTuple):
    """What was deleted without anybody needing to have read it: rows up to `place`.

    Promises made before `until`, business time, may have had entries there.
    """

    place: Place
    until: float


class Trimming(Rounds):
    """A background of workers that deletes the oldest rows of the journal when it is above `rows` or `bytes`."""

    name = "journal limit"

    def __init__(self, database: Database, most: Size) -> None:
        super().__init__()
        self._database = database
        self._most = most

    async def round(self) -> float:
        """Look once; waits out database outages."""
        try:
            await self.once()
        except StoreUnavailable as error:
            log.warning("journal not measured", reason=error.detail)
        return EVERY_SECONDS

    async def once(self) -> None:
        """Measure the journal and, if it is above its limit, make room in pieces."""
        limit, gone = 1.0, 0
        while not self._stopping.is_set():
            async with unit_of_work(self._database, durable=False) as uow:
                size = await measured(uow.connection)
                full = max(size.rows / self._most.rows, size.bytes / self._most.bytes)
                piece = await trim(uow.connection) if full > limit else 0
            metrics.JOURNAL_ROWS.set(size.rows)
            metrics.JOURNAL_BYTES.set(size.bytes)
            metrics.JOURNAL_TRIMMED.inc(piece)
            limit, gone = ROOMY, gone + piece
            if not piece:
                break
        if gone:
            log.warning(
                "journal trimmed",
                rows=gone,
                left=size.rows,
                bytes=size.bytes,
                consequence="what these rows said is not learnt; forecasts rest on an older model",
                do="start the learner, or find out why it does not read: see the runbook model-stands-still",
            )


async def measured(connection: Connection) -> Size:
    """How large the journal is; some notes of its changes are folded together on the way."""
    await connection.execute(_FOLD, FOLDED)
    [row] = await connection.fetch(_SIZE)
    return Size(row["rows"], row["bytes"])


async def trim(connection: Connection) -> int:
    """Delete the oldest rows, at most PIECE, and note what is missing now; returns how many went."""
    rows = await connection.fetch(_TRIM, PIECE)
    if rows:
        last = max(Place(int(row["xid"]), row["id"]) for row in rows)
        await connection.execute(
            "INSERT INTO journal_size VALUES ($1, $2)", -len(rows), -sum(row["bytes"] for row in rows)
        )
        await connection.execute(_LOSE, str(last.xid), last.row, max(row["newest"] for row in rows))
    return len(rows)


async def lost(connection: Connection) -> Lost | None:
    """What was ever deleted to keep the limit, or None."""
    row = await connection.fetchrow("SELECT xid::text AS xid, last, until FROM journal_lost")
    return None if row is None else Lost(Place(int(row["xid"]), row["last"]), row["until"])


_FOLD: Final = """
WITH noted AS (DELETE FROM journal_size WHERE ctid = ANY(ARRAY(
  SELECT ctid FROM journal_size LIMIT $1 FOR UPDATE SKIP LOCKED)) RETURNING rows, bytes)
INSERT INTO journal_size SELECT sum(rows), sum(bytes) FROM noted HAVING count(*) > 0"""

_SIZE: Final = """
SELECT coalesce(sum(rows), 0)::bigint AS rows, coalesce(sum(bytes), 0)::bigint AS bytes FROM journal_size"""

# Only what no running transaction can still precede: what is missing is then everything up to one place.
_TRIM: Final = """
DELETE FROM journal WHERE ctid = ANY(ARRAY(
  SELECT ctid FROM journal WHERE xid < pg_snapshot_xmin(pg_current_snapshot())
  ORDER BY xid, id LIMIT $1 FOR UPDATE SKIP LOCKED))
RETURNING xid::text AS xid, id, newest, octet_length(entries) AS bytes"""

_LOSE: Final = """
INSERT INTO journal_lost (xid, last, until) VALUES ($1::text::xid8, $2, $3)
ON CONFLICT (id) DO UPDATE SET xid = excluded.xid, last = excluded.last,
  until = greatest(journal_lost.until, excluded.until)"""
