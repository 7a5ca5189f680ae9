"""What was known of a promise, and when: every picture knows what was said by its time, and nothing of later."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from candor.contracts import AskedBy, Message, MilestoneStatus, PromiseRevised, PromiseWithdrawn, Verdict, message
from risk_svc.domain.fold import FoldOutcome, fold
from risk_svc.domain.state import DUES_LIMIT, PromiseState
from risk_svc.forecast.view import PromiseSnapshot
from risk_svc.forecasting.live import TICK
from risk_svc.forecasting.snapshots import AT_ONCE, REPEATED, BatchPictures, forgotten, pictures, pseudonym
from tests.support.risk import ARRIVES, ARRIVES_S, DEPARTS, DEPARTS_S, DUE, DUE_S, MADE, MADE_S, M, Story, again

HOUR = timedelta(hours=1)


def lived(messages: Sequence[Message]) -> list[PromiseSnapshot]:
    """All pictures of one promise, in the order in which its messages came."""
    state, found = PromiseState(promise_id="p1", customer_id="c1"), list[PromiseSnapshot]()
    for item in messages:
        assert fold(state, item.envelope, item.data) is FoldOutcome.APPLIED
        if not state.placeholder:
            found += pictures(state, item.envelope.time.timestamp())
    return found


def course(found: Sequence[PromiseSnapshot]) -> list[PromiseSnapshot]:
    """What the learner makes of them: a picture of an earlier time replaces the later ones."""
    kept: list[PromiseSnapshot] = []
    for one in found:
        kept = [*(earlier for earlier in kept if earlier.at <= one.at), one]
    last = {one.at: one for one in kept}
    return [last[at] for at in sorted(last)]


def revised(due: datetime, at: datetime, version: int = 2) -> Message:
    data = PromiseRevised("p1", "c1", due, due, AskedBy.COMPANY, True, "crew")
    return message(f"r{version}", "test", at, "c1", version, data)


def test_an_event_in_its_turn_makes_one_picture_at_its_time() -> None:
    story = Story()
    made, left, came = lived([story.made(), story.milestone("departed", 5), story.milestone("arrived", 9)])
    assert [one.at for one in (made, left, came)] == [MADE_S, DEPARTS_S + 300, ARRIVES_S + 540]
    assert (made.view.reached, left.view.reached) == ({}, {"departed": DEPARTS_S + 300})
    assert (left.view.completed, came.view.completed) == (None, ARRIVES_S + 540)
    assert not any(one.gone for one in (made, left, came))


def test_in_whatever_order_the_topics_come_the_course_is_the_same() -> None:
    story = Story()
    ledger = [story.made(), revised(DUE + 2 * HOUR, MADE + HOUR), revised(DUE + 9 * HOUR, DEPARTS + HOUR, 3)]
    steps = [story.milestone("departed", 5), story.milestone("arrived", 9)]
    courses = []
    for places in itertools.combinations(range(5), 2):
        left, right = iter(ledger), iter(steps)
        mixed = [next(right) if place in places else next(left) for place in range(5)]
        courses.append(course(lived(mixed)))
    for other in courses[1:]:
        assert other == courses[0]
    assert [one.view.deadline - TICK - DUE_S for one in courses[0]] == pytest.approx([0, 7200, 7200, 32400, 32400])


@pytest.mark.parametrize("status", [MilestoneStatus.REACHED, MilestoneStatus.CANCELLED])
def test_a_bad_end_that_is_read_before_its_promise_is_not_known_before_its_time(status: MilestoneStatus) -> None:
    story = Story()
    ledger = [story.made(), revised(DUE + 2 * HOUR, MADE + HOUR)]
    steps = [story.milestone("departed", 5), story.milestone("arrived", 600, status=status, final=True)]
    courses = []
    for places in itertools.combinations(range(4), 2):
        left, right = iter(ledger), iter(steps)
        courses.append(course(lived([next(right) if place in places else next(left) for place in range(4)])))
    assert all(other == courses[0] for other in courses)
    cancelled = status is MilestoneStatus.CANCELLED
    assert [one.late for one in courses[0]] == [False, False, False, cancelled]
    assert [one.view.completed is not None for one in courses[0]] == [False, False, False, not cancelled]


def test_a_new_date_is_not_known_before_it_was_agreed_to() -> None:
    story = Story()
    found = lived([story.made(), revised(DUE + 2 * HOUR, DEPARTS + HOUR), story.milestone("departed", 5)])
    departed, agreed = found[-2:]
    assert departed.view.deadline == pytest.approx(DUE_S + TICK)
    assert agreed.view.deadline == pytest.approx(DUE_S + 7200 + TICK)
    assert agreed.view.reached == {"departed": DEPARTS_S + 300}


def test_a_withdrawal_and_a_verdict_are_not_known_before_they_were_said() -> None:
    story = Story()
    withdrawn = message("w", "test", DEPARTS + HOUR, "c1", 2, PromiseWithdrawn("p1", "c1", "not needed"))
    found = lived([story.made(), withdrawn, story.milestone("departed", 5)])
    assert [(one.at, one.gone) for one in found[-2:]] == [(DEPARTS_S + 300, False), (DEPARTS_S + 3600, True)]
    story = Story()
    verdict = story.made(), story.settled(Verdict.KEPT, ARRIVES), story.milestone("departed", 5)
    found = lived(verdict)
    assert [(one.at, one.view.completed) for one in found[-2:]] == [(DEPARTS_S + 300, None), (DUE_S, ARRIVES_S)]


def test_a_plan_that_was_changed_is_known_from_then_on() -> None:
    story = Story()
    later = story.milestone("departed", at=MADE + HOUR, status=MilestoneStatus.REDATED, planned=DEPARTS + 50 * M)
    found = lived([story.made(), later])
    assert [one.view.plans["departed"] for one in found] == [DEPARTS_S, DEPARTS_S + 3000]


def test_revisions_are_kept_in_bounds() -> None:
    state = PromiseState(promise_id="p1", customer_id="c1")
    made = Story().made()
    fold(state, made.envelope, made.data)
    for number in range(40):
        item = revised(DUE + number * M, MADE + number * M, number + 2)
        assert fold(state, item.envelope, item.data) is FoldOutcome.APPLIED
    assert len(state.dues) == DUES_LIMIT
    assert state.dues[-1] == ((MADE + 39 * M).timestamp(), (DUE + 38 * M).timestamp())


def test_pictures_and_what_follows_an_erasure_carry_no_name() -> None:
    story = Story("order-4711", "c1")
    made = story.made()
    state = PromiseState(promise_id="order-4711", customer_id="c1")
    fold(state, made.envelope, made.data)
    [seen] = pictures(state, MADE_S)
    gone = forgotten("order-4711", DUE_S)
    assert seen.view.promise_id == gone.view.promise_id == pseudonym("order-4711")
    assert "4711" not in repr((seen, gone))
    assert gone.gone and gone.at == DUE_S
    assert pseudonym("order-4711") != pseudonym("order-4712")
    assert datetime.fromtimestamp(seen.at, UTC) == MADE


def newest_first(count: int) -> list[Message]:
    """A promise, then reports of so many steps a minute apart: each is older than all before it."""
    story = Story()
    steps = [(f"step {number}", MADE + number * M) for number in range(count, 0, -1)]
    return [story.made(), *(story.milestone(name, at=at) for name, at in steps)]


def in_one_batch(messages: Sequence[Message]) -> list[PromiseSnapshot]:
    """All pictures of one promise whose messages came together."""
    state, batch, found = PromiseState(promise_id="p1", customer_id="c1"), BatchPictures(), list[PromiseSnapshot]()
    for item in messages:
        assert fold(state, item.envelope, item.data) is FoldOutcome.APPLIED
        found += batch.of(3, state, item.envelope.time.timestamp())
    for partition, rest in batch.rest():
        assert partition == 3
        found += rest
    return found


def test_of_a_batch_the_newest_first_the_same_is_learnt_as_one_by_one() -> None:
    messages = newest_first(REPEATED)
    assert course(in_one_batch(messages)) == course(lived(messages))
    mixed = [messages[0], *messages[:0:-2], *messages[-2::-2]]
    mixed[1:] = [again(item, version) for version, item in enumerate(mixed[1:], 1)]
    assert course(in_one_batch(mixed)) == course(lived(mixed))


def test_pictures_of_a_batch_do_not_grow_with_the_square_of_its_reports() -> None:
    count = 300
    found = in_one_batch(newest_first(count))
    assert len(found) <= AT_ONCE * (AT_ONCE + 3) // 2 + 2 * REPEATED
    assert len(found[-1].view.reached) == count
    assert len(pictures_of_one_more(count)) <= REPEATED + 1


def pictures_of_one_more(count: int) -> list[PromiseSnapshot]:
    """What a single report older than so many others repeats."""
    state = PromiseState(promise_id="p1", customer_id="c1")
    for item in newest_first(count):
        fold(state, item.envelope, item.data)
    found = pictures(state, MADE_S)
    assert [len(one.view.reached) for one in found[:1]] == [0]
    assert len(found[-1].view.reached) == count
    return found
