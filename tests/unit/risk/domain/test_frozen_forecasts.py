"""The record: forecasts frozen at their leads, a history that thins out, lessons without names."""

from __future__ import annotations

from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.contracts import Message, Standing
from risk_svc.domain import frozen_forecasts
from risk_svc.domain.fold import fold
from risk_svc.domain.state import TRAIL_LIMIT, PromiseState, TrailPoint, View
from tests.support.risk import DEPARTS_S, DUE_S, MADE_S, Story

LEAD = DUE_S - MADE_S


def state_of(*messages: Message) -> PromiseState:
    state = PromiseState(promise_id="p1", customer_id="c1")
    for item in messages:
        fold(state, item.envelope, item.data)
    return state


def leads(state: PromiseState) -> list[str]:
    return [item.lead for item in state.view.frozen]


def test_a_forecast_is_frozen_at_every_lead_once() -> None:
    state = state_of(Story().made())
    for now in (MADE_S + 1, MADE_S + 60, *(DUE_S - share * LEAD + 1 for share in (0.75, 0.5, 0.25)), DUE_S - 1):
        state.view.p_slip = 0.2 + (now - MADE_S) / LEAD / 2
        frozen_forecasts.freeze(state, now, 0.3)
    assert leads(state) == ["made", "left75", "left50", "left25"]
    assert state.view.frozen[0].p == pytest.approx(2000, abs=100)
    assert all(item.base == 3000 for item in state.view.frozen)


def test_milestones_freeze_one_as_well_but_not_the_last() -> None:
    story = Story()
    state = state_of(story.made(), story.milestone("departed", 5), story.milestone("arrived", 5))
    frozen_forecasts.freeze(state, DEPARTS_S + 400, 0.3)
    assert leads(state) == ["left25", "at:departed"] or leads(state) == ["at:departed"]


def test_what_is_known_too_late_is_not_frozen() -> None:
    state = state_of(Story().made())
    frozen_forecasts.freeze(state, MADE_S + 0.2 * LEAD, 0.3)
    assert leads(state) == []
    frozen_forecasts.freeze(state, DUE_S + 1, 0.3)
    assert leads(state) == []


def test_the_number_of_frozen_forecasts_is_bounded() -> None:
    story = Story()
    state = state_of(story.made(), *(story.milestone(f"step {n}", at=story.start) for n in range(40)))
    for _ in range(3):
        frozen_forecasts.freeze(state, MADE_S + 5, 0.3)
    assert len(state.view.frozen) <= frozen_forecasts.MAX_FROZEN + 40
    assert len(set(leads(state))) == len(leads(state))


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 1)), min_size=1, max_size=200))
def test_the_history_is_bounded_ordered_and_ends_now(points: list[tuple[float, float]]) -> None:
    view = View()
    for number, (score, p_slip) in enumerate(points):
        view.at, view.score, view.p_slip = MADE_S + number, score, p_slip
        frozen_forecasts.remember(view)
    assert 1 <= len(view.trail) <= TRAIL_LIMIT
    times = [point.at for point in view.trail]
    assert times == sorted(times)
    assert (view.trail[-1].score, view.trail[-1].p_slip) == (round(points[-1][0] * 10), round(points[-1][1] * 1000))


def test_thinning_reaches_far_back_and_leaves_no_hole() -> None:
    view = View()
    for number in range(200):
        view.at, view.score = MADE_S + number, number / 10
        frozen_forecasts.remember(view)
    times = [point.at - MADE_S for point in view.trail]
    assert (times[0], times[-1]) == (0, 199)
    assert max(later - before for before, later in pairwise(times)) < 100


def test_a_jump_outlives_the_noise_around_it() -> None:
    view = View()
    for number in range(300):
        view.at, view.score = MADE_S + 60 * number, (10 if number < 100 else 80) + number % 2 / 10
        frozen_forecasts.remember(view)
    jump = next(place for place, point in enumerate(view.trail) if point.score >= 800)
    assert view.trail[jump].at == MADE_S + 6000


def test_what_may_come_after_all_outlives_the_noise_though_the_chance_stays() -> None:
    view = View(p_slip=1.0, score=90.0)
    for number in range(300):
        view.at, view.score = MADE_S + 60 * number, 90 + number % 2 / 10
        if number >= 100:
            view.p50 = view.p80 = view.p90 = DUE_S + 3600
        frozen_forecasts.remember(view)
    known = next(point for point in view.trail if point.p50)
    assert known.at == MADE_S + 6000


@given(st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 1000)), min_size=3, max_size=TRAIL_LIMIT + 1))
def test_thinning_drops_no_end_and_no_two_neighbours(points: list[tuple[int, int]]) -> None:
    trail = [TrailPoint(place, score, p, 0) for place, (score, p) in enumerate(points)]
    kept = [point.at for point in frozen_forecasts.thinned(trail, 3600.0)]
    assert (kept[0], kept[-1]) == (0, len(trail) - 1)
    assert len(kept) >= len(trail) - frozen_forecasts.THINNED
    assert max(later - before for before, later in pairwise(kept)) <= 2


