"""A piecewise-exponential survival network: the rate of completion over the time relative to the deadline.

Every promise teaches at once: an open one that it has not completed yet, a settled one when it did (Friedman 1982).
Time is y = asinh((T − deadline) / unit), in 100 bins from −5 to 5; the deadline is the edge in the middle.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from risk_svc.domain.forecast.online.layout import Floats
from risk_svc.domain.forecast.online.net import Net

REACH: Final = 5.0
INSIDE: Final = 4.999
BIN: Final = 0.1
BINS: Final = 100
EDGES: Final = np.linspace(-REACH, REACH, BINS + 1)
CENTRES: Final = (EDGES[:-1] + EDGES[1:]) / 2
KNOTS: Final = np.concatenate([[-5, -4, -3.2], np.arange(-2.6, 2.61, 0.3), [3.2, 4, 5]])
HATS: Final = np.stack([np.interp(CENTRES, KNOTS, hat) for hat in np.eye(len(KNOTS))], axis=1)
NEAR: Final = np.arange(-2.7, 2.71, 0.45)
"""Knots relative to when the promise would end at the usual pace."""
LEAST, MOST = -9.0, 3.5
START: Final = np.concatenate([np.full(len(KNOTS), -2.5), np.zeros(len(NEAR))])


class Cells(NamedTuple):
    """A batch laid over the bins: where time is spent, and where each bin lies relative to the usual end."""

    exposure: Floats
    left: NDArray[np.int64]
    part: Floats


def place(seconds: Floats, unit: Floats) -> Floats:
    """Seconds after the deadline (inf: not yet) to y."""
    return within(np.arcsinh(np.minimum(seconds, 1e15) / unit), -INSIDE, INSIDE)


def within(values: Floats, low: float, high: float) -> Floats:
    """Values cut to a range; several times faster than numpy.clip on a single row."""
    return np.asarray(np.minimum(np.maximum(values, low), high), np.float64)


def cells(start: Floats, end: Floats, pace: Floats) -> Cells:
    """A batch watched from y `start` to y `end`; `pace` is y of the usual end."""
    since, until = (start[:, None] - EDGES[:-1]) / BIN, (end[:, None] - EDGES[:-1]) / BIN
    spot = within((CENTRES - pace[:, None] - NEAR[0]) / (NEAR[1] - NEAR[0]), 0, len(NEAR) - 1.001)
    left = spot.astype(np.int64)
    return Cells(np.maximum(within(until, 0, 1) - within(since, 0, 1), 0), left, spot - left)


class Survival:
    """One expert; how far back it looks is decided by which rows it is given."""

    def __init__(self, rate: float, decay: float, seed: int) -> None:
        self.net = Net(len(START), START, rate, decay, seed)

    def hazard(self, rows: Floats, seen: Cells) -> Floats:
        """Cumulative hazard at every bin's edge over what `seen` covers."""
        _, outputs = self.net.outputs(rows)
        found = np.zeros((len(rows), BINS + 1))
        np.cumsum(np.exp(_rates(outputs, seen)) * seen.exposure, axis=1, out=found[:, 1:])
        return found

    def learn(self, rows: Floats, seen: Cells, end: Floats, done: NDArray[np.bool_], experience: float) -> None:
        """One step on a batch: completed at y `end` where `done`, else still open then."""
        hidden, outputs = self.net.outputs(rows, self.net.weights)
        slope = np.exp(_rates(outputs, seen)) * seen.exposure
        which = np.flatnonzero(done)
        slope[which, np.minimum(((end[which] + REACH) / BIN).astype(np.int64), BINS - 1)] -= 1
        slope /= len(rows)
        n, width = len(rows), len(NEAR)
        spots = (np.arange(n)[:, None] * width + seen.left).ravel()
        near = np.bincount(spots, (slope * (1 - seen.part)).ravel(), n * width)
        near += np.bincount(spots + 1, (slope * seen.part).ravel(), n * width)
        self.net.step(rows, hidden, np.concatenate([slope @ HATS, near.reshape(n, width)], axis=1), experience)


def _rates(outputs: Floats, seen: Cells) -> Floats:
    """Log hazard of every bin."""
    near, line = outputs[:, len(KNOTS) :], np.arange(len(outputs))[:, None]
    low = near[line, seen.left]
    rates = outputs[:, : len(KNOTS)] @ HATS.T + low + seen.part * (near[line, seen.left + 1] - low)
    return within(rates, LEAST, MOST)


def p_late(hazard: Floats) -> Floats:
    """P(T > deadline) from the cumulative hazard."""
    return np.asarray(np.exp(-hazard[:, BINS // 2]), np.float64)


def hazard_at(hazard: Floats, y: Floats) -> Floats:
    """The cumulative hazard at y, row by row."""
    line, spot = np.arange(len(hazard)), (y + REACH) / BIN
    low = np.minimum(spot.astype(np.int64), BINS - 1)
    return np.asarray(hazard[line, low] + (hazard[line, low + 1] - hazard[line, low]) * (spot - low), np.float64)


def quantiles(hazard: Floats, start: Floats, end: Floats, levels: Floats) -> Floats:
    """y at each level, given completion by y `end`; a promise that never completes has no completion date."""
    line = np.arange(len(hazard))
    whole = hazard_at(hazard, np.minimum(np.maximum(end, start + 0.01), INSIDE))
    goal = -np.log1p(levels * np.expm1(-whole)[:, None])
    right = within(np.sum(hazard[:, None, :] < goal[:, :, None], axis=2), 1, BINS).astype(np.int64)
    before, after = hazard[line[:, None], right - 1], hazard[line[:, None], right]
    part = within((goal - before) / np.maximum(after - before, 1e-12), 0, 1)
    return np.maximum(EDGES[right - 1] + BIN * part, start[:, None])
