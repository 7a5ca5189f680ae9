"""Experts mixed by their own past loss, with forgetting (Cesa-Bianchi & Lugosi 2006), per kind of moment."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from risk_svc.domain.forecast.online.layout import Floats
from risk_svc.domain.forecast.online.net import logistic

MEMORY: Final = 10_000.0
"""Moments after which a loss counts a third."""
SHARED: Final = 200.0
"""How many moments of its own weigh as much as what all kinds together show."""
FLOOR: Final = 0.05
"""No expert falls below this weight: the one that is wrong now may be right after the next shift."""
LEAST_SHARE: Final = 1e-4
EVERY: Final = 0
"""The row of all kinds of moment together."""


class Mix:
    """Weights of `experts` for each of `groups` kinds of moment; row 0 stands for all of them."""

    def __init__(self, experts: int, groups: int, sharpness: float) -> None:
        self.loss = np.zeros((groups, experts))
        self.n = np.zeros(groups)
        self.sharpness = sharpness
        self.refresh()

    def learn(self, group: NDArray[np.int64], losses: Floats) -> None:
        """Counts the losses of moments, one row each, in all and in their own group."""
        for expert, loss in enumerate(losses.T):
            n, total = counts(group, loss, len(self.n))
            self.loss[:, expert] = self.loss[:, expert] * np.exp(-n / MEMORY) + total
        self.n = self.n * np.exp(-n / MEMORY) + n

    def refresh(self) -> None:
        """Works out the weights anew, in [FLOOR, 1] and summing to 1, for every group."""
        usual = self.loss[EVERY] / max(self.n[EVERY], 1.0)
        mean = (self.loss + SHARED * usual) / (self.n + SHARED)[:, None]
        regret = (mean - mean.min(axis=1, keepdims=True)) * (self.n + 1)[:, None]
        weight = np.exp(-self.sharpness * regret)
        weight /= weight.sum(axis=1, keepdims=True)
        self.weights: Floats = FLOOR + (1 - FLOOR * weight.shape[1]) * weight


def counts(group: NDArray[np.int64], values: Floats, groups: int) -> tuple[Floats, Floats]:
    """How many values each group has, and their sum; row 0 stands for all of them."""
    n = np.bincount(group, minlength=groups).astype(np.float64)
    total = np.bincount(group, values, groups).astype(np.float64)
    n[EVERY], total[EVERY] = len(group), values.sum()
    return n, total


def pooled(shares: Floats, weights: Floats) -> Floats:
    """Probabilities of the experts pooled by log-odds, a row a moment."""
    return logistic((log_odds(shares) * weights).sum(axis=1))


def log_odds(share: Floats) -> Floats:
    """Log-odds, with shares kept within [1e-4, 1 − 1e-4]."""
    safe = np.minimum(np.maximum(share, LEAST_SHARE), 1 - LEAST_SHARE)
    return np.asarray(np.log(safe / (1 - safe)), np.float64)
