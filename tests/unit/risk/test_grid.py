"""The grid of delays: its inverse, its mass and its quantiles."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk_svc.domain.forecast import grid

seconds = st.floats(-1e8, 1e8)
masses = st.lists(st.floats(0, 1), min_size=grid.BINS, max_size=grid.BINS)


def cumulative(*positions: float) -> grid.Floats:
    """One row whose mass lies evenly in the bins of these positions."""
    share = np.zeros(grid.BINS)
    for place in positions:
        share[int(place)] += 1 / len(positions)
    return np.concatenate([[0.0], np.cumsum(share)])[None]


@given(seconds)
def test_a_delay_comes_back_from_its_position(delay: float) -> None:
    back = grid.delay(grid.position(np.array([delay])))[0]
    assert back == pytest.approx(delay, rel=1e-6, abs=1e-3)


@given(seconds, seconds)
def test_later_delays_have_later_positions(one: float, other: float) -> None:
    places = grid.position(np.array([min(one, other), max(one, other)]))
    assert places[0] <= places[1]


def test_what_lies_outside_is_at_the_edge() -> None:
    assert grid.position(np.array([-1e12, 1e12])).tolist() == [0.0, float(grid.BINS)]


def test_it_is_fine_near_zero_and_coarse_far_away() -> None:
    edges = grid.delay(np.arange(grid.BINS + 1, dtype=np.float64))
    widths = np.diff(edges)
    assert widths[grid.REACH] < 10.0
    assert edges[-1] > 4 * 365 * 86400 / 2
    assert np.all(widths > 0)


@given(st.floats(0, grid.BINS), st.floats(0, grid.BINS))
def test_mass_below_grows_with_the_position(one: float, other: float) -> None:
    rows = np.repeat(cumulative(50.5, 100.5, 101.5), 2, axis=0)
    low, high = grid.below(rows, np.array([min(one, other), max(one, other)]))
    assert 0.0 <= low <= high <= 1.0 + 1e-12


@given(st.floats(0.01, 0.99))
def test_a_quantile_has_that_mass_below_it(share: float) -> None:
    rows = cumulative(40.5, 90.5, 150.5, 151.5)
    place = grid.quantile(rows, np.array([share]))
    assert grid.below(rows, place)[0] == pytest.approx(share, abs=1e-9)


def test_a_quantile_beyond_the_completed_mass_is_never() -> None:
    half = cumulative(40.5) * 0.5
    places = grid.quantile(np.repeat(half, 3, axis=0), np.array([0.2, 0.49, 0.51]))
    assert np.isinf(places).tolist() == [False, False, True]
