"""The record: forecasts frozen at their leads, a history that thins out, lessons without names."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.contracts import Message, Standing
from risk_svc.domain import record
from risk_svc.domain.fold import fold
from risk_svc.domain.state import TRAIL_LIMIT, PromiseState, View
from tests.support.risk import DEPARTS_S, DUE_S, MADE_S, Story

LEAD = DUE_S - MADE_S


def state_of(*messages: Message) -> PromiseState:
    state = PromiseState("p1", "c1")
    for item in messages:
        fold(state, item.envelope, item.data)
    return state


def leads(state: PromiseState) -> list[str]:
    return [item.lead for item in state.view.frozen]


def test_a_forecast_is_frozen_at_every_lead_once() -> None:
    state = state_of(Story().made())
    for now in (MADE_S + 1, MADE_S + 60, *(DUE_S - share * LEAD + 1 for share in (0.75, 0.5, 0.25)), DUE_S - 1):
        state.view.p_slip = 0.2 + (now - MADE_S) / LEAD / 2
        record.freeze(state, now, 0.3)
    assert leads(state) == ["made", "left75", "left50", "left25"]
    assert state.view.frozen[0].p == pytest.approx(2000, abs=100)
    assert all(item.base == 3000 for item in state.view.frozen)


def test_milestones_freeze_one_as_well_but_not_the_last() -> None:
    story = Story()
    state = state_of(story.made(), story.milestone("departed", 5), story.milestone("arrived", 5))
    record.freeze(state, DEPARTS_S + 400, 0.3)
    assert leads(state) == ["left25", "at:departed"] or leads(state) == ["at:departed"]


def test_what_is_known_too_late_is_not_frozen() -> None:
    state = state_of(Story().made())
    record.freeze(state, MADE_S + 0.2 * LEAD, 0.3)
    assert leads(state) == []
    record.freeze(state, DUE_S + 1, 0.3)
    assert leads(state) == []


def test_the_number_of_frozen_forecasts_is_bounded() -> None:
    story = Story()
    state = state_of(story.made(), *(story.milestone(f"step {n}", at=story.start) for n in range(40)))
    for _ in range(3):
        record.freeze(state, MADE_S + 5, 0.3)
    assert len(state.view.frozen) <= record.MOST_FROZEN + 40
    assert len(set(leads(state))) == len(leads(state))


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 1)), min_size=1, max_size=200))
def test_the_history_is_bounded_ordered_and_ends_now(points: list[tuple[float, float]]) -> None:
    view = View()
    for number, (score, p_slip) in enumerate(points):
        view.at, view.score, view.p_slip = MADE_S + number, score, p_slip
        record.remember(view)
    assert 1 <= len(view.trail) <= TRAIL_LIMIT
    times = [point.at for point in view.trail]
    assert times == sorted(times)
    assert (view.trail[-1].score, view.trail[-1].p_slip) == (round(points[-1][0] * 10), round(points[-1][1] * 1000))


def test_thinning_keeps_the_recent_half_and_reaches_far_back() -> None:
    view = View()
    for number in range(200):
        view.at, view.score = MADE_S + number, number / 10
        record.remember(view)
    times = [point.at - MADE_S for point in view.trail]
    assert times[-9:] == list(range(191, 200))
    assert times[0] < 100


def test_a_lesson_names_nobody() -> None:
    story = Story("secret-promise", "secret-customer")
    state = state_of(story.made(), story.milestone("departed", 9, reason="secret"), story.milestone("arrived", 9))
    raw = msgspec.msgpack.encode(record.outcome_of(state, [(MADE_S, None, 0.5)], DUE_S))
    assert b"secret" not in raw
    assert b"f-secret" not in raw


def test_a_lesson_tells_how_it_went() -> None:
    story = Story()
    state = state_of(story.made(), story.milestone("departed", 9), story.milestone("arrived", 9))
    lesson = record.outcome_of(state, [], DUE_S)
    assert lesson.completed == state.steps[1].at
    assert [step.at for step in lesson.case.steps] == [step.at for step in state.steps]
    assert record.outcome_of(state_of(Story().made()), [], DUE_S).completed is None


def test_an_open_promise_is_given_up_when_overdue_as_long_as_it_was_promised() -> None:
    state = state_of(Story().made())
    assert record.given_up_at(state) == DUE_S + LEAD


@pytest.mark.parametrize(
    ("standing", "expected"),
    [(Standing.KEPT, 0), (Standing.BROKEN, 1), (Standing.CANCELLED, 1), (Standing.WITHDRAWN, None)],
)
def test_withdrawn_promises_score_no_forecast(standing: Standing, expected: int | None) -> None:
    assert record.slipped(standing) == expected
