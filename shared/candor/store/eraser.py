"""The background that ends what erasures have marked, and keeps the relay from sending what is marked."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import structlog

from candor.ops.rounds import Rounds
from candor.store import metrics, outbox
from candor.store.errors import RETRIABLE, StoreUnavailable
from candor.store.outbox import WaitingRow
from candor.store.unit_of_work import unit_of_work

if TYPE_CHECKING:
    from candor.store.db import Database
    from candor.store.erasing import Work

log: Final = structlog.get_logger("candor.eraser")

IDLE_SECONDS: Final = 1.0
AGAIN_SECONDS: Final = 5.0
PAUSE_SECONDS: Final = 0.01


class Eraser(Rounds):
    """A background that does one step of the work after another, each in a transaction of its own.

    A process that dies between two leaves marks from which the next goes on.
    """

    name = "eraser"

    def __init__(self, database: Database, work: Work, *, pause: float = PAUSE_SECONDS) -> None:
        super().__init__()
        self._database = database
        self._work = work
        self._pause = pause

    async def round(self) -> float:
        """Do one step; if the database is away, try again in some seconds."""
        try:
            # Requests come first: a pause between two steps leaves them the disk.
            return self._pause if await self.step() else IDLE_SECONDS
        except (StoreUnavailable, *RETRIABLE) as error:
            log.warning("erasure interrupted", reason=str(error)[:300], again_in_seconds=AGAIN_SECONDS)
        except Exception:
            log.exception("erasure failed, others go first", again_in_seconds=AGAIN_SECONDS)
            await self._postpone()
        return AGAIN_SECONDS

    async def _postpone(self) -> None:
        with contextlib.suppress(StoreUnavailable):
            async with unit_of_work(self._database) as uow:
                await self._work.postpone(uow)

    async def step(self) -> bool:
        """Do one step; return whether there was one to do. Raises StoreUnavailable."""
        async with unit_of_work(self._database) as uow:
            waiting = await uow.connection.fetchval(_WAITING, MANY)
            done = await self._work.step(uow) if waiting else 0
        metrics.CUSTOMERS_ERASING.set(waiting)
        return done > 0

    async def clear(self) -> None:
        """Do all steps there are. For tests and tools."""
        while await self.step():
            pass


async def cleansed(database: Database, windows: Mapping[int, list[WaitingRow]]) -> dict[int, list[WaitingRow]]:
    """Return the rows without events of customers being erased, which are removed from the table as well."""
    unclean = [row.id for rows in windows.values() for row in rows if row.unclean]
    if not unclean:
        return dict(windows)
    async with unit_of_work(database) as uow:
        found = await uow.connection.fetch(_WANTED, unclean)
        wanted = {row["customer_id"]: row["sent"] for row in found}
        changed = await outbox.clean(uow.connection, unclean, wanted)
    clean: dict[int, list[WaitingRow]] = {}
    for partition, rows in windows.items():
        left = [_as_now(row, changed) for row in rows]
        clean[partition] = [row for row in left if row is not None]
    return {partition: rows for partition, rows in clean.items() if rows}


def _as_now(row: WaitingRow, changed: Mapping[int, Any]) -> WaitingRow | None:
    if row.id not in changed:
        return row
    now = changed[row.id]
    return None if now is None else row._replace(events=now.events, records=now.records)


MANY: Final = 1_000
_WAITING: Final = "SELECT count(*) FROM (SELECT FROM erasure LIMIT $1) AS marks"
_WANTED: Final = """
SELECT customer_id, sent FROM erasure
WHERE customer_id = ANY(ARRAY(SELECT DISTINCT unnest(keys) FROM outbox WHERE id = ANY($1::bigint[])))"""
