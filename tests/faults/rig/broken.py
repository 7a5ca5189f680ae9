"""A risk worker that is wrong on purpose: offsets are committed first, effects follow in a transaction of their own.

Run in place of the right one (`python -m tests.faults.rig.broken`) by the test that shows that the checker notices.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from fastapi import FastAPI

from candor.messaging.consumer import Work, Worker
from candor.messaging.relay import Relay
from candor.ops.settings import load
from candor.runtime import Background, serve, worker_app
from candor.store.db import Database
from candor.store.unit_of_work import UnitOfWork, unit_of_work
from risk_svc.domain.forecast import ReferenceClasses
from risk_svc.handlers import RiskHandler
from risk_svc.learner import Learner
from risk_svc.settings import WorkerSettings
from risk_svc.wiring import GROUP


class CommitsFirst(RiskHandler):
    """The loop commits offsets with an empty transaction; what they stood for is saved up to a second later."""

    database: Database
    late: tuple[Work, ...] = ()

    async def apply(self, uow: UnitOfWork, work: Sequence[Work], *, tick: bool) -> None:
        late = self.late + tuple(Work(item.partition, list(item.messages)) for item in work)
        self.late = () if tick else late
        held = [item for item in late if tick and item.partition in self.cache.partitions]
        if held:
            async with unit_of_work(self.database) as own:
                await super().apply(own, held, tick=tick)


def app(settings: WorkerSettings) -> FastAPI:
    """The worker's app, put together as risk_svc.wiring does."""

    @asynccontextmanager
    async def parts(app: FastAPI) -> AsyncIterator[Sequence[Background]]:
        database = await Database.open(settings.database, partitions=settings.partitions)
        learner = Learner(database, ReferenceClasses())
        handler = CommitsFirst(learner.model, settings.business_clock())
        handler.database = database
        try:
            yield [Worker(settings, database, handler, GROUP), learner, Relay(settings, database, keeps=False)]
        finally:
            await database.close()

    return worker_app("A risk worker that commits before it saves", settings, parts)


if __name__ == "__main__":
    # What follows a lost event is buried; the limit that would stop the worker is not on trial here.
    broken = load(WorkerSettings, dead_letters_in_a_row=1_000_000, dead_letter_share=1.0)
    serve(broken, app(broken))
