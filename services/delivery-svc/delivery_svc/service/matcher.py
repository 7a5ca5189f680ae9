"""The background that passes on reports that stayed parked though their promise is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import structlog

from candor.ops.rounds import Rounds
from candor.store.errors import RETRIABLE, StoreUnavailable
from candor.store.unit_of_work import unit_of_work
from delivery_svc.service import matching

if TYPE_CHECKING:
    from candor.store.db import Database

log: Final = structlog.get_logger("delivery.matcher")
EVERY_SECONDS: Final = 1.0
PAUSE_SECONDS: Final = 0.01


class Matcher(Rounds):
    """Looks once a second, in transactions of its own: what is parked delays no event."""

    name = "matcher"

    def __init__(self, database: Database) -> None:
        super().__init__()
        self._database = database

    async def round(self) -> float:
        """Look once; if the database is away, again in a second."""
        try:
            return PAUSE_SECONDS if await self.step() else EVERY_SECONDS
        except (StoreUnavailable, *RETRIABLE) as error:
            log.warning("parked reports not looked at", reason=str(error)[:300])
            return EVERY_SECONDS

    async def step(self) -> bool:
        """Do each kind of looking once; return whether a promise may have more reports waiting."""
        for look in (matching.crossed, matching.look_around):
            async with unit_of_work(self._database) as uow:
                await look(uow)
        async with unit_of_work(self._database) as uow:
            return await matching.rest(uow)
