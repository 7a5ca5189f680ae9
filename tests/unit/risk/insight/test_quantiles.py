"""Quantiles and their intervals: by hand, by property, and covering as often as they say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from risk_svc.insight.measures.figure import LEAST, Figure, Unit
from risk_svc.insight.measures.quantiles import Beside, beside, quantile
from tests.support.figures import bounds

days = st.lists(st.floats(0, 1e4), min_size=LEAST, max_size=200)


def test_by_hand() -> None:
    # Of 20 the median lies between the 6th and the 15th with 95.9 % (Conover, Practical Nonparametric Statistics).
    found = quantile(np.arange(1.0, 21.0), 0.5)
    assert found == Figure(10.5, 6.0, 15.0, 20, Unit.DAYS)


@given(days, st.sampled_from([0.1, 0.5, 0.9]), st.randoms(use_true_random=False))
def test_it_lies_in_its_interval_and_in_whatever_order_values_come(
    values: list[float], share: float, random: st.DataObject
) -> None:
    found = quantile(np.array(values), share)
    shuffled = [*values]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert quantile(np.array(shuffled), share) == found
    if found.value is not None:
        low, high = bounds(found)
        assert min(values) <= low <= found.value <= high <= max(values)
        # Between these two at least 95 % of the binomial lie.
        below, above = sum(one < low for one in values), sum(one <= high for one in values)
        assert binom.cdf(above - 1, len(values), share) - binom.cdf(below - 1, len(values), share) >= 0.95 - 1e-9


@pytest.mark.parametrize(
    ("n", "share", "stated"), [(19, 0.5, False), (20, 0.5, True), (35, 0.1, False), (36, 0.1, True)]
)
def test_of_too_few_nothing_is_said_but_how_many(n: int, share: float, stated: bool) -> None:
    found = quantile(np.arange(float(n)), share)
    assert (found.value is not None, found.n) == (stated, n)
    assert quantile(np.array([]), share).n == 0


def test_of_many_samples_its_interval_holds_the_truth_as_often_as_it_says() -> None:
    random = np.random.default_rng(20)
    for share, truth in ((0.1, -np.log(0.9)), (0.5, np.log(2.0)), (0.9, np.log(10.0))):
        held = 0
        for _ in range(1000):
            low, high = bounds(quantile(random.exponential(size=60), share))
            held += low <= truth <= high
        assert 935 <= held <= 995, (share, held)


@pytest.mark.parametrize(
    ("theirs", "expected"),
    [(5.0, Beside.LONGER), (6.0, Beside.UNCLEAR), (15.0, Beside.UNCLEAR), (16.0, Beside.SHORTER)],
)
def test_we_are_longer_or_shorter_only_with_the_whole_interval(theirs: float, expected: Beside) -> None:
    assert beside(quantile(np.arange(1.0, 21.0), 0.5), theirs) is expected
    assert beside(quantile(np.arange(5.0), 0.5), theirs) is Beside.TOO_LITTLE
