"""A CRM says which date there is: only a date that moved is a change, in whatever order its words come."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promise_svc.domain import (
    Arrival,
    Change,
    Promise,
    Revise,
    Settle,
    State,
    Statement,
    arrive,
    fold,
    restates,
    statement,
)
from promise_svc.domain.limits import STATES
from tests.support.clocks import NOON
from tests.unit.promise.domain.builders import DUE, promise

LATER = DUE + timedelta(days=3)


def said(due_days: int = 0, **more: bool) -> Revise:
    found = Revise(
        promise_id="p1",
        due=DUE + timedelta(days=due_days),
        asked_by_customer=more.pop("asked", False),
        agreed=more.pop("agreed", False),
        reason="crm",
        reported=True,
    )
    return replace(found, if_moved=more.pop("if_moved", True))


@dataclass
class Dates:
    """A promise, made by our own API, of which a system tells at hours how many days later it is due."""

    promise: Promise = field(default_factory=promise)
    history: list[Change] = field(default_factory=list)

    def hear(self, *states: tuple[int, int | Statement]) -> Dates:
        for hours, told in states:
            command = said(told) if isinstance(told, int) else told
            at = NOON + timedelta(hours=hours)
            stands = restates(self.promise, command, at) if isinstance(command, Revise) else None
            found = Arrival(stands) if stands else arrive(self.promise, self.history, self._as_said(command, at))
            self.promise = found.promise
            self.history += found.changes
        return self

    def _as_said(self, command: Statement, at: datetime) -> Change:
        return statement(self.promise, command, at, told=self.history)

    def moves(self) -> list[tuple[int, int, bool]]:
        """What the history says: at which hours the date became how many days later, and whether it counts."""
        story = fold(self.promise, self.history)[1]
        return [
            (int((one.at - NOON) / timedelta(hours=1)), (one.due - DUE).days, one.in_effect)
            for one in story
            if one.due is not None
        ]


def test_the_date_that_stands_is_no_change_and_another_is_one() -> None:
    told = Dates().hear((1, 0), (2, 0))
    assert (told.moves(), told.promise.version, told.promise.latest_due) == ([], 1, DUE)
    assert told.promise.latest_at == NOON + timedelta(hours=2)
    moved = told.hear((3, 3), (4, 3))
    assert (moved.moves(), moved.promise.latest_due, moved.promise.held_due) == ([(3, 3, True)], LATER, DUE)


def test_a_date_that_moves_and_moves_back_is_the_first_again() -> None:
    back = Dates().hear((1, 3), (2, 0))
    assert (back.promise.latest_due, back.moves()) == (DUE, [(1, 3, True), (2, 0, True)])


def test_a_person_who_gives_the_same_date_gives_it() -> None:
    assert restates(promise(), said(if_moved=False), NOON) is None


@pytest.mark.parametrize("how", [{"agreed": True}, {"asked": True}])
def test_the_customers_word_counts_where_they_hold_another_date(how: dict[str, bool]) -> None:
    moved = Dates().hear((1, 3)).promise
    assert restates(moved, said(3, **how), NOON + timedelta(hours=2)) is None
    assert restates(promise(), said(0, **how), NOON + timedelta(hours=2)) is not None


@pytest.mark.parametrize("days", [0, 3])
def test_what_a_system_says_of_a_promise_that_ended_moves_nothing(days: int) -> None:
    end: tuple[int, int | Statement] = (2, Settle("p1", State.KEPT, NOON + timedelta(hours=2), None, reported=True))
    for order in permutations([(1, 0), end, (3, days), (4, days)]):
        told = Dates().hear(*order)
        assert told.moves() == ([(3, days, False)] if days else []), order
        assert (told.promise.latest_due, told.promise.state) == (DUE, State.KEPT)


def test_a_state_between_two_that_are_alike_moves_the_date_and_the_next_one_moves_it_back() -> None:
    for order in permutations([(1, 0), (2, 3), (3, 0), (4, 0)]):
        told = Dates().hear(*order)
        assert told.moves() == [(2, 3, True), (3, 0, True)], order
        assert sorted(one.version for one in told.history) == list(range(2, told.promise.version + 1))


def test_a_state_that_moves_the_date_sooner_leaves_the_later_one_without_effect() -> None:
    told = Dates().hear((1, 0), (3, 3))
    assert told.hear((2, 3)).moves() == [(2, 3, True)]
    # What was a change is one again once the date was another between them.
    assert told.hear((2, 5)).moves()[-1] == (3, 3, True)


def test_the_same_told_twice_is_told_once() -> None:
    once = Dates().hear((1, 0), (2, 3), (3, 0), (4, 0))
    before = once.promise
    for one in ((1, 0), (2, 3), (3, 0), (4, 0)):
        assert once.hear(one).promise == before


def test_what_was_said_before_the_promise_was_made_is_no_state_of_it() -> None:
    told = Dates().hear((-1, 3))
    assert (told.promise, told.moves()) == (promise(), [])


def test_only_the_newest_states_are_kept_and_one_between_older_ones_still_joins() -> None:
    told = Dates().hear(*((hours, 0) for hours in range(1, STATES + 21)))
    assert len(told.promise.states) == STATES
    assert told.hear((2, 3)).moves() == [(2, 3, True), (21, 0, True)]


KIND = st.one_of(st.integers(0, 3), st.sampled_from([said(3, agreed=True), said(1, asked=True)]))


@given(st.lists(st.tuples(st.integers(1, 50), KIND), min_size=1, max_size=4, unique_by=lambda one: one[0]))
def test_whatever_the_order_the_history_is_the_same(states: list[tuple[int, int | Statement]]) -> None:
    in_order = Dates().hear(*sorted(states, key=lambda one: one[0]))
    for order in permutations(states):
        told = Dates().hear(*order)
        assert told.moves() == in_order.moves(), order
        assert (told.promise.latest_due, told.promise.held_due) == (
            in_order.promise.latest_due,
            in_order.promise.held_due,
        )