def test_a_point_that_names_a_reason_goes_last() -> None:
    trail = [
        TrailPoint(place, 100 * (place % 2), 0, 0, why="Snow at EWR, ongoing" if place == 5 else "")
        for place in range(13)
    ]
    trail[5] = msgspec.structs.replace(trail[5], score=1)
    assert 5 in [point.at for point in frozen_forecasts.thinned(trail, 3600.0)]


def at_rest() -> View:
    """A view that was remembered."""
    view = View(at=MADE_S, score=20.0, p_slip=0.2, p50=DUE_S, p80=DUE_S + 600, p90=DUE_S + 900, model=7, horizon=7200.0)
    frozen_forecasts.remember(view)
    return view


def test_a_point_keeps_the_fan_and_the_version_of_its_model() -> None:
    (point,) = at_rest().trail
    assert (point.p50, point.p80, point.p90, point.model) == (DUE_S, DUE_S + 600, DUE_S + 900, 7)


@pytest.mark.parametrize("quantile", ["p50", "p80", "p90"])
@pytest.mark.parametrize(("moved", "points"), [(300.0, 1), (400.0, 2)])
def test_a_quantile_that_moves_by_a_twentieth_of_the_usual_lateness_is_news(
    quantile: str, moved: float, points: int
) -> None:
    view = at_rest()
    setattr(view, quantile, getattr(view, quantile) + moved)
    frozen_forecasts.remember(view)
    assert len(view.trail) == points


def test_a_completion_that_may_never_come_is_news_and_nought() -> None:
    view = at_rest()
    view.p90 = None
    frozen_forecasts.remember(view)
    assert [point.p90 for point in view.trail] == [DUE_S + 900, 0]


def test_quantiles_that_rest_on_too_little_are_not_kept() -> None:
    view = at_rest()
    frozen_forecasts.remember(view, sure=False)
    point = view.trail[-1]
    assert (point.p50, point.p80, point.p90) == (-1, -1, -1)
    assert len(view.trail) == 2


def test_a_point_names_the_reason_that_weighs_most_once() -> None:
    view = View(p_slip=0.6)
    told = []
    for number, without in enumerate((0.1, 0.15, 0.55, 0.2)):
        view.at, view.score = MADE_S + number, float(number)
        view.why = [(f"departed {42 + number} min late", without), ("Snow at EWR, ongoing", 0.4)]
        frozen_forecasts.remember(view)
        told.append(view.trail[-1].why)
    assert told == ["departed 42 min late", "", "Snow at EWR, ongoing", "departed 45 min late"]
    view.at, view.score, view.why = MADE_S + 9, 9.0, [("x" * 500, 0.0)]
    frozen_forecasts.remember(view)
    assert view.trail[-1].why == "x" * frozen_forecasts.WHY_LIMIT


def test_a_reason_outlives_points_without_one() -> None:
    view = View(p_slip=0.6)
    for number in range(100):
        view.at, view.score = MADE_S + number, float(number)
        view.why = [("departed 42 min late" if number < 50 else "Snow at EWR, ongoing", 0.1)]
        frozen_forecasts.remember(view)
    assert [point.why for point in view.trail if point.why] == ["departed 42 min late", "Snow at EWR, ongoing"]


def test_reasons_found_later_are_named_at_the_point_that_they_explain() -> None:
    view = View(p_slip=0.6, at=MADE_S, why=[("Snow at EWR, ongoing", 0.1)])
    frozen_forecasts.remember(view)
    view.at, view.p_slip = MADE_S + 60, 0.9
    frozen_forecasts.remember(view)
    frozen_forecasts.explain(view, [("departed 42 min late", 0.2)])
    assert [point.why for point in view.trail] == ["Snow at EWR, ongoing", "departed 42 min late"]
    view.at += 60
    frozen_forecasts.explain(view, [("the pace so far", 0.2)])
    assert view.trail[-1].why == "departed 42 min late"
    assert view.why == [("the pace so far", 0.2)]


def test_an_open_promise_is_given_up_when_overdue_as_long_as_it_was_promised() -> None:
    state = state_of(Story().made())
    assert frozen_forecasts.given_up_at(state) == DUE_S + LEAD


@pytest.mark.parametrize(
    ("standing", "expected"),
    [(Standing.KEPT, 0), (Standing.BROKEN, 1), (Standing.CANCELLED, 1), (Standing.WITHDRAWN, None)],
)
def test_withdrawn_promises_score_no_forecast(standing: Standing, expected: int | None) -> None:
    assert frozen_forecasts.slipped(standing) == expected
