"""From a stored state to what readers see of its forecast: what may be stated, and what may not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from candor.contracts import NoRange
from risk_svc.domain.fold import fold
from risk_svc.domain.next_step import WORDS, NextStep
from risk_svc.domain.state import WITHHELD, PromiseState, TrailPoint
from risk_svc.web.api import presenters, responses
from risk_svc.web.board import forecast_history, times_held
from tests.support.risk import DUE_S, MADE_S, Story

TRAIL = [
    TrailPoint(int(MADE_S), 0, 40, -1, -1, -1, 3, "carrier XA"),
    TrailPoint(int(MADE_S) + 60, 120, 310, int(DUE_S), int(DUE_S) + 600, 0, 4, "departed 42 min late"),
    TrailPoint(int(MADE_S) + 90, 120, 320, int(DUE_S)),
]


def detail(n: int = 50, now: float = MADE_S + 60, trail: Sequence[TrailPoint] = TRAIL) -> responses.GapDetail:
    state = PromiseState(promise_id="p1", customer_id="c1")
    made = Story().made()
    fold(state, made.envelope, made.data)
    view = state.view
    view.at, view.n, view.p_slip, view.p50, view.model, view.trail = now, n, 0.31, DUE_S, 4, list(trail)
    view.why = [("departed 42 min late", 0.123456), ("Snow at EWR, ongoing", 0.3)]
    return presenters.detail(state, [], now)


def test_the_history_tells_the_fan_and_who_forecast_it() -> None:
    point = detail().history[1]
    due = datetime.fromtimestamp(DUE_S, UTC)
    assert (point.p_slip, point.p50, point.p90) == (0.31, due, None)
    assert point.p80 is not None
    assert (point.p80 - due).total_seconds() == 600
    assert (point.model, point.why) == (4, "departed 42 min late")


def test_a_point_that_rested_on_too_little_states_nothing() -> None:
    point = detail().history[0]
    assert (point.enough, point.p_slip, point.p50, point.p80, point.p90) == (False, None, None, None, None)
    assert point.why == ""


def test_of_a_row_from_before_nobody_is_told_that_it_may_never_come() -> None:
    point = detail().history[2]
    assert (point.enough, point.p_slip, point.p50, point.p80, point.p90) == (False, 0.32, None, None, None)
    assert (point.model, point.why) == (0, "")


def test_the_forecast_tells_what_moved_it() -> None:
    forecast = detail().forecast
    assert forecast is not None
    assert [(reason.words, reason.p_slip_without) for reason in forecast.why] == [
        ("departed 42 min late", 0.1235),
        ("Snow at EWR, ongoing", 0.3),
    ]


def test_with_too_little_history_neither_chance_nor_fan_nor_reason_is_stated() -> None:
    young = detail(n=3).forecast
    assert young is not None
    assert (young.p_slip, young.p50, young.p90, young.why) == (None, None, None, [])


def test_once_the_date_has_passed_the_chance_is_known_but_not_when_it_will_be_done() -> None:
    found = detail(n=3, now=DUE_S + 1, trail=[TrailPoint(int(DUE_S) + 1, 900, 1000, -1)])
    assert found.forecast is not None
    assert (found.forecast.p_slip, found.forecast.p50, found.forecast.p80) == (0.31, None, None)
    (point,) = found.history
    assert (point.enough, point.p_slip, point.p50) == (False, 1.0, None)


def test_where_no_time_held_the_risk_is_still_told_and_why_there_is_no_time() -> None:
    trail = [TrailPoint(int(MADE_S), 0, 310, WITHHELD, WITHHELD, WITHHELD, 3, "carrier XA")]
    state = PromiseState(promise_id="p1", customer_id="c1")
    made = Story().made()
    fold(state, made.envelope, made.data)
    state.view.at, state.view.n, state.view.p_slip, state.view.trail = MADE_S + 60, 50, 0.31, trail
    state.view.withheld, state.view.records = "did_not_hold", [(200, 500, 500, 0), (200, 605, 0, 0), (200, 700, 0, 0)]
    found = presenters.detail(state, [], MADE_S + 60)
    point, forecast = found.history[0], found.forecast
    assert (point.enough, point.p_slip, point.p80, point.why) == (False, 0.31, None, "carrier XA")
    assert forecast is not None
    assert (forecast.p_slip, forecast.p80, forecast.no_range) == (0.31, None, NoRange.DID_NOT_HOLD)
    assert [(one.level, one.held) for one in forecast.records] == [(0.5, 0.5), (0.8, 0.605), (0.9, 0.7)]
    said = "No time is stated: the times stated for promises of its type did not hold lately. Of the last 200 completed"
    assert times_held.words(forecast).startswith(said)
    assert not forecast_history.fan_may_be_drawn(found)
    assert forecast_history.no_fan_words(found) == times_held.words(forecast)


def test_what_to_do_next_follows_from_what_is_shown_and_ends_with_the_promise() -> None:
    story, state = Story(), PromiseState(promise_id="p1", customer_id="c1")
    made, arrived = story.made(), story.milestone("arrived", 5)
    fold(state, made.envelope, made.data)
    state.view.at, state.view.n, state.view.p_slip, state.view.score = MADE_S + 60, 50, 0.81, 55.0
    state.view.shares = [("lateness", 0.7, 1.0, "70 min late")]
    found = presenters.item(state)
    assert (found.next_step, found.next_words) == (NextStep.TELL_CUSTOMER, WORDS[NextStep.TELL_CUSTOMER])
    state.view.p_slip = 0.2
    assert presenters.item(state).next_step is NextStep.WATCH
    fold(state, arrived.envelope, arrived.data)
    over = presenters.item(state)
    assert (over.standing, over.next_step, over.next_words) == ("kept", None, "")


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ((200, 790, 790, 0), "Of the last 200 completed of its type with such a P80, 79% came by it."),
        (
            (200, 640, 805, 2700),
            "Of the last 200 completed of its type with such a P80, 64% came by it as forecast; "
            "so it is stated 45 min later, by which 80% came.",
        ),
        ((7, -1, -1, 0), ""),
    ],
)
def test_beside_the_range_stands_what_such_ranges_held(record: tuple[int, int, int, int], words: str) -> None:
    state = PromiseState(promise_id="p1", customer_id="c1")
    made = Story().made()
    fold(state, made.envelope, made.data)
    state.view.at, state.view.n, state.view.p80, state.view.records = MADE_S, 50, DUE_S, [record] * 3
    forecast = presenters.detail(state, [], MADE_S).forecast
    assert forecast is not None
    assert times_held.words(forecast) == words
