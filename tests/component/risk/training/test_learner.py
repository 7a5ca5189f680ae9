"""The learner on a real database: every entry once and in order, one at a time, the same bytes after a restart."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from candor.contracts import Message
from candor.store.db import Database
from candor.store.unit_of_work import unit_of_work
from risk_svc.forecast.serialization import model_bytes
from risk_svc.forecast.view import Entry, PromiseSnapshot
from risk_svc.forecasting.follower import Follower
from risk_svc.forecasting.live import PublishedModel
from risk_svc.forecasting.snapshots import pseudonym
from risk_svc.training import journal
from risk_svc.training.journal import Place
from risk_svc.training.learner import FencedError, Learner
from tests.support.at_work import at_work
from tests.support.clocks import ManualClock
from tests.support.learning import DAY, EACH, Ticks, count, course_of, drained, holding, published, settled, write
from tests.support.risk import MADE, Story, entries, flights
from tests.support.waiting import until


async def test_it_publishes_a_version_a_boundary_and_each_is_what_the_engine_alone_would_say(
    risk_database: Database, clock: ManualClock, ticks: Ticks
) -> None:
    found = entries(flights(30))
    await write(risk_database, found[:40], 0)
    await write(risk_database, found[40:], 1)
    await drained(await holding(risk_database, clock, ticks), ticks)
    made = await published(risk_database)
    assert list(made) == list(range(1, len(made) + 1))
    assert len(made) > 20
    for _, (boundary, body) in [*made.items()][::9]:
        assert body == model_bytes(course_of(found, boundary).engine.model)
    boundaries = [boundary for boundary, _ in made.values()]
    assert boundaries == sorted(set(boundaries))
    assert max(boundaries) <= MADE.timestamp()


async def test_what_the_batches_bring_in_any_order_of_time_is_learnt_in_business_time(
    risk_database: Database, clock: ManualClock, ticks: Ticks, seeded: random.Random
) -> None:
    found = entries(flights(30))
    lives = [found[start : start + 3] for start in range(0, len(found), 3)]
    seeded.shuffle(lives)
    for number, life in enumerate(lives):
        await write(risk_database, life, number % 4)
    await drained(await holding(risk_database, clock, ticks), ticks)
    [*_, (boundary, body)] = (await published(risk_database)).values()
    assert body == model_bytes(course_of(found, boundary).engine.model)


async def test_a_transaction_that_commits_late_is_not_stepped_over(
    risk_database: Database, clock: ManualClock, ticks: Ticks
) -> None:
    first, second = entries(flights(2))[:3], entries(flights(2))[3:]
    learner = await holding(risk_database, clock, ticks)
    async with unit_of_work(risk_database) as slow:
        await journal.write(slow.connection, {0: first})
        await write(risk_database, second, 1)
        await learner.turn()
        assert learner.course is not None
        assert learner.course.taken == 0
    await learner.turn()
    assert learner.course.taken == 6


@pytest.mark.parametrize("most", [1, 2, 200])
async def test_transaction_ids_that_gain_a_digit_are_read_once_and_in_their_order(
    risk_database: Database, most: int
) -> None:
    # As text, 10 would come before 9: entries would be learnt twice, or left out.
    [made, *_] = entries(flights(1))
    for number in range(8, 13):
        await write(risk_database, [made])
        await risk_database.pool.execute(
            "UPDATE journal SET xid = $1::text::xid8 WHERE id = (SELECT max(id) FROM journal)", str(number)
        )
    place, xids = Place(), []
    async with risk_database.pool.acquire() as connection:
        while rows := await journal.read(connection, place, most=most):
            xids += [row.place.xid for row in rows]
            place = rows[-1].place
        assert xids == [8, 9, 10, 11, 12]
        below = await journal.read(connection, Place(), 11, 200)
        assert [row.place.xid for row in below] == [8, 9, 10]
        assert await journal.unread(connection, Place(9, 10**6)) == 3


async def test_many_writers_and_one_learner_miss_nothing(
    risk_database: Database, clock: ManualClock, seeded: random.Random
) -> None:
    clock.set(MADE - 30 * DAY)
    learner = Learner(risk_database, clock, EACH)
    lives = [entries([Story(f"p{n}", f"c{n}").made()]) for n in range(50)]

    async def writer(own: list[list[Entry]]) -> None:
        for life in own:
            async with unit_of_work(risk_database) as uow:
                await journal.write(uow.connection, {0: life})
                await asyncio.sleep(seeded.random() * 0.01)

    async with at_work(learner):
        await asyncio.gather(*(writer(lives[part::5]) for part in range(5)))
        await until(lambda: learner.course is not None and learner.course.taken >= 50)
        await asyncio.sleep(0)
        assert learner.course is not None
        assert learner.course.taken == 50
        assert learner.course.waiting == 50


async def test_while_the_past_comes_in_its_boundaries_wait(
    risk_database: Database, clock: ManualClock, ticks: Ticks
) -> None:
    found = sorted(entries(flights(30)), key=lambda one: one.at)
    learner = await holding(risk_database, clock, ticks)
    for start in range(0, 60, 20):
        await write(risk_database, found[start : start + 20])
        while await learner.turn():
            pass
        assert learner.course is not None
        # All but the hours that this piece is about may be closed: nothing from before them came in with it.
        assert learner.course.engine.boundary <= found[start].at
        ticks.now += 1.0
    ticks.now += 2.0
    while await learner.turn():
        pass
    assert learner.course is not None
    assert learner.course.upcoming > clock.now().timestamp()
    assert learner.course.late == 0


async def test_a_straggler_is_learnt_late_and_holds_up_nothing_for_longer_than_a_minute(
    risk_database: Database, clock: ManualClock, ticks: Ticks
) -> None:
    found = sorted(entries(flights(10)), key=lambda one: one.at)
    early, rest = found[:1], found[1:]
    learner = await holding(risk_database, clock, ticks)
    await write(risk_database, rest)
    await learner.turn()
    assert learner.course is not None
    first = learner.course.upcoming
    for _ in range(61):
        ticks.now += 1.0
        await write(risk_database, [rest[0]])
        await learner.turn()
    assert learner.course.engine.boundary == first
    await write(risk_database, early)
    await drained(learner, ticks)
    assert learner.course.late >= 1
    assert not learner.idle
    await settled(learner, ticks)
    assert learner.idle


async def test_one_learns_at_a_time_and_who_lost_the_lease_publishes_nothing(
    risk_database: Database, clock: ManualClock, ticks: Ticks
) -> None:
    await write(risk_database, entries(flights(30)))
    first = await holding(risk_database, clock, ticks)
    second = Learner(risk_database, clock, EACH, system=ticks)
    await second.leases.renew()
    await second.turn()
    assert second.course is None
    await first.turn()
    await risk_database.pool.execute("DELETE FROM member")
    await second.leases.renew()
    ticks.now += 3.0
    with pytest.raises(FencedError):
        await first.turn()
    assert await published(risk_database) == {}
    with pytest.raises(FencedError):
        await first.save()
    assert await count(risk_database, "learner_state") == 0
    await drained(second, ticks)
    assert await published(risk_database) != {}


async def test_two_workers_forecast_with_the_same_model(
    risk_database: Database, clock: ManualClock, ticks: Ticks
) -> None:
    first, late = (Follower(risk_database, PublishedModel()) for _ in range(2))
    learner = await holding(risk_database, clock, ticks)
    for part in range(3):
        await write(risk_database, entries(flights(60))[part * 60 : part * 60 + 60], part)
        await drained(learner, ticks)
        await first.catch_up()
    await late.catch_up()
    [seen] = entries([Story().made()])
    assert isinstance(seen, PromiseSnapshot) and learner.course is not None
    now = MADE.timestamp()
    one, other = (follower.published.forecast([seen.view], [[]], now) for follower in (first, late))
    assert one.model == other.model == learner.course.version
    assert one.p_slip.tolist() == other.p_slip.tolist()
    assert np.array_equal(one.q90, other.q90, equal_nan=True)
    assert one.records == other.records


async def test_an_outage_is_waited_out(risk_url: str, clock: ManualClock) -> None:
    database = await Database.open(risk_url)
    learner, follower = Learner(database, clock, EACH._replace(quiet=0.01)), Follower(database, PublishedModel())
    async with at_work(learner, follower):
        await until(lambda: learner.course is not None)
        await database.pool.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
            "AND pid <> pg_backend_pid()"
        )
        await write(database, entries(flights(12)))
        await until(lambda: follower.published.version > 0)
    await database.close()


async def test_no_name_of_a_promise_or_customer_is_in_the_journal_or_a_model(
    risk_database: Database, clock: ManualClock, ticks: Ticks
) -> None:
    messages: list[Message] = []
    for number in range(12):
        story = Story(f"secret-{number}", "secret-customer", start=MADE - DAY + number * timedelta(minutes=30))
        messages += [story.made(), story.milestone("departed", 9, reason="secret"), story.milestone("arrived", 9)]
    await write(risk_database, entries(messages))
    learner = await holding(risk_database, clock, ticks)
    [row] = await risk_database.pool.fetch("SELECT entries FROM journal")
    assert b"secret" not in row["entries"]
    assert pseudonym("secret-3").encode() in row["entries"]
    clock.set(MADE + DAY)
    await drained(learner, ticks)
    await learner.save()
    assert learner.course is not None
    bodies: list[Any] = [body for _, body in (await published(risk_database)).values()]
    assert bodies
    assert "secret" not in repr(learner.course.engine.open)
