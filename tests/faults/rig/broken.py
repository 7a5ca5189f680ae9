"""A risk worker that is wrong on purpose: offsets are committed first, effects follow in a transaction of their own.

Run in place of the right one (`python -m tests.faults.rig.broken`) by the test that shows that the checker notices.
The first time it has something to save it is killed (-9) instead, exactly between the two: a kill from outside may miss
that moment, and then there is nothing to notice. The file named by `BROKEN_MARK` says that this has happened.
"""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI

from candor.messaging.consumer import Work, Worker
from candor.messaging.relay import Relay
from candor.ops.loading import load
from candor.runtime import Background, serve, worker_app
from candor.store.db import Database
from candor.store.unit_of_work import UnitOfWork, unit_of_work
from risk_svc.forecasting.follower import Follower
from risk_svc.forecasting.live import PublishedModel
from risk_svc.settings import WorkerSettings
from risk_svc.wiring import GROUP
from risk_svc.worker.handlers import RiskHandler


class CommitsFirst(RiskHandler):
    """The loop commits offsets with an empty transaction; what they stood for is saved up to a second later."""

    database: Database
    late: tuple[Work, ...] = ()

    async def apply(self, uow: UnitOfWork, work: Sequence[Work], *, tick: bool) -> None:
        earlier = self.late if tick else ()
        new = tuple(Work(item.partition, list(item.messages)) for item in work)
        self.late = new if tick else self.late + new
        held = [item for item in earlier if item.partition in self.cache.partitions]
        if any(item.messages for item in held):
            self._die_once()
            async with unit_of_work(self.database) as own:
                await super().apply(own, held, tick=tick)

    @staticmethod
    def _die_once() -> None:
        mark = Path(os.environ["BROKEN_MARK"])
        if not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)


def app(settings: WorkerSettings) -> FastAPI:
    """The worker's app, put together as risk_svc.wiring does."""

    @asynccontextmanager
    async def parts(app: FastAPI) -> AsyncIterator[Sequence[Background]]:
        database = await Database.open(settings.database, partitions=settings.partitions)
        follower = Follower(database, PublishedModel())
        handler = CommitsFirst(follower.published, settings.business_clock())
        handler.database = database
        try:
            yield [Worker(settings, database, handler, GROUP), follower, Relay(settings, database, keeps=False)]
        finally:
            await database.close()

    return worker_app("A risk worker that commits before it saves", settings, parts)


if __name__ == "__main__":
    # What follows a lost event is buried; the limit that would stop the worker is not on trial here.
    broken = load(WorkerSettings, dead_letters_in_a_row=1_000_000, dead_letter_share=1.0)
    serve(broken, app(broken))
