"""Accuracy measures of forecasts against outcomes, over columns of equal length."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
BINS: Final = 10
DRAWS: Final = 200
SEED: Final = 20180301


def calibration_error(p: Floats, outcome: Floats) -> float:
    """Expected calibration error in [0, 1]: the mean of |forecast − outcome| over ten bins of equally many forecasts.

    Equal forecasts share their mean outcome, so the order of the input does not matter (Naeini et al. 2015).
    """
    order = np.argsort(p, kind="stable")
    _, first, many = np.unique(p[order], return_index=True, return_counts=True)
    shared = np.repeat(np.add.reduceat(outcome[order], first) / many, many)
    apart = p[order] - shared
    return float(sum(abs(part.sum()) for part in np.array_split(apart, BINS)) / len(p))


def pinball(hours: Floats, stated: Floats, level: float) -> float:
    """Mean quantile loss in hours of a stated quantile against the actual hours (Koenker & Bassett 1978)."""
    error = hours - stated
    return float(np.maximum(level * error, (level - 1) * error).mean())


def skill_interval(promise: Floats, loss: Floats, base_loss: Floats) -> tuple[float, float] | None:
    """95 % interval of 1 − Σ loss / Σ base loss, by paired bootstrap over promises; None for fewer than two.

    Forecasts of one promise are correlated: drawing them one by one would give too narrow an interval.
    """
    _, number = np.unique(promise, return_inverse=True)
    losses, base_losses = np.bincount(number, loss), np.bincount(number, base_loss)
    if len(losses) < 2 or base_losses.sum() <= 0:
        return None
    draw = np.random.default_rng(SEED)
    found = []
    for _ in range(DRAWS):
        drawn = draw.integers(0, len(losses), len(losses))
        total = base_losses[drawn].sum()
        if total > 0:
            found.append(1 - losses[drawn].sum() / total)
    if not found:
        return None
    low, high = np.percentile(found, [2.5, 97.5])
    return float(low), float(high)
