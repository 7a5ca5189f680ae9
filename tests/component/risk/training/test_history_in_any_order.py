"""History in any order, in pieces, twice: the model in the end is the one of an import in order, to the byte."""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest

from candor.contracts import Message
from candor.store.db import Database
from candor.store.unit_of_work import unit_of_work
from risk_svc.domain.fold import FoldOutcome, fold
from risk_svc.domain.state import PromiseState
from risk_svc.forecast.serialization import model_bytes
from risk_svc.forecast.view import Entry
from risk_svc.forecasting import model_store
from risk_svc.forecasting.follower import Follower
from risk_svc.forecasting.live import PublishedModel
from risk_svc.forecasting.snapshots import forgotten, pictures, pseudonym
from risk_svc.training import anew, facts
from risk_svc.training.learner import Learner
from risk_svc.training.timeline import Timeline
from tests.support.clocks import ManualClock
from tests.support.learning import DAY, EACH, Ticks, count, drained, holding, published, settled, write
from tests.support.risk import MADE, Story, again, entries, flights

Pieces = list[list[Message]]
COUNT = 20


def wanted(found: Sequence[Message], end: float) -> bytes:
    """The model of all this, had it come in order."""
    course = Timeline()
    course.take(entries(sorted(found, key=lambda one: one.envelope.time)))
    course.close(end)
    return model_bytes(course.engine.model)


class Journal:
    """What a worker writes of messages as they come, which the services number as they come; none counts twice."""

    def __init__(self) -> None:
        self._states: dict[str, PromiseState] = {}
        self._seen: set[str] = set()

    def of(self, messages: Sequence[Message]) -> list[Entry]:
        found: list[Entry] = []
        for item in messages:
            name = item.envelope.subject
            state = self._states.setdefault(name, PromiseState(promise_id=name, customer_id=item.envelope.key))
            before = state.milestone_version if item.data.TOPIC == "milestones" else state.promise_version
            if item.envelope.id not in self._seen:
                self._seen.add(item.envelope.id)
                assert fold(state, again(item, before + 1).envelope, item.data) is FoldOutcome.APPLIED
                if not state.placeholder:
                    found += pictures(state, item.envelope.time.timestamp())
        return found


async def model(database: Database) -> bytes:
    rows = await published(database)
    return rows[max(rows)][1]


