"""Experts mixed by their own past loss, with forgetting (Cesa-Bianchi & Lugosi 2006), per kind of moment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
SUDDEN: Final = 4
"""How suddenly patience ends: pauses of half of it, as between two batches of answers, change nearly nothing."""
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
        self.last = np.zeros(groups)
        """When a kind's newest losses were counted, in epoch seconds."""
        self.sharpness, self.doubt = np.array(sharpness), np.array(doubt)
        self.refresh(0.0, np.full(groups, np.inf))

    def learn(self, group: NDArray[np.int64], losses: Floats, at: float) -> None:
        """Counts the losses of moments known `at`, one row each, overall and in their own group."""
        self.last[group] = at
        memory = np.minimum(MEMORY, YOUNG + self.answers / 3)
        for expert, loss in enumerate(losses.T):
            n, total = counts(group, loss, len(self.n))
            self.loss[:, expert] = self.loss[:, expert] * np.exp(-n / memory) + total
        self.n = self.n * np.exp(-n / memory) + n
        self.answers += n

    def refresh(self, now: float, patience: Floats) -> None:
        """Recomputes the weights of every group as of `now`, each in [FLOOR, 1] and summing to 1.

        After `patience` seconds without an answer a group's past losses count half, and half of the doubt has returned:
        what was learnt of a term may not hold in the next one.
        """
        quiet = np.where(self.answers > 0, now - self.last, 0.0)
        kept = 0.5 ** ((quiet / patience) ** SUDDEN)
        usual = self.loss[EVERY] / max(self.n[EVERY], 1.0)
        mean = (self.loss + SHARED * usual) / (self.n + SHARED)[:, None]
        regret = (mean - mean.min(axis=1, keepdims=True)) * (kept * (self.n + 1))[:, None]
        doubt = np.maximum(DOUBT_FADES / (DOUBT_FADES + self.answers[EVERY]), 1 - kept)
        weight = np.exp(-self.sharpness * regret - np.outer(doubt, self.doubt))
        weight /= weight.sum(axis=1, keepdims=True)
        self.weights: Floats = FLOOR + (1 - FLOOR * weight.shape[1]) * weight

    def counted(self) -> tuple[Floats, ...]:
        """All counts, to be stored."""
        return self.loss, self.n, self.answers, self.last

    def restore(self, counted: Iterable[Floats]) -> None:
        """Restores stored counts."""
        self.loss, self.n, self.answers, self.last = counted


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
