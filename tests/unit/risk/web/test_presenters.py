"""From a stored state to what readers see of its forecast: what may be stated, and what may not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from risk_svc.domain.fold import fold
from risk_svc.domain.state import PromiseState, TrailPoint
from risk_svc.web.api import presenters, responses
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
