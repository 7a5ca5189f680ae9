"""A state of a promise that comes after a newer one: the first date is the oldest that was told."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from candor.contracts import PromiseRestated
from promise_svc.domain import ChangeKind, State, make, precede
from promise_svc.domain.limits import CHANGES
from risk_svc.domain.fold import FoldOutcome, fold
from risk_svc.domain.state import PromiseState
from tests.support.clocks import NOON
from tests.unit.promise.domain.builders import HOUR, to_make
from tests.unit.promise.domain.states import Seen, States, plain
from tests.unit.promise.domain.stories import MINUTE, Said, revised, settled, withdrawn

SEEN = st.lists(
    st.builds(Seen, st.integers(1, 9), st.sampled_from([24.0, 26.0, 30.0])),
    min_size=1,
    max_size=4,
    unique_by=lambda one: one.minute,
)
BESIDE = st.lists(
    st.sampled_from([revised(11, 28), revised(12, 40), settled(2000, State.BROKEN, 29), settled(3000, State.KEPT, 27)]),
    max_size=2,
    unique_by=lambda one: one.minute,
)


def test_two_states_in_reverse_order_are_one_promise_with_one_new_date() -> None:
    told = States().hear([Seen(3, 30), Seen(1, 24)])
    expected = States().hear([Seen(1, 24), Seen(3, 30)])
    dates = (told.found.first_due, told.found.held_due, told.found.latest_due)
    assert dates == (NOON + 24 * HOUR, NOON + 24 * HOUR, NOON + 30 * HOUR)
    assert plain(told.found) == plain(expected.found)
    [late], [in_order] = told.history, expected.history
    kept = {"kind", "at", "due", "asked_by_customer", "agreed"}
    assert {name: getattr(late, name) for name in kept} == {name: getattr(in_order, name) for name in kept}


@pytest.mark.parametrize("entered", [True, False])
@given(SEEN, BESIDE, st.randoms(use_true_random=False))
def test_states_in_any_order_end_in_the_same_dates(
    entered: bool, states: list[Seen], beside: list[Said], chance: object
) -> None:
    story: list[Seen | Said] = [*sorted(states), *beside]
    expected = States(entered).hear(sorted(story, key=lambda one: one.minute))
    arrived = [*story, *states[:1]]
    chance.shuffle(arrived)  # type: ignore[attr-defined]
    note(f"arrived as {arrived}")
    found = States(entered).hear(arrived)
    assert plain(found.found) == plain(expected.found)
    assert found.story() == expected.story()
    assert found.found.first_due == NOON + min(states).hours * HOUR


@given(SEEN, BESIDE, st.randoms(use_true_random=False))
def test_who_reads_the_events_ends_with_the_ledgers_promise(
    states: list[Seen], beside: list[Said], chance: object
) -> None:
    arrived: list[Seen | Said] = [*states, *beside]
    chance.shuffle(arrived)  # type: ignore[attr-defined]
    found = States(entered=False).hear(arrived)
    state = PromiseState(promise_id="p1", customer_id="c1")
    for message in found.messages:
        assert fold(state, message.envelope, message.data) is FoldOutcome.APPLIED
    promise = found.found
    assert state.promise_version == promise.version
    assert (state.made_at, state.first_due) == (promise.made_at.timestamp(), promise.first_due.timestamp())
    assert (state.held_due, state.latest_due) == (promise.held_due.timestamp(), promise.latest_due.timestamp())
    assert [m.envelope.version for m in found.messages] == list(range(1, promise.version + 1))


def test_of_three_states_all_orders_have_the_oldest_first() -> None:
    for order in permutations([Seen(1, 24), Seen(2, 26), Seen(3, 30)]):
        found = States().hear(order).found
        assert (found.first_due, found.held_due, found.latest_due) == tuple(NOON + h * HOUR for h in (24, 24, 30))


def test_an_older_state_of_a_promise_that_has_ended_is_its_beginning_all_the_same() -> None:
    for end in (withdrawn(9), settled(2000, State.KEPT, 20)):
        late: list[Seen | Said] = [Seen(3, 30), end, Seen(1, 24)]
        in_order: list[Seen | Said] = [Seen(1, 24), Seen(3, 30), end]
        told, expected = States().hear(late), States().hear(in_order)
        assert plain(told.found) == plain(expected.found)
        assert told.found.state is not State.MADE


@pytest.mark.parametrize(("verdict", "hours"), [(State.KEPT, 29), (State.KEPT, 20), (State.BROKEN, 25)])
def test_a_verdict_is_judged_as_if_the_states_had_come_in_order(verdict: State, hours: float) -> None:
    end = settled(2000, verdict, hours)
    told = States().hear([Seen(3, 30), end, Seen(1, 24)])
    assert plain(told.found) == plain(States().hear([Seen(1, 24), Seen(3, 30), end]).found)
    assert told.found.held_due == NOON + 24 * HOUR


def test_the_same_date_told_earlier_changes_only_when_it_was_made() -> None:
    told = States(entered=False).hear([Seen(3, 30), Seen(1, 30)])
    assert (told.found.made_at, told.history, told.found.version) == (NOON + MINUTE, [], 2)
    data = told.messages[-1].data
    assert isinstance(data, PromiseRestated)
    assert (data.made_at, data.first_due, data.revision, data.revisions) == (NOON + MINUTE, NOON + 30 * HOUR, None, 0)
    quiet = States().hear([Seen(3, 30), Seen(1, 30)])
    assert (quiet.found.version, len(quiet.messages)) == (1, 1)


def test_what_was_said_to_be_the_first_date_stays_it() -> None:
    command = to_make(if_new=True, due=NOON + 30 * HOUR)
    assert precede(make(to_make()), [], command, NOON - HOUR) is None
    known = make(to_make(if_new=True), first_at=NOON + 3 * MINUTE)
    assert precede(known, [], command, NOON + 3 * MINUTE) is None
    assert precede(known, [], command, NOON + MINUTE) is not None
    assert precede(known, [], replace(command, due=NOON - HOUR), NOON + MINUTE) is None
    assert precede(replace(known, version=CHANGES + 1), [], command, NOON + MINUTE) is None


def test_the_newer_date_is_told_after_the_older_and_moves_no_held_date() -> None:
    [change] = States().hear([Seen(3, 30), Seen(1, 24)]).history
    assert (change.kind, change.at, change.due) == (ChangeKind.REVISED, NOON + 3 * MINUTE, NOON + 30 * HOUR)
    assert (change.held_due, change.agreed, change.in_effect) == (NOON + 24 * HOUR, False, True)
