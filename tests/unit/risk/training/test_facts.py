"""What is known of a promise does not depend on the order in which it came."""

from __future__ import annotations

import itertools
import math
import random

from candor.contracts import MilestoneStatus
from risk_svc.forecast.view import Entry, PromiseSnapshot
from risk_svc.training.facts import Fact, entries, fact, merged
from tests.support.risk import DEPARTS, MADE, M, Story
from tests.support.risk import entries as told


def kept(found: list[Entry]) -> list[Fact]:
    return merged([], [fact(one) for one in found])[0]


def story() -> Story:
    return Story("p", "c")


def life() -> list[list[object]]:
    """Both streams of one promise, each in its own order: plans, a step known late, and two things at one time."""
    made = story()
    steps = Story("p", "c")
    extra = steps.milestone("unplanned", at=MADE)
    late = steps.milestone("departed", 30, status=MilestoneStatus.STARTED, planned=DEPARTS + 40 * M, at=MADE + 60 * M)
    later = steps.milestone("departed", 30, status=MilestoneStatus.STARTED, planned=DEPARTS + 50 * M, at=MADE + 90 * M)
    return [[made.made()], [extra, late, later, steps.milestone("departed", 55), steps.milestone("arrived", 20)]]


def woven(rng: random.Random) -> list[object]:
    """The two streams in some order among each other."""
    streams = life()
    found: list[object] = []
    while any(streams):
        chosen = rng.choice([one for one in streams if one])
        found.append(chosen.pop(0))
    return found


def test_what_is_known_when_is_the_same_whichever_stream_comes_first() -> None:
    usual = kept(told(itertools.chain(*life())))  # type: ignore[arg-type]
    assert [at for at, _ in usual] == sorted({at for at, _ in usual})
    assert len(usual) == 5
    for seed in range(20):
        assert kept(told(woven(random.Random(seed)))) == usual, f"seed {seed}"  # type: ignore[arg-type]


def test_a_plan_is_not_known_before_it_was_said() -> None:
    [made, *_] = entries(kept(told(itertools.chain(*life()))), -math.inf)  # type: ignore[arg-type]
    steps = Story("q", "c")
    first = steps.milestone("unplanned", at=MADE + M, status=MilestoneStatus.STARTED, planned=DEPARTS)
    [bare, after] = kept(told([first, Story("q", "c").made()]))
    plans = [one.view.plans for one in entries([bare, after], -math.inf) if isinstance(one, PromiseSnapshot)]
    assert ["unplanned" in one for one in plans] == [False, True]
    assert isinstance(made, PromiseSnapshot) and made.view.plans["departed"] == DEPARTS.timestamp()


def test_what_came_before_changes_nothing_and_what_is_new_says_from_when_on() -> None:
    found = [fact(one) for one in told(itertools.chain(*life()))]  # type: ignore[arg-type]
    whole, since = merged([], found)
    assert since == whole[0][0]
    assert merged(whole, found) == (whole, math.inf)
    assert merged(whole[:3], found) == (whole, whole[3][0])
    without = [*whole[:2], *whole[3:]]
    assert merged(without, whole[2:]) == (whole, whole[2][0])
