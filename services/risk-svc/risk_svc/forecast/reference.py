"""The simplest expert: the outcomes of similar moments (*reference class*, Kahneman & Tversky 1979)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from risk_svc.forecast.context import BASE_SHRINK
from risk_svc.forecast.layout import Floats
from risk_svc.forecast.mixture import EVERY, counts
from risk_svc.forecast.survival import AT_FIRST, BIN, BINS, REACH, exposed, hazard_at, spot_of

MEMORY: Final = 1000.0
"""Number of answers after which an answer counts a third: an old share misleads."""
SHRINK: Final = 20.0
"""How many answers of one kind of moment weigh as much as all kinds together."""
LAPLACE: Final = 8.0
"""Answers that weigh as much as the first guess, half late: the two of Laplace's rule, of four moments each."""
SURE: Final = 30.0
"""Cumulative hazard that leaves practically nothing and is still numerically safe."""


class Reference:
    """The share late or cancelled, and when the others were done, by kind of moment; row 0 is for all kinds.

    It knows only the kind of moment. `shares` is P(late) and `lost` P(cancelled), in [0, 1); `done` is the cumulative
    hazard of completion at every edge of `survival` among those not cancelled: completions in a bin divided by the time
    that it was watched (occurrence/exposure rates).
    """

    def __init__(self, groups: int) -> None:
        self.late, self.n = np.zeros(groups), np.zeros(groups)
        self.gone, self.ends = np.zeros(groups), np.zeros(groups)
        self.ended, self.watched = np.zeros((groups, BINS)), np.zeros((groups, BINS))
        self.refresh()

    def learn(self, group: NDArray[np.int64], late: NDArray[np.bool_]) -> None:
        """Counts answers: late or kept."""
        n, found = counts(group, late.astype(np.float64), len(self.n))
        fade = np.exp(-n / MEMORY)
        self.late, self.n = self.late * fade + found, self.n * fade + n

    def end(self, group: NDArray[np.int64], gone: NDArray[np.bool_]) -> None:
        """Counts which were cancelled."""
        n, found = counts(group, gone.astype(np.float64), len(self.n))
        fade = np.exp(-n / MEMORY)
        self.gone, self.ends = self.gone * fade + found, self.ends * fade + n

    def watch(self, group: NDArray[np.int64], start: Floats, end: Floats, done: NDArray[np.bool_]) -> None:
        """Counts moments watched from y `start` to y `end`: completed at `end` where `done`, else not by then."""
        fade = np.exp(-np.bincount(group[done], minlength=len(self.n)) / MEMORY)
        fade[EVERY] = np.exp(-np.count_nonzero(done) / MEMORY)
        self.ended *= fade[:, None]
        self.watched *= fade[:, None]
        time, bins = exposed(start, end), spot_of(end[done])
        np.add.at(self.watched, group, time)
        self.watched[EVERY] += time.sum(axis=0)
        np.add.at(self.ended, (group[done], bins), 1.0)
        np.add.at(self.ended[EVERY], bins, 1.0)

    def refresh(self) -> None:
        """Recomputes the forecasts of every group."""
        late = (self.late[EVERY] + LAPLACE / 2) / (self.n[EVERY] + LAPLACE)
        self.shares: Floats = (self.late + SHRINK * late) / (self.n + SHRINK)
        gone = self.gone[EVERY] / (self.ends[EVERY] + BASE_SHRINK)
        self.lost: Floats = (self.gone + SHRINK * gone) / (self.ends + SHRINK)
        usual = (self.ended[EVERY] + BASE_SHRINK * AT_FIRST) / (self.watched[EVERY] + BASE_SHRINK)
        self.done = np.zeros((len(self.n), BINS + 1))
        np.cumsum((self.ended + SHRINK * usual) / (self.watched + SHRINK), axis=1, out=self.done[:, 1:])

    def hazard(self, group: NDArray[np.int64], start: Floats) -> Floats:
        """Cumulative hazard at every bin's edge from y `start` on; cancelled counts as never completed."""
        whole = self.done[group]
        since = np.clip(whole - hazard_at(whole, start)[:, None], 0, SURE)
        return np.asarray(-np.log1p((1 - self.lost[group])[:, None] * np.expm1(-since)), np.float64)

    def hazard_of(self, group: int, start: float) -> list[float]:
        """`hazard` of one moment, without the calls that only many are worth."""
        whole = self.done[group]
        spot = (start + REACH) / BIN
        low = min(int(spot), BINS - 1)
        before = float(whole[low])
        since = whole - (before + (float(whole[low + 1]) - before) * (spot - low))
        np.expm1(-np.minimum(np.maximum(since, 0, out=since), SURE, out=since), out=since)
        since *= 1 - self.lost[group]
        found: list[float] = (-np.log1p(since, out=since)).tolist()
        return found

    def never(self, group: NDArray[np.int64], start: Floats, end: Floats) -> Floats:
        """P(not completed by y `end`) of moments at y `start`, among those not cancelled."""
        whole = self.done[group]
        since = hazard_at(whole, end) - hazard_at(whole, start)
        return np.asarray(np.exp(-np.clip(since, 0, SURE)), np.float64)

    def counted(self) -> tuple[Floats, ...]:
        """All counts, to be stored."""
        return self.late, self.n, self.gone, self.ends, self.ended, self.watched

    def restore(self, counted: Iterable[Floats]) -> None:
        """Restores stored counts."""
        self.late, self.n, self.gone, self.ends, self.ended, self.watched = counted
