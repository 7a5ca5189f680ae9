"""Who delivers a promise: the newest request decides, in whatever order requests and answers are known."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promise_svc.domain import Promise, Refusal, RefusalReason, State, assign
from promise_svc.domain.limits import CHANGES
from tests.support.clocks import NOON
from tests.unit.promise.domain.builders import promise

M = timedelta(minutes=1)


def assigned(known: Promise, deliverer: str, minute: int, *, accepted: bool) -> Promise:
    return assign(known, deliverer, NOON + minute * M, NOON + 60 * M, accepted=accepted)[0]


def test_a_request_takes_the_backing_and_its_acceptance_gives_it() -> None:
    asked, change = assign(promise(), "crew-7", NOON, NOON + M, accepted=False)
    assert (asked.terms.deliverer, asked.terms.accepted, asked.version) == ("crew-7", False, 2)
    assert change is not None
    assert (change.kind, change.version, change.at, change.deliverer) == ("assigned", 2, NOON + M, "crew-7")
    taken, change = assign(asked, "crew-7", NOON, NOON + 2 * M, accepted=True)
    assert (taken.terms.accepted, taken.version, change is not None) == (True, 3, True)
    assert (taken.held_due, taken.latest_due) == (asked.held_due, asked.latest_due)


def test_the_same_again_is_no_change() -> None:
    asked = assigned(promise(), "crew-7", 0, accepted=False)
    again, change = assign(asked, "crew-7", NOON + M, NOON, accepted=False)
    assert (change, again.version, again.assigned_at) == (None, asked.version, NOON + M)
    assert assign(again, "crew-7", NOON, NOON, accepted=True) == (again, None)


@pytest.mark.parametrize("state", [state for state in State if state is not State.MADE])
def test_what_has_ended_is_assigned_to_nobody_else(state: State) -> None:
    known = promise(state=state)
    assert assign(known, "crew-7", NOON, NOON, accepted=False) == (known, None)


def test_a_promise_has_only_so_many_changes() -> None:
    with pytest.raises(Refusal) as refused:
        assign(promise(version=CHANGES + 1), "crew-7", NOON, NOON, accepted=False)
    assert (refused.value.why, refused.value.limit) == (RefusalReason.LIMIT_REACHED, CHANGES)
    assert assign(promise(version=CHANGES), "crew-7", NOON, NOON, accepted=False)[0].version == CHANGES + 1


@given(st.permutations(range(4)), st.lists(st.booleans(), min_size=4, max_size=4))
def test_the_newest_request_stands_in_whatever_order_they_come(order: list[int], accepted: list[bool]) -> None:
    known = promise()
    for minute in order:
        known = assigned(known, f"crew-{minute}", minute, accepted=accepted[minute])
    assert (known.terms.deliverer, known.terms.accepted) == ("crew-3", accepted[3])
