"""Experts mixed by their own past loss, with forgetting (Cesa-Bianchi & Lugosi 2006), per kind of moment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from risk_svc.forecast.layout import Floats
from risk_svc.forecast.net import logistic

MEMORY: Final = 10_000.0
"""Number of moments after which a loss counts a third."""
YOUNG: Final = 200.0
"""The initial memory, which grows by a third of the answers: early losses of untrained experts say little."""
SHARED: Final = 200.0
"""How many moments of one kind weigh as much as all kinds together."""
FLOOR: Final = 0.03
"""The minimum weight of an expert: one that is wrong now may be right after the next shift."""
DOUBT_FADES: Final = 1000.0
"""Number of answers after which an expert's initial doubt is halved."""
MIN_SHARE: Final = 1e-4
EVERY: Final = 0
"""The row for all kinds of moment together."""


class Mixture:
    """Weights of the experts for each of `groups` kinds of moment; row 0 is for all of them.

    `sharpness` is how much an expert's log weight falls per unit of loss above the best expert's; `doubt` is how far it
    starts below the others: a flexible expert is not trusted before it has done better.
    """

    def __init__(self, groups: int, sharpness: Sequence[float], doubt: Sequence[float]) -> None:
        self.loss = np.zeros((groups, len(doubt)))
        self.n, self.answers = np.zeros(groups), np.zeros(groups)
        self.sharpness, self.doubt = np.array(sharpness), np.array(doubt)
        self.refresh()

    def learn(self, group: NDArray[np.int64], losses: Floats) -> None:
        """Counts the losses of moments, one row each, overall and in their own group."""
        memory = np.minimum(MEMORY, YOUNG + self.answers / 3)
        for expert, loss in enumerate(losses.T):
            n, total = counts(group, loss, len(self.n))
            self.loss[:, expert] = self.loss[:, expert] * np.exp(-n / memory) + total
        self.n = self.n * np.exp(-n / memory) + n
        self.answers += n

    def refresh(self) -> None:
        """Recomputes the weights of every group, each in [FLOOR, 1] and summing to 1."""
        usual = self.loss[EVERY] / max(self.n[EVERY], 1.0)
        mean = (self.loss + SHARED * usual) / (self.n + SHARED)[:, None]
        regret = (mean - mean.min(axis=1, keepdims=True)) * (self.n + 1)[:, None]
        doubt = self.doubt * DOUBT_FADES / (DOUBT_FADES + self.answers[EVERY])
        weight = np.exp(-self.sharpness * regret - doubt)
        weight /= weight.sum(axis=1, keepdims=True)
        self.weights: Floats = FLOOR + (1 - FLOOR * weight.shape[1]) * weight


def counts(group: NDArray[np.int64], values: Floats, groups: int) -> tuple[Floats, Floats]:
    """The number of values in each group and their sum; row 0 is for all groups."""
    n = np.bincount(group, minlength=groups).astype(np.float64)
    total = np.bincount(group, values, groups).astype(np.float64)
    n[EVERY], total[EVERY] = len(group), values.sum()
    return n, total


def pooled(shares: Floats, weights: Floats) -> Floats:
    """Probabilities of the experts pooled by log-odds, one row per moment."""
    return logistic((log_odds(shares) * weights).sum(axis=1))


def log_odds(share: Floats) -> Floats:
    """Log-odds of shares clamped to [1e-4, 1 − 1e-4]."""
    safe = np.minimum(np.maximum(share, MIN_SHARE), 1 - MIN_SHARE)
    return np.asarray(np.log(safe / (1 - safe)), np.float64)
