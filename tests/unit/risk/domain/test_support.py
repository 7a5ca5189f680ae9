"""Too little history: no probability is stated, and what stands in its place is named for what it is."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.contracts import MIN_CASES, Message, Standing
from risk_svc.domain.fold import fold
from risk_svc.domain.gap import GapDefinition
from risk_svc.domain.publish import Reason, mark_published, worth_publishing
from risk_svc.domain.scoring import event_of, score_open, score_settled
from risk_svc.domain.standings import standing
from risk_svc.domain.state import PromiseState, from_bytes, to_bytes
from risk_svc.domain.support import supported, words
from risk_svc.web.api import presenters
from tests.support.risk import DEPARTS_S, DUE_S, Story, prediction

NEW = prediction(q90=DUE_S + 9000, base=0.31, n=7, basis="all promises", observed=2 / 7)


def state_of(*messages: Message) -> PromiseState:
    state = PromiseState(promise_id="p1", customer_id="c1")
    for item in messages:
        fold(state, item.envelope, item.data)
    return state


def scored(n: int, now: float = DEPARTS_S) -> PromiseState:
    state = state_of(Story().made())
    item = replace(NEW, n=n, model=7, never=0.0)
    score_open(state, [], item, now, GapDefinition(), math.inf)
    return state


@given(st.integers(0, 1000))
def test_a_forecast_is_stated_from_so_many_like_promises_on(n: int) -> None:
    assert supported(scored(n), Standing.OPEN) is (n >= MIN_CASES)


def test_what_the_clock_alone_knows_needs_no_history() -> None:
    assert not supported(scored(0, DUE_S), Standing.OPEN)
    assert supported(scored(0, DUE_S + 1), Standing.OPEN)


def test_how_a_promise_ended_needs_no_history() -> None:
    story = Story()
    state = state_of(story.made(), story.milestone("arrived", 5))
    score_settled(state, standing(state), DUE_S - 300, GapDefinition())
    assert supported(state, standing(state))
    found = presenters.item(state)
    assert (found.p_slip, found.base_rate, found.too_little_history) == (0.0, None, None)


def test_too_little_history_is_said_with_what_was_observed_in_the_place_of_a_probability() -> None:
    state = scored(7)
    found = presenters.item(state)
    assert (found.p_slip, found.base_rate) == (None, 0.2857)
    assert found.too_little_history == "too little history (7): 2 of 7 slipped"
    assert [part.evidence for part in found.contributions] == [
        f"{found.too_little_history}; some risk of delay is assumed"
    ]


def test_the_detail_states_no_range_and_no_course_of_it_either() -> None:
    found = presenters.detail(scored(7), [], DEPARTS_S)
    assert found.forecast is not None
    assert (found.forecast.p_slip, found.forecast.p50, found.forecast.p80, found.forecast.p90) == (None,) * 4
    assert (found.forecast.n, found.forecast.basis) == (7, "all promises")
    assert [point.p_slip for point in found.history] == [None]
    enough = presenters.detail(scored(MIN_CASES), [], DEPARTS_S)
    assert enough.forecast is not None
    assert (enough.p_slip, enough.forecast.p_slip, enough.history[0].p_slip) == (0.83, 0.83, 0.83)
    assert (enough.base_rate, enough.too_little_history) == (0.2857, None)


def test_nobody_is_silent_about_what_cannot_be_said_yet() -> None:
    assert scored(MIN_CASES - 1).view.doubtful_since is None
    assert scored(MIN_CASES).view.doubtful_since == DEPARTS_S
    assert scored(0, DUE_S + 60).view.doubtful_since == DUE_S + 60


def test_the_event_carries_what_others_need_to_judge_it() -> None:
    found = event_of(scored(7), Standing.OPEN, []).forecast
    assert found is not None
    assert (found.n, found.base, found.p_slip) == (7, 0.2857, 0.83)


@pytest.mark.parametrize(("before", "after"), [(19, 20), (20, 19)])
def test_others_hear_when_history_becomes_enough_or_too_little(before: int, after: int) -> None:
    state = scored(before)
    mark_published(state.view, Standing.OPEN, 0, 1)
    assert worth_publishing(state, Standing.OPEN, 0) is None
    state.view.n = after
    assert worth_publishing(state, Standing.OPEN, 0) is Reason.SUPPORT


def test_a_view_stored_before_slips_were_counted_says_so_much_less() -> None:
    state = scored(7)
    state.view.observed = None
    found = presenters.item(from_bytes(to_bytes(state)))
    assert (found.p_slip, found.base_rate, found.too_little_history) == (None, None, "too little history (7)")


@pytest.mark.parametrize("assumed", [0.15, 0.4])
def test_without_history_no_figure_is_told_whatever_the_model_assumes(assumed: float) -> None:
    state = scored(0)
    state.view.base, state.view.observed = assumed, None
    found = presenters.detail(state, [], DEPARTS_S)
    assert (found.p_slip, found.base_rate, found.too_little_history) == (None, None, "no history yet")
    sent = event_of(state, Standing.OPEN, []).forecast
    assert sent is not None
    assert sent.base is None
    assert words(0, None) == "no history yet"


def test_a_row_of_before_tells_no_assumed_rate() -> None:
    """Its base rate leant on an assumed one, and nothing says by how much."""
    raw = scored(3)
    raw.view.base, raw.view.observed = 0.15, None
    assert presenters.item(from_bytes(to_bytes(raw))).too_little_history == "too little history (3)"
