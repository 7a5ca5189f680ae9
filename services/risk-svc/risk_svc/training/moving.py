"""The database was moved to a new cluster by dump and restore: transaction ids begin anew, and so does the order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import structlog

if TYPE_CHECKING:
    from candor.store.db import Database
    from candor.store.lease import Connection
    from risk_svc.training.journal import Place

log = structlog.get_logger("risk.journal")
PIECE: Final = 2_000
"""Rows that one transaction stamps anew or deletes."""


async def cluster(connection: Connection) -> str:
    """What tells this cluster from every other: a copy of its files keeps it, a restored dump does not."""
    found: str = await connection.fetchval("SELECT system_identifier::text FROM pg_control_system()")
    return found


async def strange(connection: Connection) -> bool:
    """Whether the journal has a row of a transaction that this cluster has not begun yet."""
    found: bool = await connection.fetchval(_STRANGE)
    return found


async def renumber(database: Database, read: Place) -> None:
    """Make the rows of the old cluster come first in the order of this one; `read` is how far they were read there.

    A row that is uncertain is read twice rather than never: a picture that is shown again changes nothing.
    """
    async with database.pool.acquire(timeout=5) as connection:
        last = await connection.fetchval("SELECT coalesce(max(id), 0) FROM journal")
        while await connection.fetchval(_DELETE, str(read.xid), read.row, PIECE) == PIECE:
            pass
        done = 0
        while done < last:
            done = await connection.fetchval(_STAMP, done, last, PIECE) or last
    log.warning(
        "journal renumbered",
        rows_up_to=last,
        consequence="the database is on another cluster: the learner goes on with what it had not read on the old one",
        do="nothing, if somebody has moved the database; else find out who restored a dump here",
    )


_STRANGE: Final = """
SELECT EXISTS (SELECT FROM journal WHERE xid >= pg_snapshot_xmax(pg_current_snapshot()))"""

_DELETE: Final = """
WITH gone AS (DELETE FROM journal WHERE ctid = ANY(ARRAY(
  SELECT ctid FROM journal WHERE xid <= $1::text::xid8 AND id <= $2 LIMIT $3)) RETURNING octet_length(entries) AS bytes)
INSERT INTO journal_size SELECT -count(*), -coalesce(sum(bytes), 0) FROM gone RETURNING -rows"""

_STAMP: Final = """
WITH piece AS (SELECT id FROM journal WHERE id > $1 AND id <= $2 ORDER BY id LIMIT $3),
stamped AS (UPDATE journal SET xid = pg_current_xact_id() WHERE id IN (SELECT id FROM piece) RETURNING id)
SELECT max(id) FROM stamped"""
