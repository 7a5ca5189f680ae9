"""The forecast of one moment in plain floats because numpy's call overhead exceeds the computation."""

from __future__ import annotations

import math
from bisect import bisect_left
from typing import Final

import numpy as np
from numpy.typing import NDArray

from risk_svc.forecast import survival
from risk_svc.forecast.intervals import LEVELS, STATED
from risk_svc.forecast.mixture import MIN_SHARE
from risk_svc.forecast.model import Model
from risk_svc.forecast.survival import BIN, BINS, INSIDE, REACH, WIDE

_LEVELS: Final[list[float]] = LEVELS.tolist()
_STATED: Final[list[float]] = STATED.tolist()


def forecast_one(
    model: Model, row: NDArray[np.float16], start: float, end: float, group: int
) -> tuple[float, list[float]]:
    """P(late) and the stated quantiles (y) of one raw row; equals `Model.forecast` of one row, up to rounding."""
    said = model.networks().outputs(model.layout.scaled(row[None]))
    seen = survival.cells(np.array([start, start]), row[[0, 0]].astype(np.float64))
    hazards: list[list[float]] = survival.hazards(said[:, :-1].reshape(2, WIDE), seen).tolist()
    usual: list[float] = model.reference.hazard_of(group, start)
    direct = min(max(float(said[0, -1]), -30.0), 30.0)
    late = [*(math.exp(-hazard[BINS // 2]) for hazard in hazards), 1 / (1 + math.exp(-direct))]
    late.append(float(model.reference.shares[group]))
    odds = sum(w * _log_odds(p) for w, p in zip(model.shares.weights[group].tolist(), late, strict=True))
    p = 1.0 if start >= 0 else 1 / (1 + math.exp(-min(max(odds, -30.0), 30.0)))
    left, part = (one.tolist() for one in model.intervals.spots(group))
    weights = model.curves.weights[group].tolist()
    curves = [
        (weight, hazard, _ended(hazard, start, end)) for weight, hazard in zip(weights, [*hazards, usual], strict=True)
    ]
    told = []
    for level, past in zip(left, part, strict=True):
        low = high = 0.0
        for weight, hazard, ended in curves:
            low += weight * max(_quantile(hazard, _LEVELS[level] * ended), start)
            high += weight * max(_quantile(hazard, _LEVELS[level + 1] * ended), start)
        told.append(low + past * (high - low))
    coming = sum(weight * ended for weight, _, ended in curves)
    sides = ((min if 1 - p > stated * coming else max)(y, 0.0) for y, stated in zip(sorted(told), _STATED, strict=True))
    return p, [max(y, start) for y in sides]


def _ended(hazard: list[float], start: float, end: float) -> float:
    """P(completed by y `end`)."""
    spot = (min(max(end, start + 0.01), INSIDE) + REACH) / BIN
    low = min(int(spot), BINS - 1)
    return -math.expm1(-(hazard[low] + (hazard[low + 1] - hazard[low]) * (spot - low)))


def _quantile(hazard: list[float], share: float) -> float:
    """The y by which a share has completed."""
    goal = -math.log1p(-share)
    right = min(max(bisect_left(hazard, goal), 1), BINS)
    before = hazard[right - 1]
    part = min(max((goal - before) / max(hazard[right] - before, 1e-12), 0.0), 1.0)
    return (right + part) * BIN - (REACH + BIN)


def _log_odds(share: float) -> float:
    safe = min(max(share, MIN_SHARE), 1 - MIN_SHARE)
    return math.log(safe / (1 - safe))
