"""A missed step that the customer was told of: it stands in the gap's reasons and raises it (ADR 0024)."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.contracts import Component, Message, MilestoneStatus, PlannedMilestone, Standing
from risk_svc.domain.components.lateness import Lateness
from risk_svc.domain.fold import fold
from risk_svc.domain.gap import GapDefinition
from risk_svc.domain.incidents import Incident
from risk_svc.domain.predictions import Prediction
from risk_svc.domain.scoring import event_of, score_open
from risk_svc.domain.state import PromiseState, from_bytes, to_bytes
from risk_svc.domain.unmet import unmet
from risk_svc.web.api import presenters
from risk_svc.web.board import style
from tests.support.risk import ARRIVES, DEPARTS, DEPARTS_S, DUE, DUE_S, MADE_S, M, Story, prediction

FEW = prediction(
    **{"p_slip": 0.16, "q50": DUE_S - 900, "q80": DUE_S + 900, "q90": DUE_S + 1800},
    **{"lateness": 0.1, "base": 0.15, "n": 0, "basis": "flight", "model": 1},
)
SURE = replace(FEW, n=412, lateness=0.05)
W = GapDefinition()
LEAST = Lateness().missed_step
MISSED = DEPARTS_S + 600
SAID = "departed was missed, and the customer had been told of this step"


def state_of(*messages: Message) -> PromiseState:
    state = PromiseState(promise_id="p1", customer_id="c1")
    for item in messages:
        fold(state, item.envelope, item.data)
    return state


def missed(story: Story, status: MilestoneStatus = MilestoneStatus.MISSED) -> Message:
    return story.milestone("departed", 10, status=status, reason="the van broke down")


def scored(state: PromiseState, item: Prediction = FEW, now: float = MISSED, definition: GapDefinition = W) -> float:
    score_open(state, [], item, now, definition, math.inf)
    return state.view.score


@pytest.mark.parametrize("item", [FEW, SURE])
@pytest.mark.parametrize(
    ("status", "words"), [(MilestoneStatus.MISSED, "was missed"), (MilestoneStatus.CANCELLED, "was cancelled")]
)
def test_it_shows_in_the_reasons_and_raises_the_gap(item: Prediction, status: MilestoneStatus, words: str) -> None:
    story = Story()
    state = state_of(story.made())
    before = scored(state, item, DEPARTS_S)
    report = missed(story, status)
    fold(state, report.envelope, report.data)
    after = scored(state, item)
    assert (presenters.item(state).band, after > before + 20) == ("medium", True)
    shown = presenters.detail(state, [], MISSED)
    [part] = [one for one in shown.contributions if one.component is Component.LATENESS]
    assert part.evidence.startswith(f"departed {words}, and the customer had been told of this step")
    assert shown.missed_steps == ["departed"]
    assert part.evidence in style.why(shown)
    assert "van" not in part.evidence
    assert math.fsum(one.share for one in event_of(state, Standing.OPEN, []).contributions) == pytest.approx(1.0)


def test_the_forecast_is_what_it_was() -> None:
    story = Story()
    plain, state = state_of(story.made()), state_of((again := Story()).made(), missed(again))
    for one in (plain, state):
        scored(one)
    assert unmet(state, MISSED)
    view, other = state.view, plain.view
    assert (view.p_slip, view.p50, view.p80, view.p90) == (other.p_slip, other.p50, other.p80, other.p90)
    assert view.frozen == other.frozen


def test_the_board_names_it_though_something_else_weighs_more() -> None:
    story = Story()
    state = state_of(story.made(deliverer="crew 7", accepted=False), missed(story))
    scored(state, FEW, MISSED, GapDefinition(weights={"lateness": 0.1, "unbacked": 0.9}))
    assert style.why(presenters.item(state)).startswith("crew 7 has not accepted it; departed was missed")


@given(st.lists(st.tuples(st.floats(0, DUE_S - MISSED + 86400), st.floats(0, 1)), min_size=2, max_size=8))
def test_it_does_not_fall_while_only_time_passes(looks: list[tuple[float, float]]) -> None:
    story = Story()
    state, gaps = state_of(story.made(), missed(story)), []
    for after, lateness in sorted(looks):
        scored(state, replace(FEW, lateness=lateness), MISSED + after)
        gaps.append({name: x for name, x, *_ in state.view.shares}["lateness"])
    assert gaps == sorted(gaps)
    assert gaps[0] >= LEAST


def test_what_is_heard_of_it_may_lower_it_again_and_the_step_itself_ends_it() -> None:
    story = Story()
    state = state_of(story.made(), missed(story))
    high = scored(state, replace(FEW, lateness=0.9))
    incident = Incident(
        incident_id="i1",
        version=1,
        severity=0.0,
        category="snow",
        title="Snow",
        affects=[],
        since=MADE_S,
        until=None,
        expected_end=None,
        source_event="e1",
    )
    score_open(state, [incident], FEW, MISSED, W, math.inf)
    assert state.view.score < high
    report = story.milestone("departed", 40)
    fold(state, report.envelope, report.data)
    assert scored(state, FEW, MISSED + 3600) < 15
    assert presenters.item(state).missed_steps == []


def test_a_step_that_the_customer_does_not_know_of_is_none_of_it() -> None:
    story = Story()
    steps = [PlannedMilestone("departed", DEPARTS, False), PlannedMilestone("arrived", ARRIVES)]
    state = state_of(story.made(milestones=steps), missed(story))
    assert scored(state) < 15
    assert "departed" not in presenters.item(state).contributions[0].evidence


def test_an_overdue_step_counts_the_more_the_longer_it_is() -> None:
    state = state_of(Story().made())
    early, later, full = (scored(state, FEW, DEPARTS_S + late) for late in (120, 1800, 3600))
    assert early == pytest.approx(100 * 0.9 * FEW.lateness)
    assert early < later < full
    assert full == pytest.approx(100 * 0.9 * LEAST)
    assert "departed is overdue, and the customer" in presenters.item(state).contributions[0].evidence


def test_a_step_on_the_promised_date_is_overdue_with_the_promise_and_not_before() -> None:
    steps = [PlannedMilestone("arrived", DUE, True)]
    state = state_of(Story().made(milestones=steps, tolerance_s=7200))
    assert unmet(state, DUE_S + 3600) == []


def test_another_date_that_the_customer_agreed_to_settles_what_was_missed_before() -> None:
    story = Story()
    state = state_of(story.made(), missed(story))
    assert unmet(state, MISSED)
    told, agreed = story.revised(DUE + timedelta(days=1), held=False), story.revised(DUE + timedelta(days=2))
    for item in (told, agreed):
        late = replace_time(item, DEPARTS + 30 * M)
        fold(state, late.envelope, late.data)
        assert bool(unmet(state, MISSED + 3600)) is (item is told)


def replace_time(item: Message, at: datetime) -> Message:
    return msgspec.structs.replace(item, envelope=msgspec.structs.replace(item.envelope, time=at))


def test_a_stored_state_goes_on_where_it_was() -> None:
    story = Story()
    state = state_of(story.made(), missed(story))
    scored(state, replace(FEW, lateness=0.8))
    again = from_bytes(to_bytes(state))
    assert scored(again, FEW, MISSED + 60) == pytest.approx(72.0)


@pytest.mark.parametrize("bad", [-0.1, 1.1])
def test_the_setting_has_bounds(bad: float) -> None:
    with pytest.raises(ValueError, match="missed_step"):
        Lateness(missed_step=bad)
