"""The background that passes on reports that stayed parked though their promise is known."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import structlog

from candor.store.errors import RETRIABLE, StoreUnavailable
from candor.store.unit_of_work import unit_of_work
from delivery_svc.service import matching

if TYPE_CHECKING:
    from candor.store.db import Database

log: Final = structlog.get_logger("delivery.matcher")
EVERY_SECONDS: Final = 1.0
PAUSE_SECONDS: Final = 0.01


class Matcher:
    """Looks once a second, in transactions of its own: what is parked delays no event."""

    name = "matcher"

    def __init__(self, database: Database) -> None:
        self._database = database
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Look until `stop`; if the database is away, try again in a second."""
        while not self._stopping.is_set():
            try:
                pause = PAUSE_SECONDS if await self.step() else EVERY_SECONDS
            except (StoreUnavailable, *RETRIABLE) as error:
                log.warning("parked reports not looked at", reason=str(error)[:300])
                pause = EVERY_SECONDS
            try:
                async with asyncio.timeout(pause):
                    await self._stopping.wait()
            except TimeoutError:
                continue

    async def stop(self) -> None:
        """End after the step in progress."""
        self._stopping.set()

    async def step(self) -> bool:
        """Do each kind of looking once; return whether a promise may have more reports waiting."""
        for look in (matching.crossed, matching.look_around):
            async with unit_of_work(self._database) as uow:
                await look(uow)
        async with unit_of_work(self._database) as uow:
            return await matching.rest(uow)
