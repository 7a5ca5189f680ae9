"""A history whose ends come later teaches what came of it, at each time, and in the end all that it says."""

from __future__ import annotations

from datetime import timedelta

import pytest

from candor.contracts import MIN_CASES, Message
from candor.store.db import Database
from risk_svc.forecasting.live import PublishedModel
from risk_svc.training.timeline import Timeline
from risk_svc.worker.handlers import RiskHandler
from tests.component.risk.worker.test_journal import journalled
from tests.support.clocks import ManualClock
from tests.support.risk import ARRIVES, DUE, MADE, Desk, Story

MANY, LATE = 300, 0.3
NOW = DUE + timedelta(days=40)
WAIT = timedelta(days=1)
"""For how long an end of these promises of some hours is waited for."""


def lives(*, historical: bool) -> tuple[list[Message], list[Message]]:
    """Promises an hour apart, and their ends: three in ten come two hours late."""
    made, ended = [], []
    for number in range(MANY):
        story = Story(f"p{number}", f"c{number}", start=MADE + number * timedelta(hours=1))
        made.append(story.made(historical=historical))
        late = 120 if number % 10 < LATE * 10 else 0
        ended.append(story.milestone("arrived", late, historical=historical))
    return made, ended


async def heard_now(database: Database, clock: ManualClock) -> Desk:
    """A desk to which all that is told comes at NOW, after the promises' dates."""
    clock.set(NOW)
    desk = Desk(database, RiskHandler(PublishedModel(), clock, system=clock))
    await desk.load()
    return desk


async def usual_share_late(desk: Desk) -> float | None:
    """What the journal so far teaches, the same on every reading."""
    course = Timeline()
    course.take(sorted(await journalled(desk), key=lambda one: one.at))
    course.close(NOW.timestamp())
    return course.engine.model.context.observed("flight", MIN_CASES)


@pytest.mark.parametrize("historical", [False, True])
async def test_ends_that_come_later_teach_as_they_come_and_nothing_before(
    risk_database: Database, clock: ManualClock, historical: bool
) -> None:
    desk = await heard_now(risk_database, clock)
    made, ended = lives(historical=historical)
    for begin in range(0, MANY, 50):
        await desk.take(*made[begin : begin + 50])
    assert await journalled(desk) == []
    found = []
    for quarter in range(4):
        await desk.take(*(one for number, one in enumerate(ended) if number // 10 % 4 == quarter))
        found.append(await usual_share_late(desk))
    # Without the rule: .99 before any end, .81, .64, .47 and .30.
    assert found == [pytest.approx(LATE, abs=0.02)] * 4
    assert len(await journalled(desk)) == 2 * MANY


@pytest.mark.parametrize("historical", [False, True])
async def test_that_there_is_no_end_counts_once_it_was_waited_for_long_enough(
    risk_database: Database, clock: ManualClock, historical: bool
) -> None:
    desk = await heard_now(risk_database, clock)
    made, _ = lives(historical=historical)
    await desk.take(*made[:50])
    clock.set(NOW + WAIT - timedelta(seconds=1))
    await desk.take(tick=True)
    assert await journalled(desk) == []
    # A restart forgets neither.
    await desk.load()
    clock.set(NOW + WAIT)
    await desk.take(tick=True)
    assert {one.at for one in await journalled(desk)} == {item.envelope.time.timestamp() for item in made[:50]}
    assert await usual_share_late(desk) == 1.0
    await desk.take(tick=True)
    assert len(await journalled(desk)) == 50


async def test_what_is_heard_before_its_date_or_moved_to_a_later_one_teaches_at_once(
    desk: Desk, clock: ManualClock
) -> None:
    clock.set(MADE)
    await desk.take(Story("live").made())
    assert len(await journalled(desk)) == 1
    clock.set(NOW)
    story = Story("moved")
    await desk.take(story.made())
    assert len(await journalled(desk)) == 1
    await desk.take(story.revised(NOW + timedelta(days=9)))
    assert len(await journalled(desk)) > 1


async def test_an_end_that_was_there_first_keeps_nothing_back(desk: Desk, clock: ManualClock) -> None:
    clock.set(NOW)
    story = Story()
    await desk.take(story.milestone("arrived", at=ARRIVES))
    await desk.take(story.made())
    assert len(await journalled(desk)) == 2
