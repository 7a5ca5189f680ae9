"""A CRM says which date there is: only a date that moved is a change, in whatever order its words come."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promise_svc.domain import Promise, Revise, State, restates, revise
from tests.support.clocks import NOON
from tests.unit.promise.domain.builders import DUE, promise

LATER = DUE + timedelta(days=3)


def said(due_days: int = 0, **more: bool) -> Revise:
    found = Revise(
        promise_id="p-1",
        due=DUE + timedelta(days=due_days),
        asked_by_customer=more.pop("asked", False),
        agreed=more.pop("agreed", False),
        reason="crm",
    )
    return replace(found, if_moved=more.pop("if_moved", True))


def after(start: Promise, *statements: tuple[int, int]) -> tuple[Promise, int]:
    """The promise after dates that were said at hours, and how many changes they made."""
    changes = 0
    for hours, days in statements:
        at = NOON + timedelta(hours=hours)
        stands = restates(start, said(days), at)
        if stands is None:
            start, _ = revise(start, said(days), at)
            changes += 1
        else:
            start = stands
    return start, changes


def test_the_date_that_stands_is_no_change_and_another_is_one() -> None:
    start = promise()
    told, changes = after(start, (1, 0), (2, 0))
    assert (changes, told.version, told.latest_due) == (0, start.version, DUE)
    assert told.latest_at == NOON + timedelta(hours=2)
    moved, changes = after(told, (3, 3), (4, 3))
    assert (changes, moved.latest_due, moved.held_due) == (1, LATER, DUE)


def test_a_date_that_moves_and_moves_back_is_the_first_again() -> None:
    back, changes = after(promise(), (1, 3), (2, 0))
    assert (back.latest_due, changes) == (DUE, 2)


def test_a_person_who_gives_the_same_date_gives_it() -> None:
    assert restates(promise(), said(if_moved=False), NOON) is None


@pytest.mark.parametrize("how", [{"agreed": True}, {"asked": True}])
def test_the_customers_word_counts_where_they_hold_another_date(how: dict[str, bool]) -> None:
    moved, _ = after(promise(), (1, 3))
    assert restates(moved, said(3, **how), NOON + timedelta(hours=2)) is None
    assert restates(promise(), said(0, **how), NOON + timedelta(hours=2)) is not None


def test_of_a_promise_that_ended_the_same_date_says_nothing() -> None:
    ended = replace(promise(), state=State.KEPT)
    assert restates(ended, said(), NOON + timedelta(hours=1)) == ended
    assert restates(ended, said(3), NOON + timedelta(hours=1)) is None


def test_of_a_promise_whose_end_came_first_the_date_said_before_it_still_counts() -> None:
    ended = replace(promise(), state=State.WITHDRAWN, newest_at=NOON + timedelta(hours=9))
    told = restates(ended, said(), NOON + timedelta(hours=5))
    assert told is not None
    assert (told.latest_at, told.newest_at, told.state) == (NOON + timedelta(hours=5), ended.newest_at, State.WITHDRAWN)
    # So a date of before it moves nothing any more, and one of after the end says nothing either.
    assert restates(told, said(3), NOON + timedelta(hours=4)) == told
    assert restates(told, said(), NOON + timedelta(hours=9)) == told


@given(st.lists(st.tuples(st.integers(1, 50), st.integers(0, 3)), min_size=1, max_size=4, unique_by=lambda one: one[0]))
def test_whatever_the_order_the_newest_date_stands(statements: list[tuple[int, int]]) -> None:
    _, days = max(statements)
    for order in permutations(statements):
        told, changes = after(promise(), *order)
        assert told.latest_due == DUE + timedelta(days=days)
        assert (told.first_due, told.held_due) == (DUE, DUE)
        assert told.version == 1 + changes
