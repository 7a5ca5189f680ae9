"""What a learner goes on from: its checkpoint, its recorded steps, or nothing; and what is then published again."""

from __future__ import annotations

import pytest

from candor.store.db import Database
from candor.store.unit_of_work import unit_of_work
from risk_svc.forecast.serialization import model_bytes
from risk_svc.forecasting import model_store
from risk_svc.forecasting.follower import Follower
from risk_svc.forecasting.live import PublishedModel
from risk_svc.forecasting.model_store import LEARNER
from risk_svc.training import journal
from risk_svc.training.journal import Place
from risk_svc.training.learner import Learner
from risk_svc.training.timeline import Timeline
from tests.support.at_work import at_work
from tests.support.clocks import ManualClock
from tests.support.learning import DAY, EACH, Ticks, count, drained, holding, published, write
from tests.support.risk import MADE, entries, flights
from tests.support.waiting import until


@pytest.mark.parametrize("checkpoint_after", [None, 0, 2])
async def test_who_goes_on_after_a_crash_publishes_the_same_bytes_under_the_same_numbers(
    risk_database: Database, clock: ManualClock, ticks: Ticks, checkpoint_after: int | None
) -> None:
    found = sorted(entries(flights(40)), key=lambda one: one.at)
    learner = await holding(risk_database, clock, ticks)
    for number, start in enumerate(range(0, len(found), 30)):
        piece = found[start : start + 30]
        await write(risk_database, piece, number % 4)
        # A boundary inside the piece, so that some of it waits, and some of the next comes late.
        clock.set(MADE.fromtimestamp(piece[20].at, MADE.tzinfo))
        await drained(learner, ticks)
        if number == checkpoint_after:
            await learner.save()
    before = await published(risk_database)
    if checkpoint_after is None:
        assert await count(risk_database, "journal") == 4
    # Killed: the lease is not given back, and what was not stored is gone. The published ones must come again.
    await risk_database.pool.execute("DELETE FROM member")
    await risk_database.pool.execute("DELETE FROM model_version WHERE version % 2 = 0")
    kept = await published(risk_database)
    second = await holding(risk_database, clock, ticks)
    await drained(second, ticks)
    assert second.course is not None and learner.course is not None
    assert second.course.version == learner.course.version
    assert model_bytes(second.course.engine.model) == before[second.course.version][1]
    after = await published(risk_database)
    assert {number: after[number] for number in kept} == kept
    clock.advance(DAY)
    await drained(second, ticks)
    await drained_alike(risk_database, learner, second)


async def test_what_only_led_to_the_checkpoint_goes_and_the_newest_versions_stay(
    risk_database: Database, clock: ManualClock, ticks: Ticks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_store, "KEPT", 5)
    monkeypatch.setattr(model_store, "PART", 10_000)
    await write(risk_database, entries(flights(30)))
    learner = await holding(risk_database, clock, ticks, EACH._replace(checkpoint=50.0))
    await drained(learner, ticks)
    assert await count(risk_database, "learner_state") == 0
    ticks.now += 60
    await learner.turn()
    assert await count(risk_database, "learner_state") > 3
    await learner.turn()
    assert (await count(risk_database, "journal"), await count(risk_database, "learner_step")) == (0, 0)
    assert learner.course is not None
    newest = learner.course.version
    assert list(await published(risk_database)) == list(range(newest - 4, newest + 1))


async def test_the_journal_is_cut_some_rows_a_transaction_and_by_the_next_learner_if_the_first_dies(
    risk_database: Database, clock: ManualClock, ticks: Ticks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_store, "CUT", 3)
    found = sorted(entries(flights(30)), key=lambda one: one.at)
    for start in range(0, len(found), 6):
        await write(risk_database, found[start : start + 6])
    rows = await count(risk_database, "journal")
    learner = await holding(risk_database, clock, ticks, EACH._replace(checkpoint=50.0))
    await drained(learner, ticks)
    ticks.now += 60
    await learner.turn()
    left = [await count(risk_database, "journal")]
    assert left == [rows]
    for _ in range(2):
        await learner.turn()
        left.append(await count(risk_database, "journal"))
    assert left == [rows, rows - 3, rows - 6]
    assert left[-1] > 0
    # Killed: what was to be cut is not read again by whoever goes on, nor by one who begins anew.
    await risk_database.pool.execute("DELETE FROM member")
    await risk_database.pool.execute("DELETE FROM learner_state")
    second = await holding(risk_database, clock, ticks)
    await drained(second, ticks)
    assert second.course is not None
    assert second.course.taken == 0
    while await count(risk_database, "journal"):
        await second.turn()
    assert await count(risk_database, "journal") == 0


