"""Rows that cannot be read hold back nothing but their own keys: what comes after of these waits as dead letters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

import structlog

from candor.contracts import Record
from candor.messaging.inflight_window import UnreadableRowError
from candor.store import outbox
from candor.store.dead_letter import BEHIND, UNREADABLE, DeadLetter
from candor.store.unit_of_work import unit_of_work

if TYPE_CHECKING:
    from candor.records.packing import Row
    from candor.store.db import Database
    from candor.store.outbox import WaitingRow

log = structlog.get_logger("candor.relay")
NOT_REPEATED: Final = "not_repeated"
"""The reason of a row that cannot be read and was sent before: nothing waits behind it."""


async def aside(database: Database, group: str, error: UnreadableRowError, *, again: bool) -> None:
    """Set a row aside, with a dead letter for each of its keys; the bytes stay in its row."""
    row = error.row
    async with unit_of_work(database) as uow:
        keys = await uow.connection.fetchval("SELECT keys FROM outbox WHERE id = $1", row.id) or []
        reason = NOT_REPEATED if again else UNREADABLE
        uow.bury(
            DeadLetter(
                *(group, row.partition, row.topic, row.id, key, "", reason),
                f"row {row.id}: {error}",
                Record(key.encode(), b"", []),
            )
            for key in keys
        )
        await outbox.set_aside(uow.connection, row)
    log.error(
        "outbox row cannot be read, set aside",
        row=row.id,
        topic=row.topic,
        partition=row.partition,
        reason=str(error),
        do="candor dlq list",
    )


async def free(database: Database, group: str, windows: Mapping[int, list[WaitingRow]]) -> dict[int, list[WaitingRow]]:
    """Return the rows without what waits behind a row set aside, which becomes dead letters."""
    held = [row.id for rows in windows.values() for row in rows if row.held]
    if not held:
        return dict(windows)
    async with unit_of_work(database) as uow:
        found = await outbox.split(uow.connection, group, held)
        for rows in windows.values():
            for row in rows:
                uow.bury(_behind(group, row, found[row.id][1]) if row.id in found else ())
    left = {number: [now for row in rows if (now := _as_now(row, found))] for number, rows in windows.items()}
    return {number: rows for number, rows in left.items() if rows}


def _behind(group: str, row: WaitingRow, records: list[Record]) -> Iterator[DeadLetter]:
    for record in records:
        key = record.key.decode(errors="replace")
        detail = "an earlier event of this key is in a row that cannot be read"
        yield DeadLetter(group, row.partition, row.topic, row.id, key, "", BEHIND, detail, record)


def _as_now(row: WaitingRow, found: Mapping[int, tuple[Row | None, list[Record]]]) -> WaitingRow | None:
    if row.id not in found:
        return row
    now, behind = found[row.id]
    if not behind:
        return row
    return None if now is None else row._replace(events=now.events, records=now.records)
