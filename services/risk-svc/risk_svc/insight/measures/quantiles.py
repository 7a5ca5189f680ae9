"""Quantiles of how long something took, with intervals that assume nothing of its distribution."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from scipy.special import bdtr

from risk_svc.insight.measures.figure import LEAST, Figure, Floats, Unit, too_little

LEVEL = 0.95


class Beside(StrEnum):
    """Our usual time beside what is stated of somebody else."""

    LONGER = "longer"
    SHORTER = "shorter"
    UNCLEAR = "unclear"
    TOO_LITTLE = "too_little_history"


def quantile(values: Floats, share: float) -> Figure:
    """The quantile of durations in days below which `share` of them lie, with its 95 % interval.

    The interval is between two of the values in order, by the binomial distribution (Thompson 1936); with fewer than 20
    values, or too few for such an interval, it is too little history.
    """
    n = len(values)
    below = bdtr(np.arange(n + 1), n, share)
    low, high = (int(one) for one in np.searchsorted(below, [(1 - LEVEL) / 2, (1 + LEVEL) / 2]))
    # The quantile lies between the low-th and the (high + 1)-th smallest value.
    if n < LEAST or low < 1 or high + 1 > n:
        return too_little(n, Unit.DAYS)
    ordered = np.sort(values)
    middle = float(np.quantile(ordered, share))
    return Figure(middle, float(ordered[low - 1]), float(ordered[high]), n, Unit.DAYS)


def beside(ours: Figure, theirs: float) -> Beside:
    """Whether we take longer or shorter than stated, where our whole interval says so; both in days."""
    if ours.low is None or ours.high is None:
        return Beside.TOO_LITTLE
    if ours.low > theirs:
        return Beside.LONGER
    return Beside.SHORTER if ours.high < theirs else Beside.UNCLEAR
