"""Keeps stated intervals at their stated coverage by moving each level to match recent coverage.

Two loops: the raw quantiles' recent coverage moves the level at once, and the remaining error is integrated slowly
(adaptive conformal inference, Gibbs & Candès 2021). A quantile is judged at the time it names, when each promise with
that forecast has either completed or not; judging at completion would see early ones first.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from risk_svc.forecast.layout import Floats
from risk_svc.forecast.mixture import EVERY, counts, log_odds

STATED: Final = np.array([0.5, 0.8, 0.9])
LEVELS: Final = np.array([0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.93, 0.96, 0.98])
"""Levels at which the experts are read; interpolation between them is linear in the log-odds of the level."""
AT: Final = np.array([2, 6, 8])
MEMORY: Final = 2000.0
SHARED: Final = 300.0
GAIN: Final = 0.0005 * 0.05
MOST: Final = 0.5
TOGETHER: Final = 0.05
"""How much what is judged at the same boundary is alike: n of them say as much as n / (1 + .05 (n − 1)) one by one."""
_SPOTS: Final = log_odds(LEVELS)
_GOALS: Final = log_odds(STATED)


class Intervals:
    """Shifts of the three stated levels, in log-odds, by kind of moment; row 0 is for all kinds."""

    def __init__(self, groups: int) -> None:
        self.hits = np.zeros((groups, 3))
        self.n = np.zeros((groups, 3))
        self.drift = np.zeros((groups, 3))
        self.refresh()

    def raw(self, column: int, group: NDArray[np.int64], hit: Floats, coming: Floats) -> None:
        """Counts whether raw quantiles covered the outcome; `coming` is P(completed at all)."""
        n, hits = counts(group, hit, len(self.n))
        _, came = counts(group, coming, len(self.n))
        worth = 1 / (1 + TOGETHER * np.maximum(n - 1, 0))
        fade = np.exp(-n * worth / MEMORY)
        fade[EVERY] = np.exp(-n[EVERY] * worth[EVERY] / (2 * MEMORY))
        self.hits[:, column] = self.hits[:, column] * fade + hits * worth
        self.n[:, column] = self.n[:, column] * fade + came * worth

    def told(self, column: int, group: NDArray[np.int64], hit: Floats, coming: Floats) -> None:
        """Integrates the error of the quantiles that were stated."""
        level = STATED[column]
        _, missing = counts(group, level * coming - hit, len(self.n))
        self.drift[:, column] += GAIN / (level * (1 - level)) * missing
        self.drift[:, column] = np.clip(self.drift[:, column], -MOST, MOST)

    def refresh(self) -> None:
        """Recomputes the shift in log-odds of each stated level for every group."""
        every = np.clip((self.hits[EVERY] + SHARED * STATED) / (self.n[EVERY] + SHARED), 0.02, 0.99)
        own = (self.hits + SHARED * every) / (self.n + SHARED)
        moved = _GOALS - log_odds(np.clip(own, 0.02, 0.99))
        self.shifts: Floats = moved + (self.drift[EVERY] + self.drift) / 2
        spot = _GOALS + self.shifts
        self._left = np.minimum(np.maximum(np.searchsorted(_SPOTS, spot) - 1, 0), len(_SPOTS) - 2)
        low, high = _SPOTS[self._left], _SPOTS[self._left + 1]
        self._part = np.minimum(np.maximum((spot - low) / (high - low), -1.0), 3.0)

    def spots(self, group: NDArray[np.int64] | int) -> tuple[NDArray[np.int64], Floats]:
        """Where each moment's shifted levels lie among LEVELS: the level before, and how far past it."""
        return self._left[group], self._part[group]


def read(quantiles: Floats, left: NDArray[np.int64], part: Floats) -> Floats:
    """The three stated quantiles, read from those at LEVELS at the shifted levels of `spots`; they never cross."""
    flat = left + np.arange(0, quantiles.size, len(LEVELS))[:, None]
    low = quantiles.take(flat)
    found = quantiles.take(flat + 1)
    found -= low
    found *= part
    found += low
    found.sort(axis=1)
    return found


def beside(told: Floats, p_late: Floats, coming: Floats) -> Floats:
    """The stated quantiles (y), each moved to the side of the deadline (y = 0) that P(late) implies.

    Otherwise one forecast could state 98 % to be kept in time but fewer than 80 % to be done by the deadline. They are
    of those that complete, whose share is `coming`; those that never do are late.
    """
    in_time = 1 - p_late[:, None] > STATED * coming[:, None]
    return np.asarray(np.where(in_time, np.minimum(told, 0.0), np.maximum(told, 0.0)), np.float64)
