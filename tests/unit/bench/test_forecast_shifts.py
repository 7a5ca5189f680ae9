"""The weeks after the largest shift of a stream."""

from __future__ import annotations

import numpy as np
import pytest

from bench.forecast_streams.cases import Cases
from bench.forecast_streams.shifts import WEEK_S, largest
from risk_svc.forecast.evaluation import Columns

A_WEEK = 200


def stream(late: list[float], said: list[float]) -> Cases:
    """200 decisions in each week: the share late and the share forecast to be; nan for a week without any."""
    weeks = [(week, one, other) for week, (one, other) in enumerate(zip(late, said, strict=True)) if one == one]
    at = np.concatenate([week * WEEK_S + np.arange(A_WEEK) for week, _, _ in weeks])
    n = len(at)
    outcome = np.concatenate([np.arange(A_WEEK) < share * A_WEEK for _, share, _ in weeks]).astype(np.float64)
    return Cases(
        table=Columns(
            promise=np.arange(n, dtype=np.float64),
            p=np.repeat([said for _, _, said in weeks], A_WEEK),
            base=np.full(n, 0.5),
            outcome=outcome,
            hours=np.full(n, np.nan),
            told=np.zeros((n, 3)),
            base_told=np.zeros((n, 3)),
        ),
        at=at,
        kind=np.full(n, "made"),
        quarter=np.full(n, "2026 Q1"),
        dev=np.zeros(n, bool),
    )


def test_the_largest_shift_is_found_and_followed_from_the_third_week_on() -> None:
    late = [0.1] * 10 + [0.2] * 10 + [0.6] * 12
    said = [0.1] * 10 + [0.2] * 12 + [0.62] * 10

    found = largest(stream(late, said))

    assert found is not None
    assert found.at == 20 * WEEK_S
    assert found.moved == pytest.approx(0.4)
    assert found.late == pytest.approx(0.6)
    assert found.base == 0.5
    assert found.n == 7 * A_WEEK
    assert found.followed


def test_forecasts_that_lag_behind_miss_the_mark() -> None:
    found = largest(stream([0.1] * 10 + [0.6] * 12, [0.1] * 14 + [0.6] * 8))

    assert found is not None
    # Two of the seven weeks still said .1.
    assert found.said == pytest.approx((2 * 0.1 + 5 * 0.6) / 7)
    assert not found.followed


def test_weeks_without_decisions_do_not_count() -> None:
    nothing = float("nan")

    found = largest(stream([0.1] * 10 + [nothing] * 5 + [0.6] * 12, [0.1] * 15 + [0.6] * 12))

    assert found is not None
    assert (found.at, found.n) == (15 * WEEK_S, 7 * A_WEEK)


def test_a_stream_that_is_too_short_has_none() -> None:
    assert largest(stream([0.1, 0.9], [0.1, 0.9])) is None
