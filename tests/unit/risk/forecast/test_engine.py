"""The engine: pictures and events teach the same, a restart changes nothing, odd lives do no harm."""

from __future__ import annotations

import itertools
import math
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from risk_svc.backtest.stream import decide, take
from risk_svc.forecast.engine import Engine
from risk_svc.forecast.memory import UNKNOWN
from risk_svc.forecast.serialization import engine_bytes, engine_of
from risk_svc.forecast.view import Incident, IncidentSnapshot, PromiseSnapshot, View, labels
from tests.support.pictures import told
from tests.support.stream import Lines, stream

HOUR, DAY = 3600.0, 86400.0


def heard(engine: Engine, lines: Lines, between: Any = lambda engine: engine) -> list[Any]:
    """What the engine says at every decision; `between` may put another in its place before each."""
    events, said = list(lines[0]), []
    for decision in lines[1]:
        while events and events[0]["time"] <= decision["time"]:
            take(engine, events.pop(0))
        engine = between(engine)
        said.append(decide(engine, decision))
    return said


def view(name: str = "p1", *, made: float = 0.0, due: float = DAY, **known: Any) -> View:
    known = {"texts": [], "numbers": [], "last_at": made, "stages": [(-1, made)], **known}
    return View(
        promise_id=name,
        kind="parcel",
        made=made,
        deadline=due,
        order=["shipped", "delivered"],
        plans={"shipped": 6 * HOUR},
        **known,
    )


def test_a_restart_at_any_moment_changes_no_forecast() -> None:
    lines, turns = stream(160), itertools.count()
    stored = heard(Engine(), lines, lambda engine: engine if next(turns) % 17 else engine_of(engine_bytes(engine)))
    assert stored == heard(Engine(), lines)


def test_pictures_and_the_clock_teach_what_events_teach() -> None:
    events, decisions = stream(200)
    for event in events:
        if event["type"] == "promise.made":
            event["data"]["planned"] = {}
    lines = [event for event in events if event["type"] != "milestone.slipped"], decisions
    assert told(Engine(by_clock=True), lines) == heard(Engine(), lines)


def test_a_plan_slips_by_the_clock_a_minute_or_a_hundredth_of_the_lead_late() -> None:
    engine = Engine(by_clock=True)
    engine.see(PromiseSnapshot(0.0, view()))
    engine.advance(6 * HOUR + 0.01 * DAY - 1)
    assert engine.open["p1"].view.slipped == []
    engine.advance(6 * HOUR + 0.01 * DAY)
    assert engine.open["p1"].view.slipped == ["shipped"]


def test_a_step_that_comes_in_time_or_gets_a_later_plan_does_not_slip_when_the_old_one_passes() -> None:
    for after in (
        view(reached={"shipped": 5 * HOUR}, last=0, last_at=5 * HOUR),
        replace(view(), plans={"shipped": 9 * HOUR}),
    ):
        engine = Engine(by_clock=True)
        engine.see(PromiseSnapshot(0.0, view()))
        engine.see(PromiseSnapshot(5 * HOUR, after))
        engine.advance(8 * HOUR)
        assert engine.open["p1"].view.slipped == []


def answers(engine: Engine) -> list[int]:
    memory = engine.learner.memory
    found: list[int] = memory.late[: memory.size].tolist()
    return found


def test_a_later_date_that_the_customer_agreed_to_has_an_answer_of_its_own() -> None:
    engine = Engine(by_clock=True)
    engine.see(PromiseSnapshot(0.0, view()))
    engine.see(PromiseSnapshot(20 * HOUR, view(due=2 * DAY)))
    engine.advance(DAY + 1)
    assert answers(engine)[0] == 1
    engine.see(PromiseSnapshot(30 * HOUR, view(due=2 * DAY, completed=30 * HOUR)))
    engine.advance(2 * DAY + 1)
    assert not engine.open
    memory = engine.learner.memory
    by_date = {(memory.deadline[n], memory.late[n]) for n in range(memory.size)}
    assert by_date == {(DAY, 1), (2 * DAY, 0)}


def test_an_overdue_promise_teaches_how_long_it_still_takes_and_no_answer() -> None:
    engine = Engine(by_clock=True)
    engine.see(PromiseSnapshot(0.0, view()))
    engine.see(PromiseSnapshot(DAY + HOUR, view(reached={"shipped": DAY + HOUR}, last=0, last_at=DAY + HOUR)))
    engine.see(PromiseSnapshot(DAY + 5 * HOUR, view(completed=DAY + 5 * HOUR)))
    engine.close(DAY + 6 * HOUR)
    memory = engine.learner.memory
    overdue = memory.at[: memory.size] >= DAY
    assert memory.at[: memory.size][overdue].tolist() == [DAY, DAY + HOUR]
    assert memory.done[: memory.size][overdue].tolist() == [DAY + 5 * HOUR] * 2
    kinds = {group: what for (_, what), group in engine.model.groups.items()}
    assert [kinds[group] for group in memory.group[: memory.size][overdue]] == ["due", "at:shipped"]
    asked = [number for number, what in kinds.items() if what not in ("due", "at:shipped")]
    assert engine.model.shares.answers[asked].tolist() == [1] * len(asked)
    assert engine.model.shares.answers[0] == len(asked)
    assert engine.model.curves.answers[0] == len(asked) + 2