async def test_what_is_to_be_read_is_counted_up_to_a_bound(risk_database: Database) -> None:
    for entry in entries(flights(2)):
        await write(risk_database, [entry])
    async with risk_database.pool.acquire() as connection:
        assert await journal.unread(connection, Place(), 4) == 4
        assert await journal.unread(connection, Place()) == 6


async def test_who_is_stopped_stores_what_it_knows_and_gives_the_lease_back(
    risk_database: Database, clock: ManualClock
) -> None:
    learner = Learner(risk_database, clock, EACH._replace(quiet=0.01))
    await write(risk_database, entries(flights(12)))
    async with at_work(learner):
        await until(lambda: learner.idle and learner.course is not None and learner.course.version > 0)
    assert await count(risk_database, "learner_state") > 0
    assert await count(risk_database, "member") == 0
    second = Learner(risk_database, clock, EACH)
    async with at_work(second):
        await until(lambda: second.course is not None)
        assert learner.course is not None and second.course is not None
        assert second.course.version == learner.course.version


async def test_a_state_or_a_row_that_cannot_be_read_ends_no_learner(
    risk_database: Database, clock: ManualClock, ticks: Ticks
) -> None:
    await write(risk_database, entries(flights(12)))
    first = await holding(risk_database, clock, ticks)
    await drained(first, ticks)
    await first.save()
    state: bytes = await risk_database.pool.fetchval("SELECT body FROM learner_state WHERE part = 0")
    await risk_database.pool.execute("UPDATE learner_state SET body = $1 WHERE part = 0", foreign(state))
    await risk_database.pool.execute("INSERT INTO journal (partition, n, entries) VALUES (0, 1, '\\xc1')")
    await risk_database.pool.execute("DELETE FROM member")
    await write(risk_database, entries(flights(3)))
    second = await holding(risk_database, clock, ticks)
    await drained(second, ticks)
    assert second.course is not None
    assert 0 < second.course.version < (first.course.version if first.course else 0)
    assert max(await published(risk_database)) == second.course.version


async def test_after_a_rebuild_learning_begins_again(risk_database: Database, clock: ManualClock, ticks: Ticks) -> None:
    follower = Follower(risk_database, PublishedModel())
    await write(risk_database, entries(flights(30)))
    learner = await holding(risk_database, clock, ticks)
    await drained(learner, ticks)
    await learner.save()
    assert await follower.catch_up()
    before = follower.published.version
    async with unit_of_work(risk_database) as uow:
        await model_store.forget(uow.connection, model_store.TABLES)
        await uow.connection.execute("UPDATE lease SET owner = '', epoch = epoch + 1 WHERE grp = $1", LEARNER)
    assert not await follower.catch_up()
    await learner.leases.renew()
    await write(risk_database, entries(flights(8)))
    await drained(learner, ticks)
    assert learner.course is not None
    assert learner.course.version < before
    assert await follower.catch_up()
    assert follower.published.version == learner.course.version


async def drained_alike(database: Database, first: Learner, second: Learner) -> None:
    """The one that went on has learnt what the first would have learnt from the same boundaries on."""
    assert first.course is not None and second.course is not None
    first.course.close(second.course.engine.boundary)
    assert model_bytes(first.course.engine.model) == model_bytes(second.course.engine.model)
    newest = (await published(database))[second.course.version][1]
    assert newest == model_bytes(first.course.engine.model)


def foreign(state: bytes) -> bytes:
    """The stored course with an engine that another release wrote."""
    course, *place = Timeline.from_bytes(state)
    whole = course.to_bytes(*place)
    at = whole.index(b"candor")
    return whole[:at] + b"CANDOR" + whole[at + 6 :]
