"""A figure says what it rests on, and is not stated from too little."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, t

from risk_svc.insight.measures.figure import LEAST, Figure, Unit, exact, mean, share, too_little
from tests.support.figures import bounds


@given(st.integers(LEAST, 5000), st.data())
def test_a_share_has_wilsons_interval(n: int, data: st.DataObject) -> None:
    hits = data.draw(st.integers(0, n))
    found = share(hits, n)
    other = binomtest(hits, n).proportion_ci(0.95, "wilson")
    assert found.value == hits / n
    assert bounds(found) == pytest.approx((other.low, other.high), abs=1e-4)
    assert (found.n, found.unit, found.level) == (n, Unit.SHARE, 0.95)


@given(st.lists(st.floats(-1e3, 1e3), min_size=LEAST, max_size=60), st.sampled_from([0.9, 0.95]))
def test_a_mean_has_students_interval(values: list[float], level: float) -> None:
    found = mean(np.array(values), Unit.DAYS, level)
    half = t.ppf((1 + level) / 2, len(values) - 1) * np.std(values, ddof=1) / len(values) ** 0.5
    assert found.value == pytest.approx(np.mean(values))
    low, high = bounds(found)
    assert (high - low) / 2 == pytest.approx(half, abs=1e-9)


@pytest.mark.parametrize("n", [0, 1, LEAST - 1])
def test_too_little_history_is_a_value_that_says_how_little(n: int) -> None:
    for found in (share(0, n), mean(np.ones(n), Unit.DAYS)):
        assert found.too_little_history
        assert (found.value, found.low, found.high, found.n) == (None, None, None, n)
    assert share(0, 0, least=0).too_little_history
    assert mean(np.ones(1), Unit.DAYS, least=0).too_little_history


@pytest.mark.parametrize(("low", "high", "sign"), [(0.1, 0.3, 1), (-0.3, -0.1, -1), (-0.1, 0.2, 0), (0.0, 0.2, 0)])
def test_a_sign_is_certain_where_the_interval_excludes_zero(low: float, high: float, sign: int) -> None:
    assert Figure(0.1, low, high, 30, Unit.PART).certain_sign == sign


def test_what_is_counted_has_no_interval() -> None:
    found = exact(3, 7, Unit.SCORE)
    assert found == Figure(3.0, None, None, 7, Unit.SCORE)
    assert not found.too_little_history
    assert found.certain_sign == too_little(3, Unit.PART).certain_sign == 0
