"""The state of a promise: small, the same after a round trip, and comparable without its view."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from candor.contracts import Dependency, MilestoneStatus, PlannedMilestone
from risk_svc.domain.fold import fold
from risk_svc.domain.frozen_forecasts import remember
from risk_svc.domain.state import (
    TRAIL_LIMIT,
    FrozenForecast,
    NoticeRecord,
    PromiseState,
    StepState,
    TrailPoint,
    View,
    folded,
    from_bytes,
    to_bytes,
)
from risk_svc.store.states import incident_from
from tests.support.risk import DEPARTS, DUE, DUE_S, MADE_S, Story


def full_state(reasons: int = 4) -> PromiseState:
    """Four labels, four milestones reported, a full trail that names `reasons` and all frozen forecasts."""
    story = Story("promise-00000001", "customer-00000001")
    plan = [PlannedMilestone(f"milestone {n}", DEPARTS + timedelta(hours=n), True) for n in range(4)]
    labels = {"carrier": "XA", "destination": "ORD", "distance": 719.0, "express": True}
    made = story.made(milestones=plan, labels=labels, depends_on=[Dependency("site", "EWR"), Dependency("crew", "7")])
    state = PromiseState(promise_id="promise-00000001", customer_id="customer-00000001")
    steps = [story.milestone(f"milestone {n}", 7, status=MilestoneStatus.REACHED) for n in range(3)]
    for item in (made, *steps, story.notice()):
        fold(state, item.envelope, item.data)
    view = state.view
    for n in range(102):
        view.at, view.score, view.p_slip, view.model = MADE_S + n * 600, n * 0.9, n / 100, 1000 + n
        view.p50, view.p80, view.p90 = DUE_S + n, DUE_S + 60 * n, DUE_S + 90 * n
        view.why = [
            (f"step {chr(65 + n * reasons // 102)} came half an hour after its plan", 2.0),
            ("Snow at EWR, ongoing", 0.2),
        ]
        remember(view)
    view.shares = [("lateness", 0.91, 0.8, "83% likely to slip"), ("incidents", 0.6, 0.2, "Snow at EWR, ongoing")]
    view.frozen = [
        FrozenForecast(
            lead=lead,
            p=2500,
            base=3100,
            at=int(MADE_S),
            p50=int(DUE_S),
            p80=int(DUE_S) + 1,
            p90=int(DUE_S) + 2,
            model=1234,
            n=54321,
            due=int(DUE_S),
        )
        for lead in ("made", "left75", "left50", "at:departed", "left25")
    ]
    return state


def test_it_comes_back_from_its_bytes() -> None:
    state = full_state()
    assert from_bytes(to_bytes(state)) == state


def test_a_full_one_takes_a_kilobyte_and_a_half_and_a_fresh_one_half() -> None:
    fresh = PromiseState(promise_id="promise-00000001", customer_id="customer-00000001")
    item = Story("promise-00000001", "customer-00000001").made()
    fold(fresh, item.envelope, item.data)
    assert len(to_bytes(fresh)) <= 512
    full = full_state()
    assert len(full.view.trail) == TRAIL_LIMIT
    assert len({point.why for point in full.view.trail} - {""}) == 4
    assert len(to_bytes(full)) <= 1568


def test_one_whose_every_point_has_another_reason_takes_no_more_than_a_quarter_more() -> None:
    worst = full_state(reasons=102)
    assert all(point.why for point in worst.view.trail)
    assert len(to_bytes(worst)) <= 1882


def test_the_view_is_no_part_of_what_a_rebuild_is_compared_by() -> None:
    state = full_state()
    other = msgspec.structs.replace(state, view=View())
    assert folded(state) == folded(other)
    assert to_bytes(state) != to_bytes(other)
    other.held_due += 1
    assert folded(state) != folded(other)


def test_the_order_of_labels_is_no_difference() -> None:
    one = PromiseState(promise_id="p1", customer_id="c1", labels={"a": 1.0, "b": "x"})
    other = PromiseState(promise_id="p1", customer_id="c1", labels={"b": "x", "a": 1.0})
    assert folded(one) == folded(other)


def test_what_is_no_state_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        from_bytes(msgspec.msgpack.encode({"promise_id": 1}))


def test_fields_added_later_have_their_defaults_in_old_rows() -> None:
    short = msgspec.msgpack.encode(["p1", "c1", 1])
    state = from_bytes(short)
    assert (state.promise_version, state.zone, state.view.trail) == (1, "UTC", [])


def test_words_of_old_rows_are_internal() -> None:
    step = ["departed", 1.0, None, None, 2.0, 3, True, False, "ev-1", "crew asleep", False, None]
    found = msgspec.msgpack.decode(msgspec.msgpack.encode(step), type=StepState)
    assert (found.reason, found.public_reason) == ("crew asleep", "")
    row = ["i1", 1, 0.5, "it", "ECONNREFUSED in job 4711", [["site", "EWR"]], 1.0, None, None, "ev-2"]
    incident = incident_from(msgspec.msgpack.encode(row))
    assert (incident.title, incident.public_title) == ("ECONNREFUSED in job 4711", "")


def test_a_point_of_an_old_row_knows_no_outer_quantiles() -> None:
    old = msgspec.msgpack.encode([1_362_700_000, 120, 310, 1_362_790_000])
    point = msgspec.msgpack.decode(old, type=TrailPoint)
    assert (point.p50, point.p80, point.p90, point.model, point.why) == (1_362_790_000, -1, -1, 0, "")


def test_the_deadline_is_the_held_date_with_its_tolerance() -> None:
    state = PromiseState(promise_id="p1", customer_id="c1", made_at=MADE_S, held_due=DUE_S, tolerance_s=90)
    assert state.deadline == DUE_S + 90
    assert state.lead == (DUE - Story().start).total_seconds()
    assert PromiseState(promise_id="p1", customer_id="c1", made_at=DUE_S, held_due=DUE_S).lead == 60.0


def test_a_notice_of_a_row_from_before_has_no_reason() -> None:
    raw = msgspec.msgpack.encode(["n1", 3, "warning", "suppressed", 1.0, None, None, None])
    assert msgspec.msgpack.decode(raw, type=NoticeRecord).reason == ""
