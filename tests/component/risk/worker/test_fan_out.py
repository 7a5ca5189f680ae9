"""Incidents, erasures and loading in pieces on a real database: the same end as all at once, over kills."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
import pytest_asyncio

from candor.contracts import Dependency, IncidentStatus, Message
from candor.store.db import Database
from candor.store.eraser import Eraser
from risk_svc.domain.component import OpenCase, Part
from risk_svc.domain.components import COMPONENTS
from risk_svc.domain.components.silence import Silence
from risk_svc.domain.gap import GapDefinition
from risk_svc.domain.resting import REST_S
from risk_svc.domain.state import PromiseState, from_bytes
from risk_svc.forecasting.live import PublishedModel
from risk_svc.store import erasures
from risk_svc.worker import leftover, reading, resting
from risk_svc.worker.handlers import RiskHandler
from tests.support.clocks import ManualClock
from tests.support.risk import DUE, MADE, Desk, Story, erased, incident, opened, prepare
from tests.support.servers import Databases

SITES = [Dependency("site", name) for name in ("EWR", "JFK", "LGA")]
NOW = MADE + timedelta(hours=11)
UNBOUNDED = 1_000_000


@pytest_asyncio.fixture(loop_scope="session")
async def other_database(databases: Databases) -> AsyncIterator[Database]:
    url = await databases.fresh(prepare)
    async with opened(url) as database:
        yield database
    await databases.drop(url)


async def desk_of(database: Database, model: PublishedModel, clock: ManualClock, fan_out: int) -> Desk:
    desk = Desk(database, RiskHandler(model, clock, system=clock, fan_out=fan_out))
    await desk.load()
    return desk


async def killed(desk: Desk, model: PublishedModel, clock: ManualClock, fan_out: int) -> Desk:
    """Another worker after this one was killed, at the same database."""
    return await desk_of(desk.database, model, clock, fan_out)


async def finish(desk: Desk, most: int = 1000) -> int:
    turns = 0
    while desk.handler.busy:
        await desk.go_on()
        turns += 1
        assert turns < most
    return turns


async def states(desk: Desk) -> dict[str, PromiseState]:
    rows = await desk.rows("SELECT state FROM promise_state")
    return {state.promise_id: state for state in (from_bytes(row["state"]) for row in rows)}


def end(state: PromiseState) -> dict[str, Any]:
    """What is known, scored and said of a promise in the end; not on which way it came there."""
    view = state.view
    names = ("score", "p_slip", "p50", "p80", "p90", "shares", "n", "review", "sent_standing", "sent_facts", "unmet")
    found = {name: alike(getattr(view, name)) for name in names}
    return found | {"steps": state.steps, "depends_on": state.depends_on}


def alike(value: Any) -> Any:
    """Without the last digits, which depend on who else is forecast in the same pass."""
    if isinstance(value, float):
        return float(f"{value:.9g}")
    return [alike(part) for part in value] if isinstance(value, list | tuple) else value


def changes(rng: random.Random, stories: list[Story]) -> list[Message]:
    """Incidents that open, grow, move, end and open again, and promises that hear of their own steps meanwhile."""
    found: list[Message] = []
    versions = dict.fromkeys(("i1", "i2", "i3"), 0)
    for _ in range(rng.randint(4, 12)):
        name = rng.choice(list(versions))
        versions[name] += 1
        status = rng.choice([IncidentStatus.OPENED, IncidentStatus.OPENED, IncidentStatus.RESOLVED])
        found.append(
            incident(
                status,
                versions[name],
                incident_id=name,
                severity=rng.choice([0.2, 0.6, 0.9]),
                affects=rng.sample(SITES, rng.randint(1, 2)),
                resolved=NOW if status is IncidentStatus.RESOLVED else None,
            )
        )
        if rng.random() < 0.5:
            found.append(rng.choice(stories).milestone(f"step {len(found)}", rng.randint(0, 90), at=NOW))
    return found


@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
async def test_in_pieces_and_over_kills_every_score_ends_as_all_at_once(
    risk_database: Database, other_database: Database, taught: PublishedModel, clock: ManualClock, seed: int
) -> None:
    rng = random.Random(seed)
    stories = [Story(f"p{number:02}", f"c{number % 9}") for number in range(40)]
    made = [story.made(depends_on=rng.sample(SITES, rng.randint(0, 2))) for story in stories]
    whole = await desk_of(other_database, taught, clock, UNBOUNDED)
    parts = await desk_of(risk_database, taught, clock, 3)
    for desk in (whole, parts):
        await desk.take(*made)
    clock.set(NOW)
    for item in changes(rng, stories):
        await whole.take(item)
        await finish(whole)
        await parts.take(item)
        for _ in range(rng.randint(0, 3)):
            if parts.handler.busy:
                await parts.go_on()
            if rng.random() < 0.3:
                parts = await killed(parts, taught, clock, 3)
    await finish(parts)
    expected, found = await states(whole), await states(parts)
    assert {name: end(state) for name, state in found.items()} == {
        name: end(state) for name, state in expected.items()
    }, f"seed {seed}"
    assert await parts.rows("SELECT 1 FROM work") == []


async def test_promises_that_many_incidents_touch_are_scored_once_for_all_of_them(
    risk_database: Database, taught: PublishedModel, clock: ManualClock
) -> None:
    desk = await desk_of(risk_database, taught, clock, leftover.FAN_OUT)
    await desk.take(*(Story(f"p{number}", f"c{number}").made() for number in range(12)))
    clock.set(NOW)
    published = await desk.take(*(incident(incident_id=f"i{number}") for number in range(400)))
    assert len(published) == 12
    assert await finish(desk) <= 1
    assert await desk.rows("SELECT * FROM work") == []
    assert {one.data.facts_more for one in published} == {384}  # type: ignore[attr-defined]


async def test_no_transaction_touches_more_than_its_share_and_own_events_need_not_wait(
    risk_database: Database, taught: PublishedModel, clock: ManualClock
) -> None:
    desk = await desk_of(risk_database, taught, clock, 6)
    stories = [Story(f"p{number:02}", "c1") for number in range(30)]
    await desk.take(*(story.made() for story in stories))
    clock.set(NOW)
    first = await desk.take(incident(severity=0.9))
    assert 0 < len(first) <= 6
    assert [item.envelope.subject for item in first] == [f"p{number:02}" for number in range(len(first))]
    [own] = await desk.take(stories[29].milestone("departed", 30, at=NOW))
    assert "incident_open" in [fact.kind.value for fact in own.data.facts]  # type: ignore[attr-defined]
    sizes = []
    while desk.handler.busy:
        sizes.append(len(await desk.go_on()))
    assert sizes[:3] == [6, 6, 6]
    assert (max(sizes), len(first) + 1 + sum(sizes)) == (6, 30)


async def test_many_incidents_take_turns(risk_database: Database, taught: PublishedModel, clock: ManualClock) -> None:
    desk = await desk_of(risk_database, taught, clock, 100)
    await desk.take(*(Story(f"p{number:03}", "c1").made(depends_on=[SITES[number % 2]]) for number in range(600)))
    clock.set(NOW)
    for name, site in (("i1", SITES[0]), ("i2", SITES[1])):
        await desk.take(incident(incident_id=name, affects=[site]))
    sites = {state.promise_id: state.depends_on[0][1] for state in (await states(desk)).values()}
    struck = [sites[item.envelope.subject] for item in await desk.go_on()]
    assert (struck.count("EWR"), struck.count("JFK")) == (50, 50)


class Tripping(Silence):
    """A component that cannot do with one promise once an incident hits it."""

    def open(self, case: OpenCase) -> Part | None:
        if case.linked and case.state.promise_id == "p07":
            raise ArithmeticError("no such number")
        return super().open(case)


async def test_a_promise_that_cannot_be_scored_does_not_stop_the_incident(
    risk_database: Database, taught: PublishedModel, clock: ManualClock
) -> None:
    definition = GapDefinition(tuple(Tripping() if one.name == Silence.name else one for one in COMPONENTS))
    handler = RiskHandler(taught, clock, system=clock, definition=definition, fan_out=5)
    desk = Desk(risk_database, handler)
    await desk.load()
    await desk.take(*(Story(f"p{number:02}", "c1").made() for number in range(20)))
    before = (await states(desk))["p07"]
    clock.set(NOW)
    found = await desk.take(incident(severity=0.9))
    while handler.busy:
        found += await desk.go_on()
    assert sorted(item.envelope.subject for item in found) == [f"p{n:02}" for n in range(20) if n != 7]
    assert (
        (await states(desk))["p07"]
        == before
        == next(one for part in handler.cache.partitions.values() for name, one in part.states.items() if name == "p07")
    )
    [(name, left)] = handler.reviews.aside.items()
    assert (name, left.error.split()[0]) == ("p07", "ArithmeticError")
    assert handler.reviews.used


async def test_an_erasure_of_many_promises_goes_on_over_kills_and_spares_what_came_after_it(
    risk_database: Database, taught: PublishedModel, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leftover, "LET_GO", 4)
    desk = await desk_of(risk_database, taught, clock, UNBOUNDED)
    made = [Story(f"p{number:02}", "c1").made() for number in range(22)]
    await desk.take(*made, Story("other", "c2").made())
    clock.set(MADE + timedelta(hours=1))
    await desk.take(erased("c1", at=MADE + timedelta(hours=1)))
    assert len(await desk.rows("SELECT 1 FROM promise_state")) == 23
    clock.set(MADE + timedelta(hours=2))
    again = Story("p21", "c1", start=MADE + timedelta(hours=2))
    back = Story("p99", "c1", start=MADE + timedelta(hours=2))
    assert len(await desk.take(again.made(), back.made())) == 2
    clock.set(DUE)
    assert {item.envelope.subject for item in await desk.take(incident(), tick=True)} == {"other", "p21", "p99"}
    assert desk.handler.busy
    sizes = [desk.handler.cache.promises]
    while desk.handler.busy:
        await desk.go_on()
        sizes.append(desk.handler.cache.promises)
    assert max(before - after for before, after in pairwise(sizes)) == 4
    eraser = Eraser(desk.database, erasures.work(4))
    for left in (20, 16, 12):
        await eraser.step()
        assert len(await desk.rows("SELECT 1 FROM promise_state")) == left
        desk = await killed(desk, taught, clock, UNBOUNDED)
        assert (desk.handler.cache.promises, desk.handler.busy) == (3, [])
        eraser = Eraser(desk.database, erasures.work(4))
    await eraser.clear()
    assert sorted(await states(desk)) == ["other", "p21", "p99"]
    assert desk.handler.cache.promises == 3


async def test_pages_are_small_and_bring_back_all(
    risk_database: Database, taught: PublishedModel, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = await desk_of(risk_database, taught, clock, UNBOUNDED)
    await desk.take(*(Story(f"p{number:02}", "c1").made() for number in range(20)))
    await desk.take(*(incident(incident_id=f"i{number}", affects=[SITES[number % 3]]) for number in range(9)))
    await desk.take(*(erased(f"gone {number}") for number in range(9)))
    before = desk.handler.cache
    monkeypatch.setattr(reading, "PAGE", 5)
    after = await killed(desk, taught, clock, UNBOUNDED)
    held = after.handler.cache
    for number, partition in held.partitions.items():
        assert dict(partition.states) == dict(before.partitions[number].states)
        assert partition.incidents.known == before.partitions[number].incidents.known
        assert partition.erased == before.partitions[number].erased
    number = next(number for number, partition in held.partitions.items() if len(partition.states) == 20)
    pages = 0
    async with desk.database.pool.acquire() as connection:
        more = True
        while more:
            more = await after.handler.load(connection, number, first=pages == 0)
            pages += 1
    assert pages >= (20 + 9) // 5


async def test_what_was_given_up_long_ago_leaves_memory_and_an_event_brings_it_back(
    desk: Desk, clock: ManualClock
) -> None:
    story = Story()
    await desk.take(story.made())
    clock.set(DUE + timedelta(days=2))
    await desk.take(tick=True)
    assert desk.handler.cache.promises == 1
    clock.advance(timedelta(seconds=REST_S))
    await desk.take(tick=True)
    assert desk.handler.cache.promises == 0
    [row] = await desk.rows("SELECT standing, live, words_since FROM promise_state")
    assert row == {"standing": "open", "live": False, "words_since": None}
    await desk.load()
    assert desk.handler.cache.promises == 0
    [item] = await desk.take(story.milestone("arrived", 60 * 24 * 40))
    assert item.data.standing.value == "broken"  # type: ignore[attr-defined]


async def test_one_that_an_open_incident_hits_stays_until_it_has_heard_of_its_end(
    desk: Desk, clock: ManualClock
) -> None:
    await desk.take(Story().made(), incident(opened=MADE))
    for days in (2, 40):
        clock.set(DUE + timedelta(days=days))
        await desk.take(tick=True)
    assert desk.handler.cache.promises == 1
    [item] = await desk.take(incident(IncidentStatus.RESOLVED, 2, opened=MADE, resolved=clock.now()))
    assert "incident_open" not in [fact.kind.value for fact in item.data.facts]  # type: ignore[attr-defined]
    assert desk.handler.cache.promises == 0


async def test_incidents_that_ended_and_touch_nobody_leave_memory_and_old_pictures_are_still_refused(
    desk: Desk, clock: ManualClock
) -> None:
    def known() -> int:
        return sum(len(partition.incidents.known) for partition in desk.handler.cache.partitions.values())

    resolved = incident(IncidentStatus.RESOLVED, 3, resolved=NOW)
    clock.set(NOW)
    story = Story()
    await desk.take(story.made(), resolved)
    await desk.take(tick=True)
    assert known() == 1
    await desk.take(story.withdrawn())
    for _ in range(2):
        await desk.take(tick=True)
    assert known() == 0
    await desk.load()
    assert known() == 0
    await desk.take(incident(version=2))
    assert {row["version"] for row in await desk.rows("SELECT version FROM incident")} == {3}
    await desk.take(incident(version=4))
    assert {row["version"] for row in await desk.rows("SELECT version FROM incident")} == {4}
    assert known() == 4


@pytest.mark.parametrize(("bound", "least"), [("MOST", 12), ("DEPENDENTS", 3)])
async def test_incidents_are_looked_at_for_rest_some_a_tick(
    desk: Desk, clock: ManualClock, monkeypatch: pytest.MonkeyPatch, bound: str, least: int
) -> None:
    def known() -> int:
        return sum(len(partition.incidents.known) for partition in desk.handler.cache.partitions.values())

    monkeypatch.setattr(resting, bound, 1)
    clock.set(NOW)
    # The promises were made after these ended and keep none awake, but have to be looked at.
    late = [Story(f"p{number}", "c1", start=NOW).made() for number in range(2)]
    ended = [incident(IncidentStatus.RESOLVED, 1, incident_id=f"i{number}", resolved=MADE) for number in range(3)]
    await desk.take(*late, *ended)
    assert known() == 3 * len(desk.handler.cache.partitions) == 12
    ticks = 0
    while known():
        await desk.take(tick=True)
        ticks += 1
        assert ticks < 30
    assert ticks >= least


async def test_a_partition_with_many_due_reviews_does_not_keep_the_others_from_theirs(
    risk_database: Database, taught: PublishedModel, clock: ManualClock
) -> None:
    desk = Desk(risk_database, RiskHandler(taught, clock, system=clock, reviews_per_tick=10))
    await desk.load()
    await desk.take(*(Story(f"p{number:02}", "c1").made() for number in range(40)))
    await desk.take(*(Story(f"q{number}", f"d{number}").made() for number in range(8)))
    busy = max(desk.handler.cache.partitions.values(), key=lambda partition: len(partition.states)).number
    others = {name for number, one in desk.handler.cache.partitions.items() if number != busy for name in one.states}
    assert others
    clock.set(DUE + timedelta(hours=1))
    seen: set[str] = set()
    for _ in range(3):
        seen |= {item.envelope.subject for item in await desk.take(tick=True)}
    assert others <= seen
