"""Shared shocks: promises slip together exactly as much as the model says, and those of nobody else alone."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

from risk_svc.insight.measures.figure import Floats, Ints
from risk_svc.insight.measures.shocks import ALONE, BLOCK, Shocks

DRAWS = 40_000


def together(p: list[float], groups: Ints, loads: Floats) -> float:
    """How often the first and the last promise slip in the same draw."""
    slips = Shocks(np.array(p), groups, loads, DRAWS, seed=9).slips(0, len(p))
    return float((slips[0] * slips[-1]).mean())


@pytest.mark.parametrize(("first", "second"), [(0.1, 0.1), (0.1, 0.4), (0.5, 0.9)])
def test_two_that_share_a_shock_slip_together_as_two_normal_values_do(first: float, second: float) -> None:
    groups, loads = np.array([[0, 1], [0, ALONE]]), np.array([0.4, 0.2])
    limits = norm.ppf([first, second])
    expected = multivariate_normal.cdf(limits, cov=[[1, 0.4], [0.4, 1]])
    assert together([first, second], groups, loads) == pytest.approx(expected, abs=0.012)
    both = np.array([[0, 1], [0, 1]])
    expected = multivariate_normal.cdf(limits, cov=[[1, 0.6], [0.6, 1]])
    assert together([first, second], both, loads) == pytest.approx(expected, abs=0.012)


def test_two_of_different_groups_slip_independently() -> None:
    groups = np.array([[0], [0], [1], [1]])
    assert together([0.3] * 4, groups, np.array([0.4])) == pytest.approx(0.09, abs=0.008)


def test_a_shock_reaches_all_blocks_of_promises() -> None:
    n = 2 * BLOCK + 1
    expected = multivariate_normal.cdf(norm.ppf([0.2, 0.2]), cov=[[1, 0.4], [0.4, 1]])
    assert together([0.2] * n, np.zeros((n, 1), np.int64), np.array([0.4])) == pytest.approx(expected, abs=0.012)


def test_what_never_or_always_slips_does_so_whatever_is_shared() -> None:
    slips = Shocks(np.array([0.0, 1.0]), np.zeros((2, 1), np.int64), np.array([0.5]), 101, seed=1).slips(0, 2)
    assert slips.tolist() == [[0.0] * 101, [1.0] * 101]


def test_a_group_of_one_shares_nothing_and_keeps_no_draws() -> None:
    shocks = Shocks(np.full(1000, 0.1), np.arange(1000)[:, None], np.array([0.4]), 100, seed=1)
    assert [shared.shape for shared in shocks._shared] == [(1, 100)]
