"""Requested, first, latest and held date, kept apart whatever is said and in whatever order."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promise_svc.domain import Change, ChangeKind, Promise, Refusal, RefusalReason, State, make, revise
from tests.support.clocks import NOON
from tests.unit.promise.domain.builders import DUE, HOUR, promise, to_make, to_revise

words = st.lists(
    st.tuples(st.integers(0, 100), st.integers(0, 72), st.booleans(), st.booleans()), min_size=1, max_size=8
)


def say(known: Promise, word: tuple[int, int, bool, bool]) -> tuple[Promise, Change]:
    minute, hours, asked, agreed = word
    return revise(known, to_revise(hours, asked=asked, agreed=agreed), NOON + timedelta(minutes=minute))


def test_a_new_promise_has_one_date_three_times() -> None:
    made = make(to_make(requested_due=NOON + HOUR))
    assert (made.first_due, made.latest_due, made.held_due) == (DUE, DUE, DUE)
    assert made.requested_due == NOON + HOUR
    assert (made.state, made.version, made.historical) == (State.MADE, 1, False)


def test_a_promise_due_before_it_was_made_is_refused_with_its_field() -> None:
    with pytest.raises(Refusal) as refused:
        make(to_make(due=NOON - HOUR))
    assert (refused.value.why, refused.value.pointer) == (RefusalReason.DUE_BEFORE_MADE, "/due")


def test_due_at_the_moment_of_making_is_allowed() -> None:
    assert make(to_make(due=NOON)).held_due == NOON


@pytest.mark.parametrize(("asked", "agreed", "held_moves"), [(0, 0, 0), (1, 0, 1), (0, 1, 1), (1, 1, 1)])
def test_the_held_date_moves_only_if_the_customer_asked_or_agreed(asked: int, agreed: int, held_moves: int) -> None:
    revised, change = revise(promise(), to_revise(30, asked=bool(asked), agreed=bool(agreed)), NOON + HOUR)
    told = NOON + 30 * HOUR
    assert revised.latest_due == told
    assert revised.held_due == (told if held_moves else DUE)
    assert (change.due, change.held_due) == (told, revised.held_due)


def test_a_date_that_was_only_told_is_held_once_agreed_to() -> None:
    told, _ = revise(promise(), to_revise(30), NOON + HOUR)
    agreed, _ = revise(told, to_revise(30, agreed=True), NOON + 2 * HOUR)
    assert agreed.held_due == agreed.latest_due == NOON + 30 * HOUR


@given(words)
def test_first_and_requested_never_move_and_versions_have_no_gaps(said: list[tuple[int, int, bool, bool]]) -> None:
    known = promise(requested_due=NOON)
    for number, word in enumerate(said, start=2):
        known, change = say(known, word)
        assert (known.first_due, known.requested_due, known.made_at) == (DUE, NOON, NOON)
        assert known.version == change.version == number
        assert change.kind is ChangeKind.REVISED


@given(words)
def test_dates_stand_as_our_own_users_said_last(said: list[tuple[int, int, bool, bool]]) -> None:
    known = promise()
    for word in said:
        known, _ = say(known, word)
    agreed = [word for word in said if word[2] or word[3]]
    assert known.latest_due == NOON + said[-1][1] * HOUR
    assert known.held_due == (NOON + agreed[-1][1] * HOUR if agreed else DUE)


@pytest.mark.parametrize("state", [State.KEPT, State.BROKEN, State.DISPUTED, State.WITHDRAWN])
def test_the_dates_of_an_ended_promise_do_not_move(state: State) -> None:
    with pytest.raises(Refusal) as refused:
        revise(promise(state=state), to_revise(), NOON)
    assert refused.value.why is RefusalReason.PROMISE_CLOSED


def test_a_date_before_the_making_is_refused() -> None:
    with pytest.raises(Refusal) as refused:
        revise(promise(), to_revise(-1), NOON)
    assert refused.value.why is RefusalReason.DUE_BEFORE_MADE


def test_a_change_of_a_version_that_passed_is_refused() -> None:
    with pytest.raises(Refusal) as refused:
        revise(promise(version=3), to_revise(version=2), NOON)
    assert refused.value.why is RefusalReason.VERSION_CHANGED
    assert revise(promise(version=3), to_revise(version=3), NOON)[0].version == 4
