"""When rows that were sent before go out again: behind live ones, one window at a time, for a share of the time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable
from typing import TYPE_CHECKING, Final

import structlog

from candor.messaging import metrics
from candor.messaging.inflight_window import InflightWindow
from candor.store import eraser, outbox, replaying
from candor.store.unit_of_work import unit_of_work

if TYPE_CHECKING:
    from candor.store.db import Database
    from candor.store.outbox import WaitingRow

SHARE: Final = 0.25
"""Of the time, what windows that go out again are on their way."""
ROWS, EVENTS = 200, 1_000
"""A window of them: a live event that comes meanwhile waits for it to end."""
MARK_SECONDS: Final = 0.1
IDLE_SECONDS: Final = 1.0
MOST: Final = 200_000
"""Rows that are counted; more are that many."""
log = structlog.get_logger("candor.relay")

_WAITING: Final = "SELECT count(*) FROM (SELECT FROM outbox WHERE again > 0 LIMIT $1) AS lane"
_PARTITIONS: Final = """
SELECT number FROM unnest($1::int[]) AS number
WHERE EXISTS (SELECT FROM outbox WHERE partition = number AND again > 0 AND published_at IS NOT NULL)"""


class Lane:
    """One relay's sending again; `wake` makes the relay look at once."""

    def __init__(self, database: Database, wake: Callable[[], None]) -> None:
        self._database = database
        self._wake = wake
        self._free_at = 0.0
        self._begun: float | None = None
        self._turn = 0
        self._waiting = False

    async def next(self, partitions: Collection[int]) -> tuple[int, list[WaitingRow]] | None:
        """The next window, of one of these partitions, none of which has a live row waiting; None if it is not time."""
        now = asyncio.get_running_loop().time()
        if not self._waiting or self._begun is not None or now < self._free_at or not partitions:
            return None
        found = [row["number"] for row in await self._database.pool.fetch(_PARTITIONS, sorted(partitions))]
        if not found:
            return None
        self._turn += 1
        number = found[self._turn % len(found)]
        windows = await outbox.waiting(self._database, [number], rows=ROWS, events=EVENTS, again=True)
        rows = (await eraser.cleansed(self._database, windows)).get(number)
        if not rows:
            return None
        self._begun = now
        return number, rows

    def put_back(self) -> None:
        """Forget the window that `next` gave: it is not sent."""
        self._begun = None

    def ended(self, flights: Iterable[InflightWindow]) -> None:
        """Note that flights ended: after one of this lane the others have the rest of the time."""
        if self._begun is None or not any(flight.again for flight in flights):
            return
        loop = asyncio.get_running_loop()
        rest = (loop.time() - self._begun) * (1 / SHARE - 1)
        self._begun, self._free_at = None, loop.time() + rest
        loop.call_later(rest, self._wake)

    async def mark(self) -> None:
        """Mark what is asked for, a page at a time, until cancelled; every failure is tried again."""
        while True:
            more = False
            try:
                async with unit_of_work(self._database) as uow:
                    more = await replaying.step(uow)
                count = await self._database.pool.fetchval(_WAITING, MOST)
                metrics.OUTBOX_AGAIN_ROWS.set(count)
                self._waiting = count > 0
                self._wake()
            except Exception as error:
                log.warning("events to send again not marked", error=type(error).__name__, consequence="tried again")
            await asyncio.sleep(MARK_SECONDS if more else IDLE_SECONDS)
