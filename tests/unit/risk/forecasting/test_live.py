"""The published model in the service: pictures of what was known then, forecasts, reasons, storage."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from risk_svc.backtest.stream import seconds
from risk_svc.domain.incidents import Incident
from risk_svc.domain.pause_mark import Mark
from risk_svc.domain.state import PromiseState, StepState, StepStatus
from risk_svc.forecast.intervals import STATED
from risk_svc.forecast.reasons import words
from risk_svc.forecast.serialization import FORMAT, ForeignFormatError, engine_bytes, engine_of, model_bytes, model_of
from risk_svc.forecast.view import View
from risk_svc.forecasting.explaining import AT_ONCE, Case
from risk_svc.forecasting.live import TICK, PublishedModel, incident_snapshot_of, open_at, snapshot_of, view_of
from tests.support.stream import stream
from tests.support.taught import taught

HOUR = 3600.0
CANCELLED, REACHED = StepStatus.CANCELLED, StepStatus.REACHED


def state(*steps: StepState, **known: object) -> PromiseState:
    usual = {
        "promise_version": 1,
        "kind": "parcel",
        "made_at": 0.0,
        "held_due": 48 * HOUR,
        "labels": {"maker": "c", "weight": 2.5, "fragile": True},
        "depends_on": [("site", "EWR")],
    }
    return PromiseState(promise_id="p1", customer_id="c1", steps=list(steps), **(usual | known))  # type: ignore[arg-type]


def shipped(**known: object) -> StepState:
    return StepState(name="shipped", planned=15 * HOUR, **known)  # type: ignore[arg-type]


DELIVERED = StepState(name="delivered", planned=40 * HOUR)


def published() -> PublishedModel:
    found = PublishedModel()
    found.take(model_bytes(taught().model))
    return found


def case(**known: object) -> View:
    """A parcel of maker c at the end of the stream, promised for 48 hours later."""
    made = taught().now
    base = View(
        promise_id="new",
        kind="parcel",
        made=made,
        deadline=made + 48 * HOUR,
        order=["shipped", "delivered"],
        plans={},
        texts=[("maker", "c")],
        numbers=[],
        last_at=made,
    )
    base.plans["shipped"] = made + 15 * HOUR
    base.stages.append((-1, made))
    return replace(base, **known)


def test_a_picture_holds_what_was_known_then() -> None:
    step = shipped(status=REACHED, at=20 * HOUR, plans=[(14 * HOUR, 19 * HOUR)])
    done = StepState(name="delivered", planned=40 * HOUR, status=REACHED, at=45 * HOUR, final=True)
    now = state(step, done)
    early = view_of(now, HOUR)
    assert early.plans == {"shipped": 15 * HOUR, "delivered": 40 * HOUR}
    assert (early.last, early.reached, early.completed, early.slipped) == (-1, {}, None, [])
    assert early.deadline == 48 * HOUR + TICK
    assert early.texts == [("maker", "c"), ("fragile", "yes")]
    assert early.numbers == [("weight", 2.5)]
    assert early.places == ["site:EWR"]
    later = view_of(now, 20 * HOUR)
    assert later.plans["shipped"] == 19 * HOUR
    assert (later.last, later.last_at, later.stages) == (0, 20 * HOUR, [(-1, 0.0), (0, 20 * HOUR)])
    assert later.slipped == ["shipped"]
    assert later.completed is None
    assert view_of(now, 45 * HOUR).completed == 45 * HOUR


def test_a_step_that_was_not_planned_moves_no_stage() -> None:
    found = view_of(
        state(StepState(name="called", status=REACHED, at=HOUR, extra=True), shipped(), DELIVERED), 2 * HOUR
    )
    assert found.order == ["shipped", "delivered"]
    assert (found.last, found.last_at, found.reached) == (-1, HOUR, {"called": HOUR})


def test_a_withdrawn_promise_is_gone_and_an_incident_ends() -> None:
    assert snapshot_of(state(withdrawn=True), HOUR).gone
    assert not snapshot_of(state(), HOUR).gone
    fog = Incident(
        incident_id="i1",
        version=1,
        severity=0.8,
        category="fog",
        title="Fog",
        affects=[("site", "EWR")],
        since=0.0,
        until=None,
        expected_end=None,
        source_event="e1",
    )
    struck = incident_snapshot_of(fog, HOUR)
    assert struck.incident is not None
    assert view_of(state(), HOUR).touched([struck.incident]) == open_at([fog], HOUR)
    assert view_of(state(depends_on=[]), HOUR).touched([struck.incident]) == []
    over = Incident(
        incident_id="i1",
        version=2,
        severity=0.8,
        category="fog",
        title="Fog",
        affects=[("site", "EWR")],
        since=0.0,
        until=5 * HOUR,
        expected_end=None,
        source_event="e2",
    )
    assert incident_snapshot_of(over, 5 * HOUR).incident is None
    assert open_at([over], 5 * HOUR) == []
    assert len(open_at([over], 4 * HOUR)) == 1


def test_a_promise_is_late_once_that_is_decided() -> None:
    cancelled = StepState(name="delivered", status=CANCELLED, at=HOUR, final=True)
    done = StepState(name="delivered", status=REACHED, at=5 * HOUR, final=True)
    assert snapshot_of(state(shipped(), cancelled), 2 * HOUR).late
    assert not snapshot_of(state(shipped(), cancelled), HOUR / 2).late
    assert snapshot_of(state(shipped(), done, verdict="disputed"), 6 * HOUR).late
    for one in (state(), state(shipped(), done), state(withdrawn=True), state(shipped(), verdict="kept")):
        assert not snapshot_of(one, 6 * HOUR).late


@pytest.mark.parametrize(("said", "done"), [(5 * HOUR, 5 * HOUR), (90 * HOUR, 48 * HOUR)])
def test_one_that_was_kept_though_nobody_says_when_was_complete_in_time_at_the_latest(said: float, done: float) -> None:
    settled = state(shipped(), verdict="kept", verdict_at=said)
    found = view_of(settled, said)
    assert found.completed == done < found.deadline
    assert view_of(settled, said - 90 * HOUR).completed is None
    assert view_of(state(shipped(), verdict="kept", verdict_completed_at=HOUR, verdict_at=said), said).completed == HOUR


def test_one_that_was_kept_while_its_clock_stood_was_complete_by_the_date_that_moved() -> None:
    waited = [Mark(40 * HOUR, 60 * HOUR, "shipped", known=40 * HOUR)]
    settled = state(shipped(), verdict="kept", verdict_at=90 * HOUR, pauses=waited)
    found = view_of(settled, 90 * HOUR)
    assert found.completed == 68 * HOUR < found.deadline
    sooner = state(shipped(), verdict="kept", verdict_at=59 * HOUR, pauses=waited)
    assert view_of(sooner, 90 * HOUR).completed == 59 * HOUR


def test_an_incident_that_names_no_place_touches_nobody() -> None:
    nowhere = incident_snapshot_of(
        Incident(
            incident_id="i1",
            version=1,
            severity=0.8,
            category="fog",
            title="Fog",
            affects=[],
            since=0.0,
            until=None,
            expected_end=None,
            source_event="e1",
        ),
        0.0,
    )
    assert nowhere.incident is not None
    assert view_of(state(depends_on=[]), HOUR).touched([nowhere.incident]) == []


def test_the_published_model_says_what_the_engine_says() -> None:
    engine, model = taught(), published()
    compared = kept = 0
    for decision in stream(900)[1][-60:]:
        held = engine.open.get(decision["promise_id"])
        if held is None:
            continue
        now = max(seconds(decision["time"]), held.view.last_at)
        if held.at != held.view.newest(now)[0]:
            # A recorded plan slips when an event says so, a live one when the clock does.
            continue
        compared += 1
        found = model.forecast([held.view], [[]], now)
        same = engine.forecast(decision["promise_id"], now, held.view.newest(now)[1])
        assert found.model == same.version
        if now < held.view.deadline:
            assert found.p_slip[0] == pytest.approx(same.p_late, abs=1e-9)
        told = np.array([found.q50[0], found.q80[0], found.q90[0]])
        finite = np.isfinite(told)
        stated = now + 3600 * np.array([same.q50, same.q80, same.q90])
        # What the record moved, or the stated chance to the other side of the deadline, the engine does not know of.
        by = held.view.deadline
        plain = finite & ((told <= by) == (stated <= by)) & [one.later_s == 0 for one in found.records[0]]
        kept += plain.sum()
        assert np.allclose(told[plain], stated[plain], rtol=0, atol=1e-3)
    assert compared >= 10


def test_while_nothing_happens_a_promise_never_looks_less_late_and_its_times_do_not_wander() -> None:
    engine, model = taught(), published()
    for held in list(engine.open.values())[-40:]:
        view, late, told = held.view, 0.0, -np.inf
        until = min([view.deadline, *(at for at, _ in (*view.slips(), *view.looks()) if at > held.at)])
        for now in np.linspace(view.newest(held.at)[0], until - 1, 8):
            found = model.forecast([view], [[]], float(now))
            if view.newest(float(now)) != view.newest(held.at):
                break
            assert found.p_slip[0] >= late - 1e-9
            assert found.q50[0] >= told - 1
            late, told = max(late, float(found.p_slip[0])), float(found.q50[0])


def test_a_batch_says_what_its_promises_say_alone() -> None:
    model, now = published(), taught().now
    views = [case(promise_id=f"n{number}", numbers=[("weight", float(number))]) for number in range(40)]
    whole = model.forecast(views, [[]] * 40, now)
    for number in (0, 17, 39):
        alone = model.forecast([views[number]], [[]], now)
        assert whole.p_slip[number] == pytest.approx(alone.p_slip[0], abs=1e-12)
        assert whole.lateness[number] == pytest.approx(alone.lateness[0], abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(st.floats(0, 200), st.integers(-1, 1), st.sampled_from(["parcel", "", "never seen"]))
def test_every_forecast_makes_sense(hours: float, last: int, kind: str) -> None:
    begun = case(kind=kind)
    now = begun.made + hours * HOUR
    reached = dict.fromkeys(begun.order[: last + 1], begun.made + HOUR)
    view = replace(begun, last=last, reached=reached, last_at=begun.made + HOUR)
    found = published().forecast([view], [[]], now)
    assert 0 <= found.p_slip[0] <= 1
    told = np.array([found.q50[0], found.q80[0], found.q90[0]])
    if found.withheld[0]:
        assert np.isnan(told).all()
    else:
        assert now <= told[0] <= told[1] <= told[2]
        # Chance and times are of one curve: P(in time) reaches a level exactly where its time is the date or earlier.
        in_time = round(1 - found.p_slip[0], 4)
        assert [in_time >= level for level in STATED] == (told <= view.deadline).tolist()
    assert 0 <= found.lateness[0] <= found.p_slip[0]
    assert 0 <= found.never[0] <= found.p_slip[0]
    assert 0 <= found.base[0] <= 1
    assert math.isfinite(found.horizon[0])
    assert found.horizon[0] >= HOUR
    if now >= view.deadline:
        assert found.p_slip[0] == 1


def test_what_it_rests_on_is_the_narrowest_class_with_enough_promises() -> None:
    model = published()
    found = model.forecast([case(), case(last=0), case(kind="other")], [[]] * 3, taught().now)
    assert found.basis == ["parcel", "parcel, after shipped", "other"]
    assert found.n[0] >= found.n[1] > 500
    assert found.n[2] == 0
    assert 0.1 < found.base[0] < 0.5
    assert 0.1 < found.observed[0] < 0.5
    assert np.isnan(found.observed[2])


def test_a_model_that_has_learnt_nothing_rests_on_nothing() -> None:
    found = PublishedModel().forecast([case()], [[]], taught().now)
    assert (found.model, found.n[0]) == (0, 0)
    assert PublishedModel().why([(case(), [])], taught().now) == [[]]


def test_the_reasons_name_what_moves_the_forecast() -> None:
    model, begun = published(), case()
    now = begun.made + 30 * HOUR
    reached = {"shipped": now - HOUR}
    late = replace(begun, reached=reached, last=0, last_at=now - HOUR, stages=[*begun.stages, (0, now - HOUR)])
    late.slipped.append("shipped")
    (found,) = model.why([(late, [])], now)
    assert 1 <= len(found) <= 3
    p = float(model.forecast([late], [[]], now).p_slip[0])
    assert all(0 <= without <= 1 and abs(without - p) > 0.01 for _, without in found)
    listed = " / ".join(said for said, _ in found)
    assert "shipped 14 h late" in listed or "the pace so far" in listed
    assert model.why([(late, [])], late.deadline) == [[]]


def test_the_reasons_of_many_are_those_of_each_alone_in_their_order() -> None:
    model, begun = published(), case()
    now = begun.made + 30 * HOUR
    reached = {"shipped": now - HOUR}
    late = replace(begun, reached=reached, last=0, last_at=now - HOUR, stages=[*begun.stages, (0, now - HOUR)])
    over = replace(begun, deadline=now - HOUR)
    bare = replace(begun, texts=[], numbers=[], plans={})
    cases: list[Case] = [
        (late, []),
        (over, []),
        (bare, []),
        (begun, []),
        *((case(last=0), []) for _ in range(AT_ONCE)),
        (late, []),
    ]
    together = model.why(cases, now)
    assert len(together) == len(cases)
    assert together[1] == []
    assert together[0] != together[3]
    for one, found in zip(cases, together, strict=True):
        (alone,) = model.why([one], now)
        assert [words for words, _ in found] == [words for words, _ in alone]
        assert [p for _, p in found] == pytest.approx([p for _, p in alone], abs=1e-12)


def test_where_the_reference_class_decides_how_like_ones_did_lately_is_the_reason() -> None:
    model, begun = PublishedModel(model_of(model_bytes(taught().model))), case()
    model.model.shares.weights[:] = (0.03, 0.03, 0.03, 0.91)
    model.model.reference.shares[:] = 0.8
    found = dict(model.why([(begun, [])], begun.made)[0])
    base = model.model.context.base("parcel")
    assert base < 0.3
    assert abs(found["how similar promises have done lately"] - base) < 0.1


def test_a_promise_that_is_only_being_made_has_no_pace_yet() -> None:
    begun = case()
    assert words("pace", begun, begun.made, []) == "the time to do it in: 2 days"
    assert words("pace", begun, begun.made + 24 * HOUR, []) == "the pace so far, with 24 h left"


def test_the_clock_changes_what_is_known_at_plans_and_leads() -> None:
    begun = case()
    found = published().next_change(begun, begun.made)
    assert found == pytest.approx(begun.made + 12 * HOUR, abs=1)
    assert math.isinf(published().next_change(begun, begun.deadline))


def test_a_stored_model_is_the_same_model_and_a_foreign_one_is_refused() -> None:
    raw = model_bytes(taught().model)
    assert model_bytes(model_of(raw)) == raw
    for bad in (b"", b"not a model", raw.replace(f"model {FORMAT}".encode(), b"model 0", 1)):
        with pytest.raises(ForeignFormatError):
            model_of(bad)
    with pytest.raises(ForeignFormatError):
        engine_of(raw)
    assert len(raw) < 2_000_000


def test_a_stored_engine_is_the_same_engine() -> None:
    raw = engine_bytes(taught())
    assert engine_bytes(engine_of(raw)) == raw
