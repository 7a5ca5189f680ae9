"""Keeps a worker's model up to date with what all workers learnt, by following one table."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import structlog

from risk_svc import measures, store
from risk_svc.domain.forecast import ReferenceClasses

if TYPE_CHECKING:
    from candor.store.db import Database

log = structlog.get_logger("risk.learner")
POLL_SECONDS: Final = 0.5
ROWS: Final = 200
AT_ONCE: Final = 100


class Learner:
    """A background of the worker: every settled promise of the fleet enters `model` once, within about a second."""

    name = "learner"

    def __init__(self, database: Database, model: ReferenceClasses) -> None:
        self.model = model
        self._database = database
        self._next = 0
        self._stopping = asyncio.Event()

    async def catch_up(self) -> int:
        """Learn all that is there; returns how many outcomes. Raises what the database raises."""
        total = 0
        while True:
            async with self._database.pool.acquire(timeout=5) as connection:
                outcomes, following = await store.new_outcomes(connection, self._next, ROWS)
            for start in range(0, len(outcomes), AT_ONCE):
                self.model.learn(outcomes[start : start + AT_ONCE])
                # Let events through: a long history must not hold up the present.
                await asyncio.sleep(0)
            total += len(outcomes)
            if following == self._next:
                measures.LEARNED.set(self.model.learned)
                measures.CLASSES.set(self.model.classes)
                return total
            self._next = following

    async def run(self) -> None:
        """Follow until `stop`; an outage of the database is waited out."""
        while not self._stopping.is_set():
            try:
                await self.catch_up()
            except Exception as error:
                log.warning("outcomes not read", error=type(error).__name__, consequence="forecasts rest on older ones")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), POLL_SECONDS)

    async def stop(self) -> None:
        """End after the read that is under way."""
        self._stopping.set()
