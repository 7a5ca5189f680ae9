"""The handler on a real database: what is saved, published, rejected, learnt and remembered across a reload."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from candor.contracts import (
    Dependency,
    FactKind,
    GapScored,
    IncidentStatus,
    Message,
    MilestoneStatus,
    Standing,
    Verdict,
)
from candor.ops.metrics import REGISTRY
from candor.store.db import Database
from candor.store.unit_of_work import unit_of_work
from risk_svc.domain.state import PromiseState, folded, from_bytes, to_bytes
from risk_svc.forecasting.live import PublishedModel
from risk_svc.worker.handlers import RiskHandler
from tests.support.clocks import ManualClock
from tests.support.risk import ARRIVES, DEPARTS, DUE, MADE, Desk, M, Story, again, erased, incident, taught_body, works


def gap(item: Message) -> GapScored:
    assert isinstance(item.data, GapScored)
    return item.data


async def stored(desk: Desk, name: str = "p1") -> PromiseState:
    return from_bytes((await desk.rows("SELECT state FROM promise_state WHERE promise_id = $1", name))[0]["state"])


async def test_a_promise_is_scored_when_it_is_made(desk: Desk) -> None:
    [item] = await desk.take(Story().made())
    found = gap(item)
    assert found.standing is Standing.OPEN
    assert found.as_of == MADE
    assert found.forecast is not None
    assert 0.1 < found.forecast.p_slip < 0.5
    assert found.forecast.n == 800
    assert (item.envelope.key, item.envelope.subject, item.envelope.source) == ("c1", "p1", "risk-svc")
    [row] = await desk.rows("SELECT standing, live, shown, told, score, kind FROM promise_state")
    assert row == {**row, "standing": "open", "live": True, "shown": True, "told": False, "kind": "flight"}
    assert row["score"] == pytest.approx(found.score, abs=0.01)


async def test_without_history_no_probability_is_kept_for_lists_until_there_is_enough(
    risk_database: Database, clock: ManualClock
) -> None:
    model = PublishedModel()
    desk = Desk(risk_database, RiskHandler(model, clock, system=clock))
    await desk.load()
    [item] = await desk.take(Story().made())
    found = gap(item).forecast
    assert found is not None
    assert found.n == 0
    assert found.base is None
    assert await desk.rows("SELECT p_slip FROM promise_state") == [{"p_slip": None}]
    model.take(taught_body(800))
    clock.set(MADE + timedelta(hours=6))
    [item] = await desk.take(tick=True)
    found = gap(item).forecast
    assert found is not None
    assert found.n == 800
    [row] = await desk.rows("SELECT p_slip FROM promise_state")
    assert row["p_slip"] == pytest.approx(found.p_slip, abs=1e-3)


async def test_the_live_promises_in_memory_are_counted_as_they_come_and_go(desk: Desk) -> None:
    def held() -> float | None:
        return REGISTRY.get_sample_value("candor_promises_in_memory")

    assert held() == 0
    stories = [Story(f"p{number}", f"c{number}") for number in range(5)]
    await desk.take(*(story.made() for story in stories))
    assert held() == 5
    await desk.take(stories[0].milestone("arrived", 5), stories[1].withdrawn())
    assert held() == 3
    await desk.take(erased("c2"))
    assert held() == 2
    parts = {number: len(part.states) for number, part in desk.handler.cache.partitions.items()}
    for number in parts:
        desk.handler.drop(number)
    assert held() == 0
    await desk.load()
    assert held() == 2 == sum(parts.values())


async def test_a_late_departure_raises_the_gap_and_names_the_fact(desk: Desk, clock: ManualClock) -> None:
    story = Story()
    await desk.take(story.made())
    clock.set(DEPARTS + 61 * M)
    [item] = await desk.take(story.milestone("departed", 60, reason="crew"))
    found = gap(item)
    assert found.score > 40
    assert found.forecast is not None
    assert found.forecast.p_slip > 0.8
    assert [(fact.kind, fact.minutes, fact.reason, fact.told) for fact in found.facts] == [
        (FactKind.MILESTONE_LATE, 60.0, "crew", True)
    ]


async def test_arriving_settles_teaches_scores_and_leaves_memory(desk: Desk, clock: ManualClock) -> None:
    story = Story()
    await desk.take(story.made())
    clock.set(DUE + 30 * M)
    found = gap((await desk.take(story.milestone("departed", 40), story.milestone("arrived", 40)))[-1])
    assert (found.standing, found.completed_at) == (Standing.BROKEN, ARRIVES + 40 * M)
    assert desk.handler.cache.promises == 0
    rows = await desk.rows("SELECT lead, p, base, outcome, kind FROM forecast_score")
    assert [(row["lead"], row["outcome"], row["kind"]) for row in rows] == [("made", 1, "flight")]
    [row] = await desk.rows("SELECT standing, live FROM promise_state")
    assert row == {"standing": "broken", "live": False}


async def test_what_comes_after_the_end_is_folded_into_the_stored_promise(desk: Desk, clock: ManualClock) -> None:
    story = Story()
    await desk.take(story.made(), story.milestone("departed", 40), story.milestone("arrived", 40))
    clock.advance(timedelta(days=1))
    [item] = await desk.take(story.settled(Verdict.KEPT, ARRIVES))
    assert gap(item).standing is Standing.KEPT
    assert gap(item).score == 0.0
    assert await desk.take(again(story.milestone("departed", 9), 2)) == []
    assert desk.rejected == []


async def test_a_correction_opens_a_promise_again(desk: Desk, clock: ManualClock) -> None:
    story = Story()
    await desk.take(story.made(), story.milestone("departed"), story.milestone("gate", final=True))
    assert desk.handler.cache.promises == 0
    clock.set(DEPARTS + 5 * M)
    await desk.take(story.milestone("gate", status=MilestoneStatus.PLANNED, planned=DEPARTS))
    assert (await stored(desk)).milestone_version == 3


async def test_events_again_publish_nothing_and_change_no_row(desk: Desk) -> None:
    story = Story()
    messages = [story.made(), story.milestone("departed", 30)]
    await desk.take(*messages)
    before = await desk.rows("SELECT *, xmin::text FROM promise_state")
    assert await desk.take(*messages, *messages) == []
    assert await desk.rows("SELECT *, xmin::text FROM promise_state") == before


async def test_a_version_gap_is_rejected_and_the_rest_goes_on(desk: Desk) -> None:
    story, other = Story(), Story("p2", "c2")
    made = story.made()
    jump = again(story.milestone("departed"), 3)
    await desk.take(made, jump, other.made())
    assert desk.rejected == [(jump.envelope.id, "version_gap")]
    assert desk.handler.cache.promises == 2


async def test_a_milestone_before_its_promise_waits_in_a_placeholder(desk: Desk) -> None:
    story = Story()
    assert await desk.take(story.milestone("departed", 30)) == []
    [row] = await desk.rows("SELECT standing, live, shown FROM promise_state")
    assert row == {"standing": "placeholder", "live": True, "shown": False}
    await desk.load()
    [item] = await desk.take(story.made())
    assert [fact.name for fact in gap(item).facts] == ["departed"]


async def test_a_notice_before_its_promise_is_kept_for_it(desk: Desk) -> None:
    """As a rebuild may read it: topics have no order among them."""
    story = Story()
    assert await desk.take(story.notice()) == []
    await desk.load()
    await desk.take(story.made())
    assert [told.statement for told in (await stored(desk)).notices] == ["warning"]
    assert (await desk.rows("SELECT told FROM promise_state"))[0]["told"]


async def test_an_incident_moves_what_depends_on_it_and_its_end_moves_it_back(desk: Desk, clock: ManualClock) -> None:
    await desk.take(Story().made(), Story("p2", "c2").made(depends_on=[Dependency("site", "JFK")]))
    clock.set(MADE + timedelta(hours=10))
    [item] = await desk.take(incident())
    assert gap(item).promise_id == "p1"
    assert gap(item).facts[0].kind is FactKind.INCIDENT_OPEN
    raised = gap(item).score
    clock.set(MADE + timedelta(hours=11))
    [item] = await desk.take(incident(IncidentStatus.RESOLVED, 2, resolved=MADE + timedelta(hours=11)))
    assert gap(item).facts == []
    assert gap(item).score < raised - 20
    assert len(await desk.rows("SELECT 1 FROM incident")) == 4


async def test_of_very_many_incidents_the_event_and_the_row_name_some(desk: Desk, clock: ManualClock) -> None:
    clock.set(MADE + timedelta(hours=10))
    await desk.take(*(incident(incident_id=f"i{number}") for number in range(60)))
    [item] = await desk.take(Story().made())
    assert (len(gap(item).facts), gap(item).facts_more) == (16, 44)
    assert "and 57 more" in " ".join(part.evidence for part in gap(item).contributions)
    assert len((await desk.rows("SELECT state FROM promise_state"))[0]["state"]) < 2_000


async def test_an_incident_is_remembered_across_a_reload_and_an_older_picture_is_not_taken(
    desk: Desk, clock: ManualClock
) -> None:
    await desk.take(incident(version=2))
    await desk.load()
    clock.set(MADE + timedelta(hours=10))
    assert await desk.take(incident(IncidentStatus.RESOLVED, 1, resolved=MADE)) == []
    [item] = await desk.take(Story().made())
    assert [fact.name for fact in gap(item).facts] == ["snow"]


async def test_time_alone_widens_a_gap(desk: Desk, clock: ManualClock) -> None:
    await desk.take(Story().made())
    clock.set(DEPARTS + 40 * M)
    [item] = await desk.take(tick=True)
    assert [fact.kind for fact in gap(item).facts] == [FactKind.MILESTONE_OVERDUE]
    assert gap(item).facts[0].event_id == ""
    scores = []
    for minutes in (1, 60, 180):
        clock.set(DUE + timedelta(minutes=minutes))
        found = [gap(message) for message in await desk.take(tick=True)]
        assert found[-1].forecast is not None
        assert found[-1].forecast.p_slip == 1.0
        assert found[-1].standing is Standing.OPEN
        scores.append(found[-1].score)
    assert scores[0] < scores[1] < scores[2]


async def test_time_is_looked_at_in_bounded_portions(risk_database: Database, clock: ManualClock) -> None:
    handler = RiskHandler(PublishedModel(), clock, reviews_per_tick=3)
    desk = Desk(risk_database, handler)
    await desk.load()
    await desk.take(*(Story(f"p{n}", f"c{n}").made() for n in range(8)))
    clock.set(DUE + 60 * M)
    sizes = [len(await desk.take(tick=True)) for _ in range(4)]
    assert sizes == [3, 3, 2, 0]


async def test_a_look_that_finds_nothing_writes_nothing(desk: Desk, clock: ManualClock) -> None:
    await desk.take(Story().made())
    before = await desk.rows("SELECT xmin::text FROM promise_state")
    clock.set(MADE + timedelta(hours=1))
    assert await desk.take(tick=True) == []
    assert await desk.rows("SELECT xmin::text FROM promise_state") == before


async def test_a_promise_that_never_comes_is_scored_once_as_broken(desk: Desk, clock: ManualClock) -> None:
    await desk.take(Story().made())
    for days in (1, 2, 3):
        clock.set(DUE + timedelta(days=days))
        await desk.take(tick=True)
    assert await desk.rows("SELECT lead, outcome FROM forecast_score") == [{"lead": "made", "outcome": 1}]
    assert (await stored(desk)).view.given_up


async def test_being_told_ends_the_silence(desk: Desk, clock: ManualClock) -> None:
    story = Story()
    await desk.take(story.made())
    clock.set(DEPARTS + 61 * M)
    await desk.take(story.milestone("departed", 60))
    clock.advance(timedelta(hours=1))
    quiet = gap((await desk.take(tick=True))[-1])
    assert "silence" in [part.component.value for part in quiet.contributions]
    said = gap((await desk.take(story.notice()))[-1])
    assert "silence" not in [part.component.value for part in said.contributions]
    assert (await desk.rows("SELECT told FROM promise_state"))[0]["told"]


async def test_what_is_published_says_what_moved_the_forecast(desk: Desk, clock: ManualClock) -> None:
    story = Story()
    await desk.take(story.made())
    clock.set(DEPARTS + 61 * M)
    await desk.take(story.milestone("departed", 60))
    view = (await stored(desk)).view
    words = dict(view.why)
    assert words["departed 60 min late"] < view.p_slip - 0.05
    assert view.trail[-1].why == next(iter(words))


async def test_with_publishing_off_all_is_saved_and_nobody_is_told(
    risk_database: Database, clock: ManualClock, taught: PublishedModel
) -> None:
    desk = Desk(risk_database, RiskHandler(taught, clock, publishing=False))
    await desk.load()
    story = Story()
    assert await desk.take(story.made(), story.milestone("departed", 60)) == []
    assert await desk.rows("SELECT id FROM outbox") == []
    desk.handler = RiskHandler(taught, clock)
    await desk.load()
    clock.set(MADE + timedelta(minutes=1))
    assert await desk.take(tick=True) == []
    clock.set(DUE + timedelta(hours=1))
    [item] = await desk.take(story.milestone("arrived", 70))
    assert gap(item).standing is Standing.BROKEN


async def test_versions_only_grow_over_a_reload_with_a_clock_behind(desk: Desk, clock: ManualClock) -> None:
    story = Story()
    [first] = await desk.take(story.made())
    clock.set(MADE - timedelta(days=3))
    await desk.load()
    [second] = await desk.take(story.milestone("departed", 60))
    assert second.envelope.version == first.envelope.version + 1


async def test_a_reload_goes_on_as_if_nothing_had_been(desk: Desk, clock: ManualClock) -> None:
    story, other = Story(), Story("p2", "c2")
    await desk.take(story.made(), other.made(), incident(opened=MADE))
    await desk.load()
    clock.set(DEPARTS + 61 * M)
    found = await desk.take(story.milestone("departed", 60), tick=True)
    assert {item.envelope.subject for item in found} == {"p1", "p2"}
    kept = desk.handler.cache.partitions
    memory = {state.promise_id: folded(state) for part in kept.values() for state in part.states.values()}
    assert memory == {name: folded(await stored(desk, name)) for name in ("p1", "p2")}


async def test_a_rolled_back_batch_leaves_the_rows_as_they_were(desk: Desk, clock: ManualClock) -> None:
    story = Story()
    await desk.take(story.made())
    before = to_bytes(await stored(desk))
    clock.set(DEPARTS + 61 * M)
    late = story.milestone("departed", 60)
    with pytest.raises(RuntimeError, match="the lease is gone"):
        async with unit_of_work(desk.database) as uow:
            await desk.handler.apply(uow, works([late]), tick=False)
            raise RuntimeError("the lease is gone")
    assert to_bytes(await stored(desk)) == before
    await desk.load()
    [item] = await desk.take(late)
    assert gap(item).facts[0].minutes == 60.0


async def test_the_trace_of_an_event_goes_on_in_its_gap(desk: Desk) -> None:
    trace = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"
    made = Story().made()
    [item] = await desk.take(Message(msgspec.structs.replace(made.envelope, traceparent=trace), made.data))
    assert item.envelope.traceparent == trace


def ended(standing: str) -> float:
    found = REGISTRY.get_sample_value("candor_promises_ended_total", {"standing": standing})
    assert found is not None, "without a series from the start, its first count is not seen"
    return found


async def test_how_promises_ended_is_counted_once_each_and_history_is_not(desk: Desk) -> None:
    before = {name: ended(name) for name in ("kept", "broken", "cancelled")}
    kept, broken, past = Story("p1", "c1"), Story("p2", "c2"), Story("p3", "c3")
    cancelled, called_off = Story("p4", "c4"), Story("p5", "c5")
    await desk.take(*(story.made() for story in (kept, broken, cancelled, called_off)), past.made(historical=True))
    await desk.take(
        kept.milestone("arrived", 0),
        broken.milestone("arrived", 600),
        past.milestone("arrived", 0, historical=True),
        cancelled.milestone("arrived", status=MilestoneStatus.CANCELLED),
        called_off.withdrawn(),
    )
    await desk.take(tick=True)
    after = {name: ended(name) - before[name] for name in before}
    assert after == {"kept": 1, "broken": 1, "cancelled": 1}
