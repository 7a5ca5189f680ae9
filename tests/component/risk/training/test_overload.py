"""More than the learner has room for, or can read: every boundary is closed in time, and it heals by itself."""

from __future__ import annotations

import math
from datetime import timedelta
from itertools import pairwise
from typing import Any

from candor.store.db import Database
from risk_svc.forecast.view import Entry, PromiseSnapshot
from risk_svc.training import journal
from risk_svc.training.learner import Learner
from risk_svc.training.timeline import Timeline
from tests.support.clocks import ManualClock
from tests.support.learning import DAY, Ticks, drained, holding, published, write
from tests.support.risk import MADE, entries, flight

MOST = 120
HOURS = 48
BURST = 20
BEGIN = MADE - 3 * DAY


def made_in(hour: int) -> list[Entry]:
    """The promises of an hour, with their whole lives: two, but in one hour ten times what fits."""
    count = 10 * MOST // 3 if hour == BURST else 2
    start = BEGIN + timedelta(hours=hour)
    lives = [flight(1000 * hour + n, 5.0, start + n * timedelta(hours=1) / count) for n in range(count)]
    return entries([item for life in lives for item in life])


async def test_ten_times_what_fits_for_an_hour_holds_up_no_version_and_passes(
    risk_database: Database, clock: ManualClock, ticks: Ticks
) -> None:
    clock.set(BEGIN)
    learner = await holding(risk_database, clock, ticks, most=MOST)
    shares, waiting = [], []
    written: list[Entry] = [entry for hour in range(HOURS) for entry in made_in(hour)]
    for hour in range(HOURS + 1):
        now = (BEGIN + timedelta(hours=hour)).timestamp()
        here = sorted((entry for entry in written if now <= entry.at < now + 3600), key=lambda one: one.at)
        for start in range(0, len(here), 40):
            await write(risk_database, here[start : start + 40])
            await learner.turn()
            assert learner.course is not None
            waiting.append(learner.course.waiting)
        clock.set(BEGIN + timedelta(hours=hour + 1))
        await drained(learner, ticks)
        assert learner.course is not None
        # Whatever came, the hour that has passed is learnt.
        assert (learner.idle, learner.course.engine.boundary) == (True, now + 3600)
        shares.append(learner.course.sample.share)
    assert max(waiting) <= MOST + 40
    assert set(shares[:BURST]) == {1.0}
    assert min(shares) <= 1 / 8
    assert shares[-1] == 1.0
    made = await published(risk_database)
    assert list(made) == list(range(1, len(made) + 1))


class Moving(Ticks):
    """A clock that moves whenever somebody looks."""

    def __call__(self) -> float:
        self.now += 0.02
        return self.now


async def test_a_journal_that_never_ends_holds_up_no_turn_and_closes_nothing_before_it_is_read(
    risk_database: Database, clock: ManualClock
) -> None:
    clock.set(BEGIN + timedelta(hours=HOURS))
    rows = [one for hour in range(HOURS) for one in entries(flights_of(hour))]
    for row in rows:
        await write(risk_database, [row])
    learner = await holding(risk_database, clock, Moving())
    assert await learner.turn()
    read = [await left(risk_database, learner)]
    assert 0 < read[0] < len(rows)
    assert not learner.idle
    while read[-1]:
        assert await learner.turn()
        assert learner.course is not None
        read.append(await left(risk_database, learner))
        assert not read[-1] or learner.course.engine.boundary == -math.inf
    # A turn reads for a second, in which the clock is looked at fifty times, and once for each row.
    assert all(before - after <= 4 * journal.ROWS for before, after in pairwise(read))
    course = await to_the_end(learner)
    assert (course.engine.boundary, course.late) == ((BEGIN + timedelta(hours=HOURS)).timestamp(), 0)


async def test_where_the_journal_never_ends_an_hour_is_closed_once_it_has_waited_long_enough(
    risk_database: Database, clock: ManualClock
) -> None:
    clock.set(BEGIN + timedelta(hours=HOURS))
    await write(risk_database, entries(flights_of(0)))
    ticks = Moving()
    learner = await holding(risk_database, clock, ticks)
    boundaries = []
    for _ in range(3):
        for row in range(8 * journal.ROWS):
            await write(risk_database, entries(flights_of(HOURS - 1 - row % 3)))
        assert await learner.turn()
        assert await left(risk_database, learner)
        ticks.now += 61.0
        assert learner.course is not None
        boundaries.append(learner.course.engine.boundary)
    assert boundaries[0] == -math.inf
    assert -math.inf < boundaries[1] < boundaries[2]


async def test_of_promises_that_are_left_out_nothing_is_kept(
    risk_database: Database, clock: ManualClock, ticks: Ticks
) -> None:
    clock.set(BEGIN + timedelta(hours=HOURS))
    learner = await holding(risk_database, clock, ticks, most=MOST)
    flood = made_in(BURST)
    for start in range(0, len(flood), 40):
        await write(risk_database, flood[start : start + 40])
        await learner.turn()
    assert learner.course is not None
    assert learner.course.left_out > len(flood) / 2
    kept = {row["name"] for row in await risk_database.pool.fetch("SELECT name FROM learnt_fact")}
    made = {f"1{entry.view.promise_id}": entry for entry in flood if isinstance(entry, PromiseSnapshot)}
    assert set(made) > kept
    last = {f"1{one.view.promise_id}" for one in flood[-40:] if isinstance(one, PromiseSnapshot)}
    assert {name for name in last if not learner.course.leaves_out(made[name])} == last & kept
    assert kept


async def to_the_end(learner: Learner) -> Timeline:
    while not learner.idle:
        await learner.turn()
    assert learner.course is not None
    return learner.course


def flights_of(hour: int) -> list[Any]:
    return [item for n in range(3) for item in flight(1000 * hour + n, 5.0, BEGIN + timedelta(hours=hour))]


async def left(database: Database, learner: Learner) -> int:
    """Rows that the learner has not read."""
    return await database.pool.fetchval("SELECT count(*) FROM journal WHERE id > $1", learner._place.row) or 0
