"""Learners on a real database, moved on by hand or at work."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from candor.store.db import Database
from candor.store.unit_of_work import unit_of_work
from risk_svc.forecast.view import Entry
from risk_svc.training import journal
from risk_svc.training.learner import Learner
from risk_svc.training.pacing import Pacing
from risk_svc.training.timeline import MOST, Timeline
from tests.support.clocks import ManualClock

DAY = timedelta(days=1)
EACH = Pacing(quiet=2.0, longest=60.0, checkpoint=1e9, chunk=0.0)
"""Every boundary is a piece of its own, so that every version is published."""


class Ticks:
    """A monotonic clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


async def write(database: Database, found: Iterable[Entry], partition: int = 0) -> None:
    async with unit_of_work(database) as uow:
        await journal.write(uow.connection, {partition: list(found)})


async def drained(learner: Learner, ticks: Ticks) -> None:
    """Turn after turn until the quiet time is over and nothing more may be closed."""
    await learner.turn()
    ticks.now += 3.0
    while await learner.turn():
        pass


async def settled(learner: Learner, ticks: Ticks) -> None:
    """Until all that came out of its turn is learnt anew."""
    for _ in range(20):
        await drained(learner, ticks)
        ticks.now += 15.0
        if not learner.anew.pending:
            return
    raise AssertionError(f"still to be learnt anew: {learner.anew.marks}")


async def holding(
    database: Database, clock: ManualClock, ticks: Ticks, pacing: Pacing = EACH, *, most: int = MOST
) -> Learner:
    """A learner that has just taken the lease; its lease is renewed by hand."""
    learner = Learner(database, clock, pacing, most=most, system=ticks)
    await learner.leases.renew()
    assert learner.leases.epochs
    return learner


async def published(database: Database) -> dict[int, tuple[float, bytes]]:
    rows = await database.pool.fetch("SELECT version, boundary, body FROM model_version ORDER BY version")
    return {row["version"]: (row["boundary"], row["body"]) for row in rows}


async def count(database: Database, table: str) -> int:
    found: int = await database.pool.fetchval(f"SELECT count(*) FROM {table}")
    return found


def course_of(found: Iterable[Entry], end: float) -> Timeline:
    """What is learnt of these entries without a database between."""
    course = Timeline()
    course.take(found)
    course.close(end)
    return course
