"""Entries that lie far from all others outweigh nobody in the bias of makers and deliverers (ADR 0065)."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk_svc.insight.measures import bias
from risk_svc.insight.measures.bias import Biases, Completed, biases
from tests.support.figures import bounds, stated
from tests.unit.risk.insight.test_bias import completed, few, seeds, world


def with_odd_ones(some: Completed, many: int, ratio: float) -> Completed:
    """The same, and so many more of the first maker and deliverer that took `ratio` times what was promised."""
    kind, maker, deliverer = ([*names, *[names[0]] * many] for names in (some.kind, some.maker, some.deliverer))
    promised, actual = (np.append(some.promised, [10.0] * many), np.append(some.actual, [10.0 * ratio] * many))
    return Completed(kind, maker, deliverer, promised, actual)


@pytest.mark.parametrize("ratio", [1e-7, 1e7])
def test_a_few_entries_that_are_far_from_all_others_outweigh_nobody(ratio: float) -> None:
    usual = completed(world(1, makers=4, deliverers=6)[0])
    before, after = biases(usual), biases(with_odd_ones(usual, 6, ratio))
    assert after.n == before.n + 6
    for old, new in zip(before.makers + before.deliverers, sorted_as(before, after), strict=True):
        (low, high), (now_low, now_high) = bounds(old.drift), bounds(new.drift)
        assert now_high - now_low < 1.6 * (high - low)
        assert abs(stated(new.drift) - stated(old.drift)) < high - low


def sorted_as(one: Biases, other: Biases) -> list[bias.Bias]:
    """What `other` says of those whom `one` names, in its order."""
    found = {each.name: each for each in other.makers + other.deliverers}
    return [found[each.name] for each in one.makers + one.deliverers]


@few
@given(seeds, st.floats(0.0, 3.0))
def test_what_lies_as_far_out_as_is_usual_counts_as_it_is(seed: int, spread: float) -> None:
    random = np.random.default_rng(seed)
    kind, y = random.integers(0, 40, 500), spread * random.uniform(-1, 1, 500)
    kept = bias._bounded(y, kind, np.full(500, True))
    assert np.array_equal(kept, y)
    far = np.append(y, [99.0, -99.0])
    bounded = bias._bounded(far, np.append(kind, [0, 0]), np.full(502, True))
    assert abs(bounded[-2:]).max() <= 5 * 1.4826 * spread + math.log(4) + spread
    # An open promise is bounded where it is read, by what is known of it.
    assert bias._bounded(far, np.append(kind, [0, 0]), np.arange(502) < 500)[-1] == -99.0


@few
@given(seeds)
def test_medians_of_groups_are_those_of_each_alone(seed: int) -> None:
    random = np.random.default_rng(seed)
    group = np.append(np.arange(30), random.integers(0, 30, 200))
    values = random.normal(0, 1, 230)
    found = bias._medians(values, group)
    assert found.tolist() == [np.median(values[group == one]) for one in range(30)]
