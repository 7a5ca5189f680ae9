"""The background that passes on statements that stayed waiting though their promise is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import structlog

from candor.ops.rounds import Rounds
from candor.store.errors import RETRIABLE, StoreUnavailable
from candor.store.unit_of_work import unit_of_work
from promise_svc.service import batch

if TYPE_CHECKING:
    from candor.store.db import Database

log: Final = structlog.get_logger("promise.joiner")
EVERY_SECONDS: Final = 1.0


class Joiner(Rounds):
    """Goes round through what waits, some rows a second: a statement and its promise may have come at one moment."""

    name = "joiner"

    def __init__(self, database: Database) -> None:
        super().__init__()
        self._database = database
        self._place = 0

    async def round(self) -> float:
        """Look once; if the database is away, again in a second."""
        try:
            await self.step()
        except (StoreUnavailable, *RETRIABLE) as error:
            log.warning("waiting statements not looked at", reason=str(error)[:300])
        return EVERY_SECONDS

    async def step(self) -> None:
        """Look at the next rows, from the first on once all were looked at."""
        async with unit_of_work(self._database) as uow:
            self._place = await batch.overlooked(uow, self._place)