def test_a_withdrawn_promise_leaves_without_an_answer() -> None:
    engine = Engine(by_clock=True)
    engine.see(PromiseSnapshot(0.0, view()))
    engine.see(PromiseSnapshot(3 * HOUR, view(), gone=True))
    engine.advance(9 * DAY)
    assert set(answers(engine)) == {UNKNOWN}
    assert engine.learner.memory.until[0] == 3 * HOUR
    assert not engine.open


def test_a_cancelled_promise_is_late_and_says_nothing_of_those_that_are_only_overdue() -> None:
    engine = Engine(by_clock=True)
    engine.see(PromiseSnapshot(0.0, view()))
    engine.see(PromiseSnapshot(5 * HOUR, view(), late=True))
    engine.close(DAY + HOUR)
    memory = engine.learner.memory
    assert memory.at[: memory.size].tolist() == [0.0]
    assert answers(engine) == [1]
    assert math.isinf(memory.done[0])
    engine.see(PromiseSnapshot(DAY + HOUR, view(), late=True))
    engine.close(99 * DAY)
    assert not engine.open


@pytest.mark.parametrize("how", ["late", "gone"])
def test_promises_called_off_are_no_misses_of_the_times_that_were_told(how: str) -> None:
    engine, seen = Engine(by_clock=True), list[PromiseSnapshot]()
    for number in range(600):
        at = number * HOUR
        made = view(f"p{number}", made=at, due=at + DAY)
        done = at + DAY - HOUR * (1 + number % 5)
        gone = number % 2 == 1
        end = (
            PromiseSnapshot(at + 2 * HOUR, made, **{how: True})
            if gone
            else PromiseSnapshot(done, replace(made, completed=done))
        )
        seen += [PromiseSnapshot(at, made), end]
    for one in sorted(seen, key=lambda one: one.at):
        engine.see(one)
    judge, group = engine.model.intervals, engine.model.groups["parcel", "made"]
    assert judge.n[group].min() > 200
    share = judge.hits[group] / judge.n[group]
    assert np.all(share > (0.3, 0.65, 0.75)), "half of them were called off, and count neither as hit nor as miss"
    assert engine.model.reference.lost[group] == pytest.approx(0.5 if how == "late" else 0, abs=0.05)


def test_a_verdict_outweighs_a_completion_in_time() -> None:
    engine = Engine(by_clock=True)
    engine.see(PromiseSnapshot(0.0, view()))
    engine.see(PromiseSnapshot(5 * HOUR, view(completed=5 * HOUR), late=True))
    engine.advance(DAY)
    assert answers(engine) == [1]
    engine.see(PromiseSnapshot(DAY + HOUR, view("p2", made=DAY, due=2 * DAY)))
    engine.advance(2 * DAY)
    engine.see(PromiseSnapshot(2 * DAY + HOUR, view("p2", made=DAY, due=2 * DAY, completed=DAY + 5 * HOUR), late=True))
    assert set(answers(engine)) == {1}


def test_a_cancellation_taken_back_is_asked_about_again() -> None:
    engine = Engine(by_clock=True)
    engine.see(PromiseSnapshot(0.0, view()))
    engine.see(PromiseSnapshot(5 * HOUR, view(), late=True))
    engine.see(PromiseSnapshot(7 * HOUR, view()))
    engine.advance(13 * HOUR)
    assert engine.learner.memory.at[: engine.learner.memory.size].tolist() == [0.0, 12 * HOUR]


def test_a_promise_first_heard_of_as_cancelled_teaches_nothing() -> None:
    engine = Engine(by_clock=True)
    engine.see(PromiseSnapshot(HOUR, view(), late=True))
    assert not engine.open


def test_a_recorded_stream_tells_of_cancellations_and_withdrawals_as_pictures_do() -> None:
    def line(what: str, name: str, at: float, **data: Any) -> dict[str, Any]:
        time = datetime.fromtimestamp(at, UTC).isoformat()
        return {"type": f"promise.{what}", "promise_id": name, "time": time, "data": data}

    due = datetime.fromtimestamp(DAY, UTC).isoformat()
    engine = Engine()
    for name, end in (("p1", "cancelled"), ("p2", "withdrawn")):
        take(engine, line("made", name, 0.0, kind="parcel", due=due, milestones=["shipped", "delivered"]))
        take(engine, line(end, name, 0.0))
    engine.advance(DAY)
    memory = engine.learner.memory
    assert memory.at[: memory.size].tolist() == [0.0, 0.0]
    assert answers(engine) == [1, UNKNOWN]
    assert memory.until[:2].tolist() == [math.inf, 0.0]


def test_a_completion_reported_after_the_deadline_was_in_time_if_it_was() -> None:
    engine = Engine(by_clock=True)
    engine.see(PromiseSnapshot(0.0, view()))
    engine.advance(DAY + HOUR)
    assert set(answers(engine)) == {1}
    engine.see(PromiseSnapshot(DAY + 2 * HOUR, view(completed=DAY - HOUR)))
    assert set(answers(engine)) == {0}


