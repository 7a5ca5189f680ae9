"""The learner: every outcome of the fleet once, whatever order transactions commit in."""

from __future__ import annotations

import asyncio
import random

import numpy as np
import pytest

from candor.store.db import Database
from candor.store.unit_of_work import unit_of_work
from risk_svc import store
from risk_svc.domain.forecast import ReferenceClasses
from risk_svc.learner import Learner
from tests.support.risk import DEPARTS_S, MADE_S, case, outcome, outcomes
from tests.support.waiting import until


async def write(database: Database, count: int, partition: int = 0) -> None:
    async with unit_of_work(database) as uow:
        await store.save_outcomes(uow.connection, partition, outcomes(count))


async def test_it_learns_what_is_there_and_then_only_what_is_new(risk_database: Database) -> None:
    learner = Learner(risk_database, ReferenceClasses())
    for number in range(3):
        await write(risk_database, 5, number)
    assert await learner.catch_up() == 15
    assert await learner.catch_up() == 0
    await write(risk_database, 2)
    assert await learner.catch_up() == 2
    assert learner.model.learned == 17


async def test_a_transaction_that_commits_late_is_not_stepped_over(risk_database: Database) -> None:
    learner = Learner(risk_database, ReferenceClasses())
    async with unit_of_work(risk_database) as slow:
        await store.save_outcomes(slow.connection, 0, outcomes(1))
        await write(risk_database, 10)
        assert await learner.catch_up() == 0
    assert await learner.catch_up() == 11


@pytest.mark.parametrize("most", [2, 200])
async def test_transaction_ids_that_gain_a_digit_are_learnt_once_and_in_their_order(
    risk_database: Database, most: int
) -> None:
    # As text, 10 would come before 9: lessons would be learnt twice, or left out.
    for number in range(8, 13):
        await write(risk_database, 1)
        await risk_database.pool.execute(
            "UPDATE outcome_batch SET xid = $1::text::xid8 WHERE id = (SELECT max(id) FROM outcome_batch)", str(number)
        )
    found, since = 0, 0
    for _ in range(10):
        async with risk_database.pool.acquire() as connection:
            lessons, since = await store.new_outcomes(connection, since, most)
        found += len(lessons)
    assert (found, since) == (5, 13)


async def test_many_writers_and_one_follower_miss_nothing(risk_database: Database, seeded: random.Random) -> None:
    learner = Learner(risk_database, ReferenceClasses())

    async def writer() -> None:
        for _ in range(10):
            async with unit_of_work(risk_database) as uow:
                await store.save_outcomes(uow.connection, 0, outcomes(1))
                await asyncio.sleep(seeded.random() * 0.01)

    following = asyncio.create_task(learner.run())
    await asyncio.gather(*(writer() for _ in range(5)))
    await until(lambda: learner.model.learned >= 50)
    await learner.stop()
    await following
    assert await learner.catch_up() == 0
    assert learner.model.learned == 50


async def test_rows_of_one_transaction_are_read_together_however_few_are_asked_for(risk_database: Database) -> None:
    async with unit_of_work(risk_database) as uow:
        for number in range(3):
            await store.save_outcomes(uow.connection, number, [outcome(float(number))])
    await write(risk_database, 1)
    async with risk_database.pool.acquire() as connection:
        found, following = await store.new_outcomes(connection, 0, 4)
        assert len(found) == 3
        rest, _ = await store.new_outcomes(connection, following, 4)
    assert len(rest) == 1


async def test_two_workers_forecast_with_the_same_model(risk_database: Database) -> None:
    first = Learner(risk_database, ReferenceClasses())
    for number in range(4):
        await write(risk_database, 60, number)
        await first.catch_up()
    late = Learner(risk_database, ReferenceClasses())
    await late.catch_up()
    cases = [case(), case(departed=20), case(departed=-4, labels={"carrier": "XB"})]
    one, other = (learner.model.forecast(cases, DEPARTS_S + 1800) for learner in (first, late))
    np.testing.assert_allclose(one.p_slip, other.p_slip, rtol=1e-9)
    assert one.model == other.model == 240


async def test_an_outage_is_waited_out(risk_url: str) -> None:
    database = await Database.open(risk_url)
    learner = Learner(database, ReferenceClasses())
    await database.pool.expire_connections()
    following = asyncio.create_task(learner.run())
    await database.pool.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
        "AND pid <> pg_backend_pid()"
    )
    await write(database, 3)
    await until(lambda: learner.model.learned == 3)
    await learner.stop()
    await following
    await database.close()


async def test_lessons_come_back_as_they_went_in(risk_database: Database) -> None:
    lessons = [outcome(12.5, troubles=[(MADE_S, None, 0.5)]), outcome(None)]
    async with unit_of_work(risk_database) as uow:
        await store.save_outcomes(uow.connection, 0, lessons)
    async with risk_database.pool.acquire() as connection:
        found, _ = await store.new_outcomes(connection, 0, 10)
    assert found == lessons
