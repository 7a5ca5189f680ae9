"""What is said of a promise counts in the order in which it was said, whatever order it arrives in."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from promise_svc.domain import (
    Change,
    Refusal,
    RefusalReason,
    Settle,
    State,
    arrive,
    make,
    revise,
    settle,
    statement,
)
from promise_svc.domain.limits import CHANGES, ENDINGS
from promise_svc.domain.promise import ChangeKind
from tests.support.clocks import NOON
from tests.unit.promise.domain.builders import DUE, HOUR, promise, to_make, to_revise
from tests.unit.promise.domain.stories import MINUTE, SAID, STORIES, Said, Told, revised, settled, withdrawn

IN_A_DAY = NOON + 26 * HOUR
DONE = 24.5
"""Half an hour after the first date, in hours after noon."""


def late_verdict(verdict: State, minute: int = 2000) -> Said:
    return settled(minute, verdict, DONE)


@given(STORIES, st.randoms(use_true_random=False), st.lists(SAID, max_size=2))
def test_every_order_of_arrival_ends_alike(story: list[Said], chance: object, again: list[Said]) -> None:
    twice = [one for one in again if one in story]
    expected = Told().hear(sorted(story, key=lambda one: one.minute))
    arrived = [*story, *twice]
    chance.shuffle(arrived)  # type: ignore[attr-defined]
    note(f"arrived as {arrived}")
    found = Told().hear(arrived)
    assert found.story() == expected.story()
    assert found.promise == expected.promise
    assert [m.envelope.version for m in found.messages] == list(range(1, len(set(story)) + 2))


@pytest.mark.parametrize(
    "story",
    [
        [revised(1, 30), revised(2, 26, agreed=False), settled(3, State.KEPT, 0.04), withdrawn(4)],
        [settled(1, State.KEPT), settled(2, State.BROKEN), revised(3, 30), settled(3, State.KEPT)],
        [withdrawn(1), settled(2, State.KEPT), revised(1, 30), revised(1, 28)],
    ],
)
def test_all_permutations_of_a_story_end_alike(story: list[Said]) -> None:
    found = [Told().hear(order) for order in permutations(story)]
    assert len({repr(one.promise) for one in found}) == 1
    assert len({repr(one.story()) for one in found}) == 1


def test_a_date_that_was_agreed_before_the_verdict_and_comes_after_it_is_held_and_the_verdict_follows() -> None:
    told = Told().hear([late_verdict(State.BROKEN)])
    assert told.promise.state is State.BROKEN
    told.hear([revised(60, 30)])
    assert (told.promise.state, told.promise.held_due) == (State.KEPT, NOON + 30 * HOUR)
    agreed, verdict = told.story()
    assert (agreed.kind, agreed.in_effect, agreed.held_due) == (ChangeKind.REVISED, True, NOON + 30 * HOUR)
    assert (verdict.verdict, verdict.judged) == (State.BROKEN, State.KEPT)


def test_an_earlier_date_that_the_customer_asked_for_makes_what_came_later_broken() -> None:
    told = Told().hear([settled(2000, State.KEPT, 23)])
    told.hear([revised(60, 20)])
    assert (told.promise.state, told.promise.completed_at) == (State.BROKEN, NOON + 23 * HOUR)


@pytest.mark.parametrize("verdict", [State.BROKEN, State.DISPUTED])
def test_a_verdict_that_follows_from_no_date_stands_as_it_was_said(verdict: State) -> None:
    on_time = settled(2000, verdict, 20)
    told = Told().hear([on_time, revised(60, 30)])
    assert told.promise.state is verdict
    nothing_done = Told().hear([settled(2000, State.BROKEN), revised(60, 30)])
    assert nothing_done.promise.state is State.BROKEN


def test_a_date_that_was_only_told_changes_no_verdict() -> None:
    told = Told().hear([late_verdict(State.BROKEN), revised(60, 30, agreed=False)])
    assert (told.promise.state, told.promise.latest_due, told.promise.held_due) == (
        State.BROKEN,
        NOON + 30 * HOUR,
        DUE,
    )


def test_the_tolerance_counts_when_a_verdict_is_judged() -> None:
    told = Told(make(to_make(tolerance_s=3600)))
    # Half an hour late is on time with an hour's tolerance: whoever calls it broken means something else.
    assert told.hear([late_verdict(State.BROKEN), revised(60, 30)]).promise.state is State.BROKEN


def test_of_two_verdicts_the_one_that_was_said_later_stands() -> None:
    told = Told().hear([settled(65, State.KEPT), settled(40, State.BROKEN)])
    assert told.promise.state is State.KEPT
    assert [one.verdict for one in told.story()] == [State.BROKEN, State.KEPT]


def test_a_withdrawal_that_was_said_after_a_verdict_changes_nothing_whenever_it_comes() -> None:
    for order in permutations([withdrawn(50), settled(40, State.KEPT)]):
        told = Told().hear(order)
        assert told.promise.state is State.KEPT
        assert [one.in_effect for one in told.story()] == [True, False]


def test_a_verdict_on_what_was_withdrawn_before_changes_nothing_whenever_it_comes() -> None:
    for order in permutations([withdrawn(40), settled(50, State.KEPT)]):
        told = Told().hear(order)
        assert (told.promise.state, told.promise.completed_at) == (State.WITHDRAWN, None)


def test_dates_said_after_the_end_join_the_history_and_move_nothing() -> None:
    for order in permutations([revised(50, 30), settled(40, State.KEPT), revised(45, 28)]):
        told = Told().hear(order)
        assert told.promise.held_due == told.promise.latest_due == DUE
        assert [one.in_effect for one in told.story()] == [True, False, False]


def test_what_was_said_before_the_promise_by_its_senders_clock_follows_its_making() -> None:
    told = Told().hear([revised(-1, 30)])
    assert told.promise.held_due == NOON + 30 * HOUR


def test_the_same_said_again_under_another_id_changes_nothing() -> None:
    told = Told().hear([revised(1, 30), settled(2, State.KEPT)])
    before = told.promise
    assert told.hear([revised(1, 30), settled(2, State.KEPT)]).promise == before
    assert len(told.history) == 2


def test_a_senders_clock_does_not_order_what_our_own_users_say() -> None:
    ahead = Told().hear([revised(4, 26)])
    assert ahead.promise.held_due == IN_A_DAY
    after, change = revise(ahead.promise, to_revise(30, agreed=True), NOON)
    assert (after.held_due, change.at) == (NOON + 30 * HOUR, NOON)
    assert change.said_at is not None
    assert change.said_at > NOON + 4 * MINUTE
    earlier = arrive(after, [*ahead.history, change], statement(after, revised(3, 28).command, NOON + 3 * MINUTE))
    assert earlier.promise.held_due == NOON + 30 * HOUR


def test_our_own_users_say_two_things_at_one_moment_in_the_order_in_which_they_say_them() -> None:
    first, _ = revise(promise(), to_revise(40, agreed=True), NOON + HOUR)
    second, _ = revise(first, to_revise(30, agreed=True), NOON + HOUR)
    assert second.held_due == NOON + 30 * HOUR


@pytest.mark.parametrize(("hours", "state"), [(DONE, State.KEPT), (20, State.BROKEN)])
def test_what_one_of_our_users_judged_by_a_date_is_judged_anew_with_a_date_they_did_not_know(
    hours: float, state: State
) -> None:
    judged, change = settle(promise(tolerance_s=0), Settle("p1", State.BROKEN, NOON + hours * HOUR, None), IN_A_DAY)
    assert judged.state is State.BROKEN
    agreed = statement(judged, revised(60, 30).command, NOON + HOUR)
    assert arrive(judged, [change], agreed).promise.state is state


def test_what_one_of_our_users_says_of_a_known_date_stands() -> None:
    told = Told().hear([revised(60, 30)])
    judged, _ = settle(told.promise, Settle("p1", State.BROKEN, NOON + DONE * HOUR, None), IN_A_DAY)
    assert judged.state is State.BROKEN


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (revised(1, -1), RefusalReason.DUE_BEFORE_MADE),
        (settled(1, State.KEPT, -1), RefusalReason.COMPLETED_BEFORE_MADE),
        (settled(1, State.KEPT, 1), RefusalReason.COMPLETED_AHEAD),
    ],
)
def test_what_can_be_true_at_no_time_is_refused_in_every_order(said: Said, why: RefusalReason) -> None:
    for told in (Told(), Told().hear([settled(5, State.KEPT)])):
        with pytest.raises(Refusal) as refused:
            told.hear([said])
        assert refused.value.why is why


def numbered(version: int) -> Told:
    told = Told()
    told.promise = promise(version=version, newest_at=NOON, tolerance_s=0)
    told.history = [
        Change(promise_id="p1", version=2, kind=ChangeKind.REVISED, at=NOON - timedelta(hours=1), due=DUE, agreed=False)
    ]
    return told


def test_a_promise_with_very_many_changes_still_ends_but_takes_nothing_else() -> None:
    full = CHANGES + 1
    with pytest.raises(Refusal) as refused:
        numbered(full).hear([revised(1, 30)])
    assert (refused.value.why, refused.value.limit) == (RefusalReason.LIMIT_REACHED, CHANGES)
    for late in (1, -1):
        assert numbered(full).hear([settled(late, State.KEPT)]).promise.state is State.KEPT
    with pytest.raises(Refusal):
        numbered(full + ENDINGS).hear([settled(1, State.KEPT)])


def test_where_nobody_knows_when_the_newest_was_said_the_history_decides() -> None:
    told = Told().hear([settled(10, State.KEPT)])
    told.promise = promise(version=2, state=State.KEPT, tolerance_s=0)
    told.hear([settled(5, State.BROKEN)])
    assert (told.promise.state, told.promise.newest_at) == (State.KEPT, NOON + 10 * MINUTE)
