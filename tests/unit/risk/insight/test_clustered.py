"""How much less cases tell that share shocks: by hand, of independent ones, and what does not matter."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risk_svc.insight.measures.clustered import design_effect

few = settings(max_examples=25)
seeds = st.integers(0, 2**32)


def test_a_case_by_hand() -> None:
    # Two owners without other sorts, of four cases in two groups of two. What is left of the first: ±1, a group alike;
    # its sums are ±2. Of the second the two of a group differ and their sums are 0.
    y = np.array([1.0, 1.0, 3.0, 3.0, 5.0, 7.0, 5.0, 7.0])
    owner, group = np.repeat([0, 1], 4), np.array([0, 0, 1, 1, 0, 0, 1, 1])
    # Sums: 4 + 4 + 0 + 0 of squares 8. Of independent cases: (4 − 8/4) · 2 of (4 − 1) · 2.
    assert design_effect(y, (), owner, group) == pytest.approx(8 / 8 * 6 / 4)
    assert design_effect(y[:4], (), owner[:4], group[:4]) == pytest.approx(8 / 4 * 3 / 2)
    # Groups whose cases even each other out say no less than independent ones, and never more.
    assert design_effect(y[4:], (), owner[4:], group[4:]) == 1.0


@pytest.mark.parametrize("size", [3, 10, 40])
def test_independent_cases_tell_all_they_can_whatever_their_groups(size: int) -> None:
    random = np.random.default_rng(7)
    found = []
    for _ in range(60):
        owner, kind = random.integers(0, 1200 // size // 4, 1200), random.integers(0, 3, 1200)
        y = np.asarray(random.normal(0, 1, 1200) + 0.5 * owner + kind, np.float64)
        found.append(design_effect(y, (kind,), owner, random.integers(0, 8, 1200)))
    # Cut off below 1, so the mean lies a little above it.
    assert 1.0 <= np.mean(found) < 1.1


def test_cases_that_share_a_shock_tell_as_much_less_as_they_share() -> None:
    random = np.random.default_rng(11)
    owner, group = np.repeat(np.arange(6), 200), np.tile(np.repeat(np.arange(20), 10), 6)
    found = []
    for _ in range(40):
        shock = random.normal(0, 0.5, (6, 20))[owner, group]
        found.append(design_effect(random.normal(0, 1, 1200) + shock + owner, (), owner, group))
    # The correlation within a group is .25 / 1.25; with ten a group that is 1 + 9 · .2.
    assert np.mean(found) == pytest.approx(2.8, rel=0.05)


@few
@given(seeds, st.integers(0, 200))
def test_it_is_bounded_and_knows_no_order_no_scale_and_no_names(seed: int, n: int) -> None:
    random = np.random.default_rng(seed)
    kind, owner, group = (random.integers(0, many, n) for many in (3, 4, 5))
    y = random.normal(0, 1, n) + random.normal(0, 1, (4, 5))[owner, group]
    found = design_effect(y, (kind,), owner, group)
    assert 1.0 <= found <= max(1, n) ** 2
    mixed = random.permutation(n)
    assert design_effect(y[mixed], (kind[mixed],), owner[mixed], group[mixed]) == pytest.approx(found)
    assert design_effect(3 * y + 1, (kind,), 3 - owner, 4 - group) == pytest.approx(found, rel=1e-6)


def test_where_nothing_is_left_to_compare_nothing_is_widened() -> None:
    none = np.array([], np.int64)
    assert design_effect(np.array([]), (), none, none) == 1.0
    one = np.zeros(5, np.int64)
    # All of one group: its sum is the mean that was taken out.
    assert design_effect(np.arange(5.0), (), one, one) == 1.0
    assert design_effect(np.ones(5), (), one, np.arange(5)) == 1.0
