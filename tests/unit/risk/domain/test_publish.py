"""Worth publishing: each reason alone, and silence where nothing a reader would see has changed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.contracts import Standing
from risk_svc.domain.publish import Reason, crossed, mark_published, next_version, worth_publishing
from risk_svc.domain.state import PromiseState, View
from tests.support.risk import DUE_S, MADE_S

LEAD = DUE_S - MADE_S


def told(score: float = 20.0, p_slip: float = 0.4, p50: float | None = DUE_S) -> PromiseState:
    state = PromiseState(
        promise_id="p1",
        customer_id="c1",
        made_at=MADE_S,
        held_due=DUE_S,
        view=View(score=score, p_slip=p_slip, p50=p50),
    )
    mark_published(state.view, Standing.OPEN, 7, 1)
    return state


def reason(state: PromiseState, standing: Standing = Standing.OPEN, facts: int = 7) -> Reason | None:
    return worth_publishing(state, standing, facts)


def test_the_first_score_is_always_told() -> None:
    assert worth_publishing(PromiseState(promise_id="p1", customer_id="c1"), Standing.OPEN, 0) is Reason.FIRST


def test_nothing_new_is_not_told() -> None:
    assert reason(told()) is None


def test_another_standing_comes_before_everything_else() -> None:
    state = told()
    state.view.score = 90.0
    assert reason(state, Standing.KEPT, 8) is Reason.STANDING


def test_another_fact_is_told_though_no_number_moved() -> None:
    assert reason(told(), facts=8) is Reason.FACTS


@pytest.mark.parametrize(("p_slip", "expected"), [(0.49, None), (0.5, Reason.THRESHOLD), (0.29, Reason.THRESHOLD)])
def test_a_threshold_is_told_when_crossed_either_way(p_slip: float, expected: Reason | None) -> None:
    state = told()
    state.view.p_slip = p_slip
    assert reason(state) is expected


@pytest.mark.parametrize(("score", "expected"), [(20.99, None), (21.0, Reason.SCORE), (18.9, Reason.SCORE)])
def test_a_point_of_score_is_told(score: float, expected: Reason | None) -> None:
    state = told()
    state.view.score = score
    assert reason(state) is expected


@pytest.mark.parametrize(("share", "expected"), [(0.049, None), (0.051, Reason.MEDIAN), (-0.2, Reason.MEDIAN)])
def test_a_twentieth_of_the_lead_time_is_told(share: float, expected: Reason | None) -> None:
    state = told()
    state.view.p50 = DUE_S + share * LEAD
    assert reason(state) is expected


def test_a_middle_forecast_of_never_is_told_once() -> None:
    state = told()
    state.view.p50 = None
    assert reason(state) is Reason.MEDIAN
    mark_published(state.view, Standing.OPEN, 7, 2)
    assert reason(state) is None


def test_small_steps_add_up() -> None:
    state = told()
    said = 0
    for _ in range(30):
        state.view.score += 0.3
        if reason(state) is not None:
            said += 1
            mark_published(state.view, Standing.OPEN, 7, said)
    assert said == 7


@given(st.floats(0, 1), st.floats(0, 1))
def test_crossing_has_no_direction(before: float, after: float) -> None:
    assert crossed(before, after) == crossed(after, before)
    assert not crossed(before, before)


@given(st.integers(0, 2**60), st.integers(0, 2**60))
def test_versions_only_grow_whatever_the_clock_says(previous: int, now: int) -> None:
    assert next_version(previous, now) > previous
    assert next_version(previous, now) >= now
