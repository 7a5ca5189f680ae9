"""Keeps the record of next updates: each time that a message named is judged once it has passed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import structlog

from candor.ops.rounds import Rounds
from candor.store.errors import StoreUnavailable
from candor.store.unit_of_work import unit_of_work
from notify_svc import metrics
from notify_svc.store import updates

if TYPE_CHECKING:
    from candor.ops.clock import Clock
    from candor.store.db import Database

EVERY_SECONDS: Final = 5.0
SOON_SECONDS: Final = 0.1
log = structlog.get_logger("notify.updates")


class Announced(Rounds):
    """A background that judges what is due by the business clock, some a transaction; several processes share it."""

    name = "next updates"

    def __init__(self, database: Database, clock: Clock) -> None:
        super().__init__()
        self._database = database
        self._clock = clock

    async def round(self) -> float:
        """Judge some; without the database they wait."""
        try:
            return SOON_SECONDS if await self.judge() == updates.MOST else EVERY_SECONDS
        except StoreUnavailable as error:
            log.warning("next updates not judged", reason=error.detail, consequence="they are judged later")
        return EVERY_SECONDS

    async def judge(self) -> int:
        """Judge some in one transaction; return how many."""
        async with unit_of_work(self._database) as uow:
            found = await updates.judge(uow, self._clock.now())
        for state, count in found.items():
            metrics.NEXT_UPDATES.labels(state).inc(count)
        if late := found[updates.UpdateState.BROKEN]:
            log.info("next updates not written in time", count=late)
        return found.total()
