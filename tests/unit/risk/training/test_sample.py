"""Learning under load: a sample of the promises, each learnt whole or not at all, the same in every process."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import pytest

from risk_svc.forecast.serialization import model_bytes
from risk_svc.forecast.view import Entry, PromiseSnapshot
from risk_svc.training.sample import MOST_CHANGES, Sample
from risk_svc.training.timeline import Timeline
from tests.support.risk import MADE_S, entries, flights

HOUR = 3600.0
MOST = 240
NAMES = [f"promise {number}" for number in range(4000)]


def many(count: int = 900) -> list[Entry]:
    """Three entries for each of many promises, in order of time."""
    return sorted(entries(flights(count)), key=lambda entry: entry.at)


def learnt(found: Sequence[Entry], most: int, end: float = MADE_S + 30 * HOUR, row: int = 30) -> Timeline:
    """What is learnt of rows that all come before the first boundary is closed."""
    course = Timeline(most=most)
    for start in range(0, len(found), row):
        course.take(found[start : start + row])
        assert course.waiting <= most + row
    course.close(end)
    return course


def answered(course: Timeline) -> int:
    return sum(n for (_, stage), n in course.engine.model.context.answered.items() if stage == -1)


def test_what_fits_is_learnt_whole_and_leaves_no_trace() -> None:
    found = many(60)
    course = learnt(found, len(found))
    assert (course.sample, course.sample.share, course.left_out) == (Sample(), 1.0, 0)
    assert answered(course) == 60


def test_of_more_than_fits_a_sample_is_learnt_and_each_promise_of_it_whole() -> None:
    found = many()
    course = learnt(found, MOST)
    kept = [entry for entry in found if isinstance(entry, PromiseSnapshot) and in_sample(course, entry)]
    promises = {entry.view.promise_id for entry in kept}
    assert 0.02 * 900 < len(promises) < 0.4 * 900
    assert course.left_out == len(found) - len(kept)
    assert answered(course) == len(promises)
    # All that it says rests on these promises alone, as if there were no others.
    alone = learnt([entry for entry in found if entry in kept], len(found))
    assert model_bytes(course.engine.model) == model_bytes(alone.engine.model)


def in_sample(course: Timeline, entry: PromiseSnapshot) -> bool:
    level = max(level for _, level in course.sample.levels)
    return Sample([(-math.inf, level)]).keeps(entry.view.promise_id, 0.0)


def test_when_fewer_come_all_are_learnt_again_and_none_is_begun_with_half_way() -> None:
    found = many()
    course = learnt(found[:1500], MOST, found[0].at + HOUR)
    assert course.sample.share < 1
    course.close(found[1499].at - 24 * HOUR)
    early = [entry.view for entry in found[:1500] if isinstance(entry, PromiseSnapshot)]
    left = {view.promise_id for view in early if not course.sample.keeps(view.promise_id, view.made)}
    assert len(left) > 300
    for entry in found[1500:]:
        course.take([entry])
        course.close(entry.at - HOUR)
        assert not left & set(course.engine.open)
    assert course.sample.share == 1


def test_whoever_goes_on_from_a_checkpoint_learns_of_the_same_sample() -> None:
    found = many(400)
    whole, resumed = Timeline(most=60), Timeline(most=60)
    for start in range(0, len(found), 30):
        for course in (whole, resumed):
            course.take(found[start : start + 30])
            course.close(found[start].at - 20 * HOUR)
        if start % 90 == 0:
            resumed, *_ = Timeline.from_bytes(resumed.to_bytes(1, 2))
    assert whole.left_out == resumed.left_out > 0
    assert model_bytes(whole.engine.model) == model_bytes(resumed.engine.model)


def test_of_too_many_open_promises_some_leave_without_an_answer() -> None:
    found = many(300)
    made = [entry for entry in found if isinstance(entry, PromiseSnapshot) and not entry.view.reached]
    course = Timeline(most=200)
    most = 0
    for entry in found:
        course.take([entry])
        course.close(entry.at - HOUR)
        most = max(most, len(course.engine.open))
    assert len(made) > most
    assert 10 < most <= 50
    # Those that left were neither late nor in time; of the others all was seen.
    assert 0 < answered(course) < 300


@pytest.mark.parametrize("seed", range(3))
def test_a_sample_shrinks_by_halves_and_never_takes_in_what_it_left_out(seed: int) -> None:
    draw, sample, now = random.Random(seed), Sample(), 0.0
    out: set[tuple[str, float]] = set()
    for _ in range(60):
        now += 10.0
        for name in draw.sample(NAMES, 20):
            if not sample.keeps(name, now):
                out.add((name, now))
                sample.left_out(now)
        if draw.random() < 0.5:
            sample.thin(draw.choice([-math.inf, now - 15.0]), sample.level + 1)
        elif sample.level:
            sample.ease(now)
        assert not [one for one in out if sample.keeps(*one)]
    assert out


def test_each_level_keeps_half_of_the_one_before() -> None:
    kept = [{name for name in NAMES if Sample([(-math.inf, level)]).keeps(name, 0.0)} for level in range(4)]
    assert [round(8 * len(one) / len(NAMES)) for one in kept] == [8, 4, 2, 1]
    assert kept[0] > kept[1] > kept[2] > kept[3]


def test_only_so_many_changes_are_remembered_and_what_lies_before_is_not_begun_with() -> None:
    sample = Sample()
    for at in range(0, 2 * MOST_CHANGES, 2):
        sample.thin(float(at), 1)
        sample.left_out(float(at))
        sample.ease(float(at + 1))
    assert len(sample.levels) == MOST_CHANGES
    assert not any(sample.keeps(name, 1.5) for name in NAMES)
    assert all(sample.keeps(name, 1e9) for name in NAMES)
