"""Rebuilds the read side from the topics: emptied, read again from the beginning, without publishing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from candor.messaging.consumer import Worker
from candor.store import audit
from candor.store.unit_of_work import unit_of_work
from risk_svc.forecasting import model_store
from risk_svc.forecasting.follower import Follower
from risk_svc.forecasting.live import PublishedModel
from risk_svc.training.learner import Learner
from risk_svc.worker.handlers import RiskHandler

if TYPE_CHECKING:
    from candor.ops.clock import Clock
    from candor.store.db import Database
    from risk_svc.settings import RiskSettings

TABLES: Final = ("promise_state", "incident", "erased", "forecast_score", *model_store.TABLES)
POLL_SECONDS: Final = 0.2
Progress = Callable[[float, int], None]


async def empty(database: Database, group: str) -> None:
    """Delete all that was folded and learned, and the read positions; this fences off running workers and learners.

    Events already in the outbox stay: they were true when they were written. The audit log says who emptied it.
    """
    async with unit_of_work(database) as uow:
        await uow.connection.execute(f"TRUNCATE {', '.join(TABLES)}")
        await uow.connection.execute("DELETE FROM dead_letter WHERE grp = $1", group)
        await uow.connection.execute(
            "UPDATE lease SET offsets = '{}', owner = '', epoch = epoch + 1 WHERE grp = ANY($1::text[])",
            [group, model_store.LEARNER],
        )
        await audit.write(uow, [audit.Act(audit.of_this_machine(), "read_side.rebuild", "risk-svc")])


async def rebuild(
    settings: RiskSettings, database: Database, group: str, clock: Clock, progress: Progress | None = None
) -> int:
    """Empty, read all topics and learn, without publishing, until nothing is left; returns how many promises are live.

    `progress` receives the seconds of events still to be read and the number of promises in memory. Kafka keeps 28
    days: for older events, run `candor relay replay` of promise-svc and delivery-svc first.
    """
    await empty(database, group)
    learner, follower = Learner(database, clock), Follower(database, PublishedModel())
    handler = RiskHandler(follower.published, clock, definition=settings.definition, publishing=False)
    worker = Worker(settings, database, handler, group)
    tasks = [asyncio.create_task(part.run()) for part in (worker, learner, follower)]
    try:

        def read() -> bool:
            lag = max(worker.lag_seconds.values(), default=float("inf"))
            if progress is not None:
                progress(lag, handler.cache.promises)
            return len(worker.owned) == settings.partitions and lag == 0

        await _steadily(read, tasks)
        turns = learner.turns
        await _steadily(lambda: read() and learner.idle and learner.turns > turns + 1, tasks)
        # Early forecasts were made by models that had learned little: repeat them with the newest, unpublished.
        await follower.catch_up()
        handler.cache.look_again(clock.now().timestamp())
        await _steadily(lambda: not handler.cache.overdue(clock.now().timestamp()), tasks)
        return handler.cache.promises
    finally:
        for part in (worker, learner, follower):
            await part.stop()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks)


async def _steadily(true: Callable[[], bool], tasks: list[asyncio.Task[None]]) -> None:
    """Returns once `true` held three times in a row; raises the error that ended one of the tasks."""
    looks = 0
    while looks < 3:
        await asyncio.sleep(POLL_SECONDS)
        for task in tasks:
            if task.done():
                task.result()
        looks = looks + 1 if true() else 0
