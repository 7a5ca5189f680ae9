"""Measures of forecasts: against plain formulas, whatever the order, and seeded."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk_svc.forecast.accuracy import Floats, calibration_error, pinball, skill_interval

tenths = st.lists(st.tuples(st.integers(0, 10), st.integers(0, 1)), min_size=1, max_size=80)


def both(pairs: list[tuple[float, int]]) -> tuple[Floats, Floats]:
    return np.array([p for p, _ in pairs], float), np.array([outcome for _, outcome in pairs], float)


def test_calibration_error_is_the_plain_formula_where_no_two_forecasts_are_equal() -> None:
    draw = random.Random(7)
    pairs = sorted((draw.random(), int(draw.random() < 0.3)) for _ in range(103))
    parts = [pairs[at] for at in (slice(0, 11), slice(11, 22), slice(22, 33))]
    parts += [pairs[33 + 10 * n : 43 + 10 * n] for n in range(7)]
    expected = sum(abs(sum(p for p, _ in part) - sum(late for _, late in part)) for part in parts) / 103
    draw.shuffle(pairs)
    assert calibration_error(*both(pairs)) == pytest.approx(expected)


def test_one_forecast_for_all_is_judged_by_the_mean_alone() -> None:
    assert calibration_error(*both([(0.25, int(n % 4 == 0)) for n in range(100)])) == pytest.approx(0.0)
    assert calibration_error(*both([(0.25, int(n >= 50)) for n in range(100)])) == pytest.approx(0.25)


@given(tenths, st.randoms(use_true_random=False))
def test_calibration_error_is_a_share_and_the_order_does_not_matter(
    pairs: list[tuple[int, int]], chance: random.Random
) -> None:
    found = calibration_error(*both([(p / 10, late) for p, late in pairs]))
    assert 0.0 <= found <= 1.0
    chance.shuffle(pairs)
    assert calibration_error(*both([(p / 10, late) for p, late in pairs])) == pytest.approx(found)


@given(tenths)
def test_certain_and_right_is_calibrated(pairs: list[tuple[int, int]]) -> None:
    outcome = np.array([late for _, late in pairs], float)
    assert calibration_error(outcome, outcome) == 0.0


@given(st.lists(st.floats(0, 1e4), min_size=1, max_size=40), st.sampled_from([0.5, 0.8, 0.9]))
def test_no_constant_has_less_pinball_loss_than_the_empirical_quantile(hours: list[float], level: float) -> None:
    took = np.array(hours)
    best = np.sort(took)[min(len(took) - 1, int(np.ceil(level * len(took))) - 1)]
    least = pinball(took, np.full_like(took, best), level)
    for other in (*hours, best + 1, max(0.0, best - 1)):
        assert pinball(took, np.full_like(took, other), level) >= least - 1e-9 * (1 + least)


def test_the_interval_holds_the_skill_is_seeded_and_counts_promises_not_forecasts() -> None:
    draw = np.random.default_rng(3)
    base = draw.random(300)
    loss = base * draw.uniform(0.5, 1.1, 300)
    alone = skill_interval(np.arange(300.0), loss, base)
    again = skill_interval(np.arange(300.0), loss, base)
    assert alone is not None
    assert alone == again
    assert alone[0] < 1 - loss.sum() / base.sum() < alone[1]
    # The same forecasts, ten to a promise that fare alike: a tenth of the evidence, a wider interval.
    order = np.argsort(loss / base)
    together = skill_interval(np.arange(300.0) // 10, loss[order], base[order])
    assert together is not None
    assert together[1] - together[0] > 1.5 * (alone[1] - alone[0])


def test_there_is_no_interval_of_one_promise_or_of_a_yardstick_that_was_never_wrong() -> None:
    ones = np.ones(5)
    assert skill_interval(np.zeros(5), ones, ones) is None
    assert skill_interval(np.arange(5.0), ones, 0 * ones) is None
