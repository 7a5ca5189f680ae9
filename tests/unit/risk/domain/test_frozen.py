"""Frozen forecasts keep what was issued, as long as it takes, and are scored as they stood."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from risk_svc.domain import frozen_forecasts
from risk_svc.domain.fold import fold
from risk_svc.domain.state import FrozenForecast, PromiseState
from tests.support.risk import ARRIVES_S, DUE, DUE_S, MADE_S, Story


def promised() -> PromiseState:
    """A flight, forecast as it was made."""
    state = PromiseState(promise_id="p1", customer_id="c1")
    item = Story().made()
    fold(state, item.envelope, item.data)
    view = state.view
    view.p_slip, view.p50, view.p80, view.p90 = 0.25, ARRIVES_S + 0.4, DUE_S + 99.6, None
    view.model, view.n = 17, 412
    frozen_forecasts.freeze(state, MADE_S + 1.2, 0.31)
    return state


def test_what_is_frozen_is_what_was_issued_to_the_second() -> None:
    assert promised().view.frozen == [
        FrozenForecast(
            lead="made",
            p=2500,
            base=3100,
            at=round(MADE_S + 1),
            p50=round(ARRIVES_S),
            p80=round(DUE_S + 100),
            p90=None,
            model=17,
            n=412,
            due=round(DUE_S),
        )
    ]


def test_what_is_forecast_later_does_not_change_it() -> None:
    state = promised()
    before = list(state.view.frozen)
    state.view.p_slip, state.view.p50, state.view.model = 0.9, DUE_S, 18
    frozen_forecasts.freeze(state, MADE_S + 60, 0.5)
    assert state.view.frozen == before


@pytest.mark.parametrize(("outcome", "arrived"), [(0, 10.0), (1, 45.0)])
def test_a_score_has_the_forecast_and_what_came_of_it(outcome: int, arrived: float) -> None:
    state = promised()
    story = Story()
    for item in (story.milestone("departed", arrived), story.milestone("arrived", arrived)):
        fold(state, item.envelope, item.data)
    [score] = frozen_forecasts.scored(state, outcome, DUE_S + 7200)
    assert (score.promise_id, score.lead, score.kind, score.p, score.base) == ("p1", "made", "flight", 0.25, 0.31)
    assert (score.outcome, score.settled_at, score.completed_at) == (outcome, DUE_S + 7200, ARRIVES_S + arrived * 60)
    assert (score.issued_at, score.made_at) == (round(MADE_S + 1), MADE_S)
    assert (score.p50, score.p80, score.p90) == (round(ARRIVES_S), round(DUE_S + 100), None)
    assert (score.model, score.n) == (17, 412)


def test_a_forecast_is_scored_against_the_date_it_was_about_though_another_was_agreed_to_later() -> None:
    state, story = promised(), Story()
    moved = DUE + timedelta(hours=5)
    story.made()
    late = story.revised(moved)
    fold(state, late.envelope, late.data)
    frozen_forecasts.freeze(state, moved.timestamp() - 0.5 * state.lead, 0.31)
    for item in (story.milestone("departed", 120), story.milestone("arrived", 120)):
        fold(state, item.envelope, item.data)
    found = {score.lead: score.outcome for score in frozen_forecasts.scored(state, 0, DUE_S + 7200)}
    assert found == {"made": 1, "left50": 0}


def test_without_a_completion_the_outcome_of_the_promise_counts_for_all() -> None:
    state = promised()
    state.held_due += 3600
    assert [score.outcome for score in frozen_forecasts.scored(state, 1, DUE_S)] == [1]
    assert [score.outcome for score in frozen_forecasts.scored(state, 0, DUE_S)] == [0]


def test_what_never_came_has_no_completion() -> None:
    [score] = frozen_forecasts.scored(promised(), 1, DUE_S + 7200)
    assert score.completed_at is None


def test_rows_of_before_are_read_and_scored_without_what_they_did_not_keep() -> None:
    old = msgspec.msgpack.encode(["made", 2500, 3100])
    state = promised()
    state.view.frozen = [msgspec.msgpack.decode(old, type=FrozenForecast)]
    [score] = frozen_forecasts.scored(state, 1, DUE_S)
    assert (score.p, score.issued_at, score.p50, score.model) == (0.25, None, None, 0)


def test_one_takes_about_fifty_bytes_at_most() -> None:
    far = round(DUE_S + 86400 * 400)
    assert (
        len(
            msgspec.msgpack.encode(
                FrozenForecast(
                    lead="at:departed",
                    p=9999,
                    base=9999,
                    at=far,
                    p50=far,
                    p80=far,
                    p90=far,
                    model=60000,
                    n=60000,
                    due=far,
                )
            )
        )
        <= 51
    )
