"""Waiting for the customer as it is reported: it has an end, changes no step, and there are only so many."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest

from delivery_svc.domain import NOTHING, MilestoneState, Refusal, RefusalReason, check, record, with_end
from tests.unit.delivery.domain.test_milestones import S, report

MOST = timedelta(days=30)
DAY = timedelta(days=1)
AT = report().at


def test_a_pause_without_an_end_gets_one_and_its_own_stays() -> None:
    assert with_end(report(S.PAUSED, planned=None), MOST).planned == AT + MOST
    assert with_end(report(S.PAUSED, planned=AT + DAY), MOST).planned == AT + DAY
    assert with_end(report(S.PAUSED, planned=AT + MOST), MOST).planned == AT + MOST
    for other in (report(S.RESUMED), report(S.REACHED), report(S.REDATED, planned=AT - DAY)):
        assert with_end(other, MOST) is other


@pytest.mark.parametrize("planned", [AT, AT - DAY, AT + MOST + timedelta(seconds=1)])
def test_a_pause_ends_after_it_begins_and_within_its_limit(planned: object) -> None:
    with pytest.raises(Refusal) as caught:
        with_end(report(S.PAUSED, planned=planned), MOST)
    assert (caught.value.why, caught.value.pointer) == (RefusalReason.BAD_PAUSE, "/planned")


@pytest.mark.parametrize("status", [S.PAUSED, S.RESUMED])
def test_it_ends_nothing(status: S) -> None:
    with pytest.raises(Refusal) as ending:
        check(report(status, final=True))
    assert ending.value.why is RefusalReason.FINAL_WITHOUT_END


def test_it_says_nothing_of_how_far_the_step_is_in_any_order() -> None:
    told = [report(S.STARTED, 0), report(S.PAUSED, 5), report(S.RESUMED, 8), report(S.REACHED, 20)]
    ends = set()
    for order in permutations(told):
        known = NOTHING
        for one in order:
            known = record(known, one)
        ends.add(known)
    assert ends == {MilestoneState(finished_at=told[-1].at, finished_as=S.REACHED)}


def test_after_a_steps_end_it_changes_nothing() -> None:
    done = record(NOTHING, report(S.REACHED, 0))
    for status in (S.PAUSED, S.RESUMED):
        after = record(done, replace(report(status, 5), correction=True))
        assert (after.finished, after) == (True, done)