def test_a_correction_takes_a_completion_back() -> None:
    engine = Engine(by_clock=True)
    engine.see(PromiseSnapshot(0.0, view()))
    engine.see(PromiseSnapshot(5 * HOUR, view(completed=5 * HOUR)))
    engine.see(PromiseSnapshot(6 * HOUR, view()))
    assert math.isinf(engine.learner.memory.done[0])
    engine.advance(DAY + 1)
    assert 1 in answers(engine)


def test_what_comes_after_its_time_counts_from_now_and_a_promise_that_is_over_is_not_begun_again() -> None:
    engine = Engine(by_clock=True)
    engine.see(PromiseSnapshot(0.0, view()))
    engine.close(10 * HOUR)
    engine.see(PromiseSnapshot(4 * HOUR, view(reached={"shipped": 4 * HOUR}, last=0, last_at=4 * HOUR)))
    assert engine.learner.memory.at[engine.learner.memory.count - 1] == 10 * HOUR
    engine.see(PromiseSnapshot(3 * DAY, view("late", due=2 * DAY)))
    engine.see(PromiseSnapshot(3 * DAY, view("done", due=9 * DAY, completed=3 * DAY)))
    assert {"late", "done"}.isdisjoint(engine.open)


def test_an_incident_touches_by_place_or_by_labels_until_it_is_over() -> None:
    engine, here = Engine(by_clock=True), replace(view(), places=["airport:EWR"], texts=[("site", "EWR")])
    by_place = Incident("fog", 0.0, {}, {"severity": 0.5}, ["airport:JFK", "airport:EWR"])
    by_label = Incident("wind", 0.0, {"site": "EWR"}, {})
    elsewhere = Incident("snow", 0.0, {"site": "JFK"}, {})
    for name, incident in {"a": by_place, "b": by_label, "c": elsewhere}.items():
        engine.see(IncidentSnapshot(0.0, name, incident))
    assert [one.category for one in here.touched(engine.incidents.values())] == ["fog", "wind"]
    engine.see(IncidentSnapshot(1.0, "a", None))
    assert [one.category for one in here.touched(engine.incidents.values())] == ["wind"]


def test_a_version_comes_at_a_boundary_and_only_if_something_was_learnt() -> None:
    engine = Engine(by_clock=True)
    assert not engine.close(0.0)
    engine.see(PromiseSnapshot(10.0, view(made=10.0)))
    assert not engine.close(0.0)
    assert engine.close(HOUR)
    assert (engine.model.version, engine.boundary) == (1, HOUR)
    assert not engine.close(2 * HOUR)


def test_the_newest_moment_names_what_is_known() -> None:
    seen = view(reached={"shipped": 8 * HOUR}, last=0, last_at=8 * HOUR)
    assert seen.newest(HOUR) == (0.0, "made")
    assert seen.newest(6 * HOUR) == (6 * HOUR, "left75")
    assert seen.newest(7 * HOUR)[1] == "slip:shipped"
    assert seen.newest(8 * HOUR) == (8 * HOUR, "at:shipped")
    assert seen.newest(12 * HOUR + 1) == (12 * HOUR, "left50")
    assert seen.newest(2 * DAY) == (DAY, "due")


@pytest.mark.parametrize("name", ["", "x" * 300])
def test_thousands_of_kinds_cost_no_memory(name: str) -> None:
    engine = Engine(by_clock=True)
    for number in range(6000):
        made = float(number)
        engine.see(PromiseSnapshot(made, replace(view(f"p{number}", made=made, due=made + 60), kind=f"{name}{number}")))
    engine.close(3 * HOUR)
    context = engine.model.context
    assert max(len(context.leads), len(context.spread), len(context.tails)) <= 4096
    assert len(engine.model.groups) <= 62


def test_attributes_without_end_neither_crash_nor_cost_memory() -> None:
    engine = Engine(by_clock=True)
    for number in range(10_000):
        made = number * 60.0
        wild = {"order": f"o{number}", f"name {number}": "x", "amount": (math.inf, 1e308, -1.0)[number % 3]}
        skipped = frozenset({"order"} if number % 7 else ())
        texts, numbers = labels({**wild, f"n{number}": math.nan, "left out": None}, skipped)
        known = {"texts": texts, "numbers": numbers}
        engine.see(PromiseSnapshot(made, view(f"p{number}", made=made, due=made + HOUR, **known)))
        if number % 10 == 0:
            engine.see(
                PromiseSnapshot(made + 1, view(f"p{number}", made=made, due=made + HOUR, completed=made + 1, **known))
            )
        if number in (4999, 9999):
            engine.close(made // HOUR * HOUR)
            found = engine.forecast(f"p{number}", made, "made")
            assert 0 <= found.p_late <= 1
            assert 0 <= found.q50 <= found.q80 <= found.q90 < math.inf
    assert len(engine.model.layout.columns) <= 192
    assert all(len(table.table) <= 100_000 for table in (engine.model.context.late, engine.model.context.steps))
