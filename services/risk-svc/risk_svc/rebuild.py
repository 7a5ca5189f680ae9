"""Rebuilding the read side from the topics: emptied, read again from their beginning, and nobody is told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from candor.messaging.consumer import Worker
from candor.store.unit_of_work import unit_of_work
from risk_svc.domain.forecast import ReferenceClasses
from risk_svc.handlers import RiskHandler
from risk_svc.learner import Learner

if TYPE_CHECKING:
    from candor.ops.clock import Clock
    from candor.store.db import Database
    from risk_svc.settings import RiskSettings

TABLES: Final = ("promise_state", "incident", "erased", "outcome_batch", "forecast_score")
POLL_SECONDS: Final = 0.2


async def empty(database: Database, group: str) -> None:
    """Forget everything folded, and where reading stood; workers still running are fenced off by it.

    Events already on their way out stay: they were true when they were written.
    """
    async with unit_of_work(database) as uow:
        await uow.connection.execute(f"TRUNCATE {', '.join(TABLES)}")
        await uow.connection.execute("DELETE FROM dead_letter WHERE grp = $1", group)
        await uow.connection.execute(
            "UPDATE lease SET offsets = '{}', owner = '', epoch = epoch + 1 WHERE grp = $1", group
        )


async def rebuild(
    settings: RiskSettings,
    database: Database,
    group: str,
    clock: Clock,
    progress: Callable[[float, int], None] | None = None,
) -> int:
    """Empty, then read all topics with publishing off until nothing is left; returns the live promises found.

    `progress` gets the seconds of events still to be read and the promises in memory. Kafka keeps 28 days: what is
    older comes back with `candor relay replay` of promise-svc and delivery-svc first.
    """
    await empty(database, group)
    learner = Learner(database, ReferenceClasses())
    handler = RiskHandler(learner.model, clock, weights=settings.weights, publishing=False)
    worker = Worker(settings, database, handler, group)
    tasks = [asyncio.create_task(worker.run()), asyncio.create_task(learner.run())]
    try:
        quiet = 0
        while quiet < 3:
            await asyncio.sleep(POLL_SECONDS)
            for task in tasks:
                if task.done():
                    task.result()
            lag = max(worker.lag_seconds.values(), default=float("inf"))
            if progress is not None:
                progress(lag, handler.cache.promises)
            owned = len(worker.owned) == settings.partitions
            quiet = quiet + 1 if owned and lag == 0 else 0
        return handler.cache.promises
    finally:
        await worker.stop()
        await learner.stop()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks)
