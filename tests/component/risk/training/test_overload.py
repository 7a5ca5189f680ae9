"""Ten times what the learner has room for, for some time: every boundary is closed in time, and it heals by itself."""

from __future__ import annotations

from datetime import timedelta

from candor.store.db import Database
from risk_svc.forecast.view import Entry
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