def newest_first(found: list[Message], rng: random.Random) -> Pieces:
    """The newest half of the promises first, then the oldest, each in order."""
    del rng
    ordered = sorted(found, key=lambda one: one.envelope.time)
    old = {f"past{n}" for n in range(COUNT // 2)}
    return [[one for one in ordered if (one.envelope.subject in old) == which] for which in (False, True)]


def promises_first(found: list[Message], rng: random.Random) -> Pieces:
    del rng
    return [[one for one in found if topic == one.data.TOPIC] for topic in ("promises", "milestones")]


def milestones_first(found: list[Message], rng: random.Random) -> Pieces:
    return promises_first(found, rng)[::-1]


def scattered(found: list[Message], rng: random.Random) -> Pieces:
    """In any order and in pieces, some of them twice."""
    left, pieces = rng.sample(found, len(found)), Pieces()
    while left:
        size = rng.randrange(1, 30)
        pieces.append(left[:size])
        left = left[size:]
    return [pieces[0], *pieces, pieces[-1]]


@pytest.mark.parametrize(
    ("cut", "live"),
    [(newest_first, 2), (promises_first, 0), (milestones_first, 2), (scattered, 0), (scattered, 1)],
)
async def test_the_model_is_that_of_an_import_in_order(
    risk_database: Database,
    clock: ManualClock,
    ticks: Ticks,
    seeded: random.Random,
    cut: Callable[[list[Message], random.Random], Pieces],
    live: int,
) -> None:
    found, worker = flights(COUNT), Journal()
    learner = await holding(risk_database, clock, ticks)
    # Live promises that came before any history.
    known = [Story(f"live{n}", "c", start=MADE - timedelta(hours=n + 1)).made() for n in range(live)]
    for number, piece in enumerate([known, *cut(found, seeded)]):
        await write(risk_database, worker.of(piece), number % 4)
        await drained(learner, ticks)
    if await model(risk_database) != wanted([*found, *known], clock.now().timestamp()):
        assert learner.anew.pending
    await settled(learner, ticks)
    assert await model(risk_database) == wanted([*found, *known], clock.now().timestamp())
    assert await count(risk_database, "learnt_fact") == COUNT + live


async def test_what_is_imported_twice_is_learnt_once_and_begins_nothing(
    risk_database: Database, clock: ManualClock, ticks: Ticks
) -> None:
    found = entries(flights(COUNT))
    learner = await holding(risk_database, clock, ticks)
    await write(risk_database, found)
    await drained(learner, ticks)
    before = await published(risk_database)
    await write(risk_database, found)
    await drained(learner, ticks)
    assert not learner.anew.pending
    assert await published(risk_database) == before
    # As after a rebuild, which empties the table.
    await risk_database.pool.execute("DELETE FROM learner_anew")
    async with risk_database.pool.acquire() as connection:
        told = await model_store.taught(connection)
    assert learner.course is not None
    assert (told.boundary, told.base, told.anew) == (learner.course.engine.boundary, None, None)


async def test_many_pieces_are_learnt_anew_a_few_times_and_the_present_goes_on_meanwhile(
    risk_database: Database, clock: ManualClock, ticks: Ticks
) -> None:
    found, worker = flights(COUNT), Journal()
    learner, begun = await holding(risk_database, clock, ticks), set[int]()
    await write(risk_database, worker.of([Story("live", "c", start=MADE).made()]))
    clock.set(MADE + 2 * DAY)
    await drained(learner, ticks)
    for place in range(len(found)):
        await write(risk_database, worker.of(found[len(found) - 1 - place :][:1] if place % 3 else found[place:][:1]))
        await learner.turn()
        ticks.now += 1.0
        begun.add(id(learner.anew.course))
    assert len(begun) <= 4
    await settled(learner, ticks)
    course = learner.course
    assert course is not None and course.upcoming > clock.now().timestamp()


async def test_who_is_killed_while_learning_anew_begins_it_again_and_nothing_is_lost(
    risk_database: Database, clock: ManualClock, ticks: Ticks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(anew, "CHUNK_SECONDS", 0.0)
    found, worker = flights(COUNT), Journal()
    first = await holding(risk_database, clock, ticks)
    for piece in newest_first(found, random.Random()):
        await write(risk_database, worker.of(piece))
        await drained(first, ticks)
    await first.save()
    ticks.now += 15.0
    for _ in range(200):
        await first.turn()
        if first.anew.course is not None:
            break
    assert first.anew.course is not None
    # Killed half-way: the lease is not given back, and what was in memory is gone.
    await risk_database.pool.execute("DELETE FROM member")
    second = await holding(risk_database, clock, ticks)
    await second.turn()
    assert second.anew.pending
    await settled(second, ticks)
    assert await model(risk_database) == wanted(found, clock.now().timestamp())
    third = await handed_over(risk_database, clock, ticks)
    assert third.course is not None
    assert model_bytes(third.course.engine.model) == await model(risk_database)


async def handed_over(database: Database, clock: ManualClock, ticks: Ticks) -> Learner:
    """Who goes on from what was stored as the new course took the place of the old one."""
    await database.pool.execute("DELETE FROM member")
    learner = await holding(database, clock, ticks)
    await drained(learner, ticks)
    return learner


async def test_what_comes_while_learning_anew_is_not_missed(
    risk_database: Database, clock: ManualClock, ticks: Ticks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(facts, "PAGE", 2)
    monkeypatch.setattr(anew, "CHUNK_SECONDS", 0.0)
    found, worker = flights(COUNT), Journal()
    learner = await holding(risk_database, clock, ticks)
    new, old = newest_first(found, random.Random())
    for piece in (new[:-10], old[:-10]):
        await write(risk_database, worker.of(piece))
        await drained(learner, ticks)
    ticks.now += 15.0
    learning = False
    for late in [*new[-10:], *old[-10:]]:
        await learner.turn()
        learning |= learner.anew.course is not None
        await write(risk_database, worker.of([late]))
    assert learning
    await settled(learner, ticks)
    assert await model(risk_database) == wanted(found, clock.now().timestamp())


async def test_what_is_in_its_turn_while_learning_anew_is_not_missed_either(
    risk_database: Database, clock: ManualClock, ticks: Ticks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(anew, "CHUNK_SECONDS", 0.0)
    found, worker = flights(COUNT), Journal()
    learner, live = await holding(risk_database, clock, ticks), Story("live", "c", start=MADE - timedelta(hours=12))
    first = live.made()
    for piece in ([first], found):
        await write(risk_database, worker.of(piece))
        await drained(learner, ticks)
    ticks.now += 15.0
    await learner.turn()
    # All that is kept was read, and little of it is learnt yet.
    assert learner.anew.course is not None
    left = live.milestone("departed", 20)
    clock.set(left.envelope.time + timedelta(minutes=1))
    await write(risk_database, worker.of([left]))
    await settled(learner, ticks)
    clock.advance(DAY)
    await drained(learner, ticks)
    assert not learner.anew.pending
    known = [*found, first, left]
    assert await model(risk_database) == wanted(known, clock.now().timestamp())


async def test_learning_goes_back_no_further_than_needed_and_what_is_older_than_all_is_too_late(
    risk_database: Database, clock: ManualClock, ticks: Ticks
) -> None:
    found = sorted(flights(60), key=lambda one: one.envelope.time)
    worker = Journal()
    learner = Learner(risk_database, clock, EACH, system=ticks, kept=100)
    await learner.leases.renew()
    missing = [one for one in found if one.envelope.subject in ("past5", "past57")]
    for start in range(0, len(found), 15):
        await write(risk_database, worker.of([one for one in found[start : start + 15] if one not in missing]))
        clock.set(found[min(start + 15, len(found) - 1)].envelope.time - timedelta(hours=1))
        await drained(learner, ticks)
    clock.set(MADE)
    await drained(learner, ticks)
    assert learner.course is not None
    base, rungs = learner.anew.marks.base, await count(risk_database, "learner_rung")
    assert base > found[20].envelope.time.timestamp()
    assert 1 <= rungs <= 4
    assert await count(risk_database, "learnt_fact") < 45
    await write(risk_database, worker.of([one for one in missing if one.envelope.subject == "past5"]))
    await drained(learner, ticks)
    assert (learner.anew.pending, learner.course.too_late) == (False, 1)
    await write(risk_database, worker.of([one for one in missing if one.envelope.subject == "past57"]))
    await drained(learner, ticks)
    assert learner.anew.pending
    await settled(learner, ticks)
    rest = [one for one in found if one.envelope.subject != "past5"]
    assert await model(risk_database) == wanted(rest, clock.now().timestamp())


async def test_of_an_erased_promise_nothing_is_kept_but_that(
    risk_database: Database, clock: ManualClock, ticks: Ticks
) -> None:
    learner = await holding(risk_database, clock, ticks)
    await write(risk_database, entries(flights(3)))
    await drained(learner, ticks)
    await write(risk_database, [forgotten("past1", clock.now().timestamp())])
    await drained(learner, ticks)
    name = f"1{pseudonym('past1')}"
    row = await risk_database.pool.fetchval("SELECT entries FROM learnt_fact WHERE name = $1", name)
    assert b"flight" not in zlib.decompress(row)
    other = await risk_database.pool.fetchval("SELECT entries FROM learnt_fact WHERE name <> $1 LIMIT 1", name)
    assert b"flight" in zlib.decompress(other)


async def test_workers_take_the_new_model_though_it_counts_fewer_versions(
    risk_database: Database, clock: ManualClock, ticks: Ticks
) -> None:
    follower, worker = Follower(risk_database, PublishedModel()), Journal()
    learner = await holding(risk_database, clock, ticks)
    for piece in newest_first(flights(COUNT), random.Random()):
        await write(risk_database, worker.of(piece))
        await drained(learner, ticks)
        await follower.catch_up()
    await settled(learner, ticks)
    await follower.catch_up()
    assert model_bytes(follower.published.model) == await model(risk_database)


async def test_a_model_of_another_release_is_made_again_from_what_is_kept(
    risk_database: Database, clock: ManualClock, ticks: Ticks
) -> None:
    learner = await holding(risk_database, clock, ticks)
    await write(risk_database, entries(flights(COUNT)))
    await drained(learner, ticks)
    await learner.save()
    await learner.turn()
    assert await count(risk_database, "journal") == 0
    before = await model(risk_database)
    async with unit_of_work(risk_database) as uow:
        await uow.connection.execute("DELETE FROM member")
        await model_store._save(uow.connection, foreign(learner))
    second = await holding(risk_database, clock, ticks)
    await settled(second, ticks)
    assert await model(risk_database) == before


def foreign(learner: Learner) -> bytes:
    assert learner.course is not None
    whole = learner.course.to_bytes(1, 1)
    at = whole.index(b"candor")
    return whole[:at] + b"CANDOR" + whole[at + 6 :]
