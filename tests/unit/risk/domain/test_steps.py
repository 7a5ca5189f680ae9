"""A step is the same in whatever order its reports come, through what delivery-svc takes and risk-svc makes of it."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import timedelta
from random import Random

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from candor.contracts import MilestoneStatus
from delivery_svc.domain import NOTHING, Refusal, Report, record
from delivery_svc.domain import MilestoneStatus as Reported
from risk_svc.domain.fold import fold
from risk_svc.domain.state import PromiseState, StepState, StepStatus
from tests.support.risk import DEPARTS, M, Story

S = MilestoneStatus
Word = tuple[S, int, int, bool]
"""A status, the minute of which it is, how many minutes later it was said, and whether it is a correction."""
words = st.tuples(st.sampled_from(list(S)), st.integers(0, 6), st.integers(0, 3), st.booleans())


def taken(said: Iterable[Word]) -> StepState:
    """The step after these reports in this order, without those that delivery-svc refuses."""
    return taken_and_refused(said)[0]


def taken_and_refused(said: Iterable[Word]) -> tuple[StepState, bool]:
    """The step after these reports in this order, and whether delivery-svc refused any."""
    story, known, refused = Story(), NOTHING, False
    state = PromiseState(promise_id="p1", customer_id="c1")
    made = story.made()
    fold(state, made.envelope, made.data)
    for status, minute, later, correction in said:
        at = DEPARTS + minute * M
        report = Report(
            promise_id="p1", reference=None, milestone="departed", status=Reported(status), at=at, correction=correction
        )
        try:
            known = record(known, report)
        except Refusal:
            refused = True
        else:
            event = story.milestone(
                "departed", status=status, at=at, said=at + later * M, correction=correction, reason=f"{minute} {later}"
            )
            # The events of one report have one name in whatever order it comes.
            data = msgspec.structs.replace(event.data, source_event=f"{status} {minute} {later}")
            fold(state, event.envelope, data)
    return next(step for step in state.steps if step.name == "departed"), refused


def apart(said: Sequence[Word]) -> bool:
    """Whether no correction shares its time with another report, or lies between two times of the same end.

    Which of them was meant then only the order tells.
    """
    minutes = Counter(minute for _, minute, _, _ in said)
    if any(again and minutes[minute] > 1 for _, minute, _, again in said):
        return False
    ends = [(status, minute) for status, minute, _, _ in said if status in (S.REACHED, S.MISSED, S.CANCELLED)]
    opens = [minute for status, minute, _, again in said if again and status not in (S.REACHED, S.MISSED, S.CANCELLED)]
    for status in {status for status, _ in ends}:
        times = [minute for one, minute in ends if one is status]
        if any(min(times) <= minute < max(times) for minute in opens):
            return False
    return True


@given(st.lists(words, min_size=1, max_size=6, unique_by=lambda word: word[:3]).filter(apart), st.randoms())
def test_in_any_order_and_twice_a_step_is_the_same(said: list[Word], random: Random) -> None:
    orders = (sorted(said, key=lambda word: word[1:3]), said, random.sample([*said, *said], 2 * len(said)))
    found = [taken_and_refused(order) for order in orders]
    # What is refused is listed, and whoever sent it can mend it: it is part of no history.
    assume(not any(refused for _, refused in found))
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize(
    ("said", "status", "minute"),
    [
        ([(S.REACHED, 5, 0, False), (S.REACHED, 3, 4, False)], StepStatus.REACHED, 3),
        ([(S.MISSED, 3, 0, False), (S.REACHED, 5, 0, False)], StepStatus.REACHED, 5),
        ([(S.REACHED, 3, 0, False), (S.MISSED, 5, 0, False)], StepStatus.MISSED, 5),
        ([(S.REACHED, 3, 0, False), (S.STARTED, 5, 0, False)], StepStatus.REACHED, 3),
        ([(S.REACHED, 3, 0, False), (S.STARTED, 5, 0, True)], StepStatus.STARTED, 5),
        ([(S.STARTED, 1, 0, False), (S.REACHED, 3, 0, False), (S.PLANNED, 5, 0, True)], StepStatus.PENDING, None),
        (
            [(S.REACHED, 1, 0, False), (S.PLANNED, 3, 0, True), (S.STARTED, 4, 0, False), (S.REACHED, 6, 0, False)],
            StepStatus.REACHED,
            6,
        ),
    ],
)
def test_every_order_of_a_story_ends_as_it_happened(said: list[Word], status: StepStatus, minute: int | None) -> None:
    for order in itertools.permutations(said):
        step = taken(order)
        at = None if minute is None else (DEPARTS + minute * M).timestamp()
        assert (step.status, step.at) == (status, at), order


@given(st.permutations([(10, 0), (20, 30), (30, -15), (40, 5)]))
def test_plans_in_any_order_leave_the_first_and_the_newest(plans: list[tuple[int, int]]) -> None:
    story = Story()
    state = PromiseState(promise_id="p1", customer_id="c1")
    for minute, late in plans:
        at = DEPARTS + timedelta(minutes=minute)
        event = story.milestone("cleaned", status=S.REDATED, at=at, planned=DEPARTS + late * M)
        fold(state, event.envelope, event.data)
    [step] = state.steps
    assert (step.planned, step.expected) == (DEPARTS.timestamp(), (DEPARTS + 5 * M).timestamp())
    assert [plan for _, plan in step.plans] == [(DEPARTS + late * M).timestamp() for late in (0, 30, -15, 5)]
