"""Rows of which only the least is known: what they stand for, and the fit that they bring about."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.stats import norm, truncnorm

from risk_svc.insight.measures.censored import working
from risk_svc.insight.measures.figure import Floats
from risk_svc.insight.measures.two_way import NONE, Rows, TwoWay, place

values = st.floats(-8, 8)


def test_a_case_by_hand() -> None:
    # At the mean: α 0, λ = √(2/π) = .798. Weight λ² = 2/π, value σ/λ = √(π/2) σ; the excess is σ²(1 − λ²).
    found = working(np.array([3.0]), np.array([3.0]), 2.0)
    assert found.weight[0] == pytest.approx(2 / np.pi)
    assert found.y[0] == pytest.approx(3 + 2 * np.sqrt(np.pi / 2))
    assert found.excess[0] == pytest.approx(4 * (1 - 2 / np.pi))


@given(values, values, st.floats(0.05, 5))
def test_weight_times_distance_is_how_far_beyond_its_mean_lies(least: float, mean: float, deviation: float) -> None:
    found = working(np.array([least]), np.array([mean]), deviation)
    alpha = (least - mean) / deviation
    beyond = deviation * float(truncnorm.mean(alpha, np.inf))
    assert found.weight[0] * (found.y[0] - mean) == pytest.approx(beyond, rel=1e-4, abs=1e-9)
    assert 0 <= found.weight[0] <= 1
    squares = found.weight[0] * (found.y[0] - mean) ** 2 - found.excess[0]
    assert squares == pytest.approx(beyond**2, rel=1e-4, abs=1e-9)


@pytest.mark.parametrize("far", [-1e9, -50.0, 50.0, 1e9])
def test_what_lies_far_off_is_finite(far: float) -> None:
    found = working(np.array([far]), np.array([0.0]), 1.0)
    assert all(np.isfinite(column).all() for column in found)
    assert found.weight[0] == pytest.approx(float(far > 0), abs=1e-3)


def test_the_fit_is_the_likeliest_of_a_censored_sample() -> None:
    random = np.random.default_rng(7)
    y = random.normal(1.0, 0.6, 400)
    above = y > 1.2
    known = np.minimum(y, 1.2)
    nobody = np.full(400, NONE)
    model = TwoWay(Rows(known, np.zeros(400, np.int64), nobody, nobody))
    place(model, known, above)
    mean, deviation = model.fit(1.0, 1.0)

    def unlikely(at: Floats) -> float:
        there = norm(at[0], np.exp(at[1]))
        return -float(there.logpdf(known[~above]).sum() + there.logsf(known[above]).sum())

    best = minimize(unlikely, [0.5, 0.0], method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-8}).x
    assert mean[0] == pytest.approx(best[0], abs=1e-3)
    # One degree less is left for one mean, which the mean hardly feels.
    assert deviation == pytest.approx(np.exp(best[1]), rel=5e-3)
    assert known.mean() < mean[0] - 0.1
