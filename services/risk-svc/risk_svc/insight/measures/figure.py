"""A figure with what it rests on: its number of cases, its interval and its unit."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from risk_svc.forecast.spans import wilson

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
LEAST: Final = 20
"""Fewer cases are too little history: nothing is stated but their number."""


class Unit(StrEnum):
    """The unit of a figure."""

    SHARE = "share"
    """0 to 1."""
    PART = "part"
    """A difference as a part of what was promised or of a scale: .2 is 20 % more."""
    RATIO = "ratio"
    """How many times as much; 1 is equal."""
    DAYS = "days"
    SCORE = "score"
    """Points of a gap, 0 to 100."""
    MONEY = "money"
    """The currency that rates convert to."""
    NUMBER = "number"


class Figure(NamedTuple):
    """`value` in `unit` from `n` cases with its interval, which covers with probability `level`.

    No value: too little history. No interval: the figure is counted or computed, not estimated. `open` of the n are
    open and overdue.
    """

    value: float | None
    low: float | None
    high: float | None
    n: int
    unit: Unit
    level: float = 0.95
    open: int = 0

    @property
    def too_little_history(self) -> bool:
        """Whether there are too few cases to state it."""
        return self.value is None

    @property
    def certain_sign(self) -> int:
        """The sign that the whole interval has: 1, -1, or 0 where it includes 0 or there is none."""
        if self.low is None or self.high is None:
            return 0
        return int(self.low > 0) - int(self.high < 0)


def too_little(n: int, unit: Unit, level: float = 0.95) -> Figure:
    """A figure that is not stated, as `n` cases are too few."""
    return Figure(None, None, None, n, unit, level)


def exact(value: float, n: int, unit: Unit) -> Figure:
    """A figure that was counted or computed from `n` cases, so that it has no interval."""
    return Figure(float(value), None, None, n, unit)


def share(hits: int, n: int, least: int = LEAST) -> Figure:
    """The share of `hits` among `n` with its 95 % interval (Wilson 1927)."""
    if n < max(1, least):
        return too_little(n, Unit.SHARE)
    low, high = wilson(hits / n, n)
    return Figure(hits / n, low, high, n, Unit.SHARE)


def mean(values: Floats, unit: Unit, level: float = 0.95, least: int = LEAST) -> Figure:
    """The mean of values, with Student's interval."""
    n = len(values)
    if n < max(2, least):
        return too_little(n, unit, level)
    return mean_of(n, float(values.mean()), float(values.std(ddof=1)), unit, level, least)


def mean_of(
    n: int, middle: float | None, deviation: float | None, unit: Unit, level: float = 0.95, least: int = LEAST
) -> Figure:
    """The same of n values whose mean and sample standard deviation are known."""
    if n < max(2, least) or middle is None or deviation is None:
        return too_little(n, unit, level)
    half = float(stdtrit(n - 1, (1 + level) / 2)) * deviation / n**0.5
    return Figure(middle, middle - half, middle + half, n, unit, level)
