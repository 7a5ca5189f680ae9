"""The upper tail of simulated losses."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np

from risk_svc.insight.measures.figure import Floats

LEVEL: Final = 0.95
Z: Final = 1.96


class Tail(NamedTuple):
    """The 95 % quantile with its interval `low` to `high`, and the mean at or beyond it with `least` to `most`."""

    quantile: float
    low: float
    high: float
    shortfall: float
    least: float
    most: float


def tails(losses: Floats) -> list[Tail]:
    """The tail of each row of drawn losses, with 95 % intervals of the simulation, not of what it rests on.

    Quantile: order statistics. Shortfall: the variance of a mean beyond a quantile that is estimated (Manistre &
    Hancock 2005).
    """
    draws = losses.shape[1]
    ranked = np.sort(losses, axis=1)
    place, off = math.ceil(LEVEL * draws) - 1, Z * math.sqrt(draws * LEVEL * (1 - LEVEL))
    low, high = max(0, math.floor(place - off)), min(draws - 1, math.ceil(place + off))
    beyond = ranked[:, place:]
    shortfall, quantile = beyond.mean(axis=1), ranked[:, place]
    half = Z * np.sqrt((beyond.var(axis=1) + LEVEL * (shortfall - quantile) ** 2) / beyond.shape[1])
    columns = (
        quantile,
        ranked[:, low],
        ranked[:, high],
        shortfall,
        np.maximum(0.0, shortfall - half),
        shortfall + half,
    )
    return [Tail(*row) for row in np.stack(columns, axis=1).tolist()]
