"""The plainest expert: what share of like moments was late (*reference class*, Kahneman & Tversky 1979)."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from risk_svc.domain.forecast.online.context import BASE, BASE_SHRINK
from risk_svc.domain.forecast.online.layout import Floats
from risk_svc.domain.forecast.online.mix import EVERY, counts

MEMORY: Final = 1000.0
"""Answers after which one counts a third: an old share misleads."""
SHRINK: Final = 20.0
"""How many answers of a kind of moment's own weigh as much as what all kinds together show."""


class Reference:
    """Share late by kind of moment, with forgetting; row 0 stands for all. It learns nothing but answers."""

    def __init__(self, groups: int) -> None:
        self.late, self.n = np.zeros(groups), np.zeros(groups)
        self.refresh()

    def learn(self, group: NDArray[np.int64], late: Floats) -> None:
        """Counts answers (1 late, 0 kept)."""
        n, found = counts(group, late, len(self.n))
        fade = np.exp(-n / MEMORY)
        self.late, self.n = self.late * fade + found, self.n * fade + n

    def refresh(self) -> None:
        """Works the shares out anew, in (0, 1), for every group."""
        every = (self.late[EVERY] + BASE_SHRINK * BASE) / (self.n[EVERY] + BASE_SHRINK)
        self.shares: Floats = (self.late + SHRINK * every) / (self.n + SHRINK)
