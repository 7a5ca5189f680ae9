"""The plainest expert: what became of like moments (*reference class*, Kahneman & Tversky 1979)."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from risk_svc.domain.forecast.online.context import BASE, BASE_SHRINK
from risk_svc.domain.forecast.online.layout import Floats
from risk_svc.domain.forecast.online.mix import EVERY, counts
from risk_svc.domain.forecast.online.survival import AT_FIRST, BINS, exposed, spot_of

MEMORY: Final = 1000.0
"""Answers after which one counts a third: an old share misleads."""
SHRINK: Final = 20.0
"""How many answers of a kind of moment's own weigh as much as what all kinds together show."""


class Reference:
    """Share late, and rate of completion over the time, by kind of moment and with forgetting; row 0 stands for all.

    It knows nothing of a promise but which moment it is. `shares` are P(late) in (0, 1); `rates` completions a bin that
    was watched (an occurrence/exposure rate), in the bins of `survival`.
    """

    def __init__(self, groups: int) -> None:
        self.late, self.n = np.zeros(groups), np.zeros(groups)
        self.ended, self.watched = np.zeros((groups, BINS)), np.zeros((groups, BINS))
        self.refresh()

    def learn(self, group: NDArray[np.int64], late: Floats) -> None:
        """Counts answers (1 late, 0 kept)."""
        n, found = counts(group, late, len(self.n))
        fade = np.exp(-n / MEMORY)
        self.late, self.n = self.late * fade + found, self.n * fade + n

    def watch(self, group: NDArray[np.int64], start: Floats, end: Floats, done: NDArray[np.bool_]) -> None:
        """Counts moments watched from y `start` to y `end`: completed then where `done`, else not by then."""
        fade = np.exp(-np.bincount(group, minlength=len(self.n)) / MEMORY)
        fade[EVERY] = np.exp(-len(group) / MEMORY)
        self.ended *= fade[:, None]
        self.watched *= fade[:, None]
        time = exposed(start, end)
        np.add.at(self.watched, group, time)
        self.watched[EVERY] += time.sum(axis=0)
        bins = spot_of(end[done])
        np.add.at(self.ended, (group[done], bins), 1.0)
        np.add.at(self.ended[EVERY], bins, 1.0)

    def counts(self) -> tuple[Floats, ...]:
        """All that it has counted."""
        return self.late, self.n, self.ended, self.watched

    def restore(self, late: Floats, n: Floats, ended: Floats, watched: Floats) -> None:
        """Goes on from what was counted."""
        self.late, self.n, self.ended, self.watched = late, n, ended, watched

    def refresh(self) -> None:
        """Works shares and rates out anew, for every group."""
        every = (self.late[EVERY] + BASE_SHRINK * BASE) / (self.n[EVERY] + BASE_SHRINK)
        self.shares: Floats = (self.late + SHRINK * every) / (self.n + SHRINK)
        usual = (self.ended[EVERY] + BASE_SHRINK * AT_FIRST) / (self.watched[EVERY] + BASE_SHRINK)
        self.rates: Floats = (self.ended + SHRINK * usual) / (self.watched + SHRINK)
