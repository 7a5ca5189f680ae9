"""A piecewise-exponential survival network: the rate of completion over time relative to the deadline.

Every promise teaches at once: an open one that it is not completed yet, a settled one when it was (Friedman 1982).
Time is y = asinh((T − deadline) / unit), in 100 bins from −5 to 5; the deadline is the middle edge.
"""

from __future__ import annotations

from typing import Final, Generic, NamedTuple

import numpy as np
from numpy.typing import NDArray

from risk_svc.forecast.layout import F, Floats, Singles
from risk_svc.forecast.net import Net, outputs

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
_FIRST: Final = np.interp(KNOTS, [-2.6, -2.0, -1.4, -0.8, 0.0, 2.0], [-6.2, -4.2, -3.1, -2.3, -2.3, -3.0])
START: Final = np.concatenate([_FIRST, np.zeros(len(NEAR))])
"""An untrained expert's forecast: most complete within a yardstick or two of the date, a third after it."""
WIDE: Final = len(START)
AT_FIRST: Final = np.exp(HATS @ _FIRST)
"""The same as completions per bin."""
_BEFORE: Final = np.arange(float(BINS))
_AFTER: Final = _BEFORE + 1
_BEFORE_SINGLE, _AFTER_SINGLE = _BEFORE.astype(np.float32), _AFTER.astype(np.float32)
_APART: Final = NEAR[1] - NEAR[0]
_SPOTS: Final = (CENTRES - NEAR[0]) / _APART
_SPOTS_SINGLE = _SPOTS.astype(np.float32)
_SPREAD: Final = np.ascontiguousarray(HATS.T)
_HATS_SINGLE, _SPREAD_SINGLE = HATS.astype(np.float32), _SPREAD.astype(np.float32)


class Cells(NamedTuple, Generic[F]):
    """Bins of a batch: how long each was watched (in bins), and its position relative to the usual end.

    `left` is the index in the flat outputs of the knot before a bin, `part` how far the bin lies past it.
    """

    exposure: NDArray[F]
    left: NDArray[np.int64]
    part: NDArray[F]


class Watch(NamedTuple):
    """What a batch of `n` teaches, only in watched bins: `spots` of n · BINS; `ended` marks completion there."""

    n: int
    spots: NDArray[np.int64]
    cells: Cells[np.float32]
    ended: NDArray[np.int64]


def place(seconds: Floats, unit: Floats) -> Floats:
    """Seconds after the deadline (inf: not yet) to y."""
    return within(np.arcsinh(np.minimum(seconds, 1e15) / unit), -INSIDE, INSIDE)


def within(values: NDArray[F], low: float, high: float) -> NDArray[F]:
    """Values clamped to a range, in place; several times faster than numpy.clip on a single row."""
    np.maximum(values, low, out=values)
    np.minimum(values, high, out=values)
    return values


def cells(start: Floats, pace: Floats) -> Cells[np.float64]:
    """A batch from y `start` to the last edge, in every bin; `pace` is y of the usual end."""
    exposure = within(_AFTER - ((start + REACH) / BIN)[:, None], 0, 1)
    first = np.arange(len(KNOTS), WIDE * len(start), WIDE)
    return Cells(exposure, *_near(_SPOTS - (pace / _APART)[:, None], first[:, None]))


def spot_of(y: Floats) -> NDArray[np.int64]:
    """The bin of every y."""
    found: NDArray[np.int64] = np.minimum(((y + REACH) / BIN).astype(np.int64), BINS - 1)
    return found


def exposed(start: Floats, end: Floats) -> Floats:
    """How long every bin is watched from y `start` to y `end`, in bins, one row per moment."""
    found: Floats = np.minimum(((end + REACH) / BIN)[:, None], _AFTER)
    found -= np.maximum(((start + REACH) / BIN)[:, None], _BEFORE)
    return np.maximum(found, 0, out=found)


def watch(start: Singles, pace: Singles, end: Singles, done: NDArray[np.bool_]) -> Watch:
    """A batch watched from y `start` to y `end`: completed at `end` where `done`, else still open."""
    until = (end + REACH) / BIN
    exposure = np.minimum(until[:, None], _AFTER_SINGLE)
    exposure -= np.maximum(((start + REACH) / BIN)[:, None], _BEFORE_SINGLE)
    seen, which = exposure > 0, np.flatnonzero(done)
    ended = which * BINS + np.minimum(until[which].astype(np.int64), BINS - 1)
    seen.ravel()[ended] = True
    spots = np.flatnonzero(seen)
    row, column = np.divmod(spots, BINS)
    near = _near(_SPOTS_SINGLE.take(column) - (pace / np.float32(_APART)).take(row), row * WIDE + len(KNOTS))
    return Watch(len(start), spots, Cells(np.maximum(exposure.take(spots), 0), *near), ended)


def _near(spot: NDArray[F], first: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[F]]:
    """The knot before each spot, counted from `first`, and how far past it the spot lies."""
    before = np.floor(within(spot, 0, len(NEAR) - 1.001))
    spot -= before
    return before.astype(np.int64) + first, spot


def hazards(said: Floats, seen: Cells[np.float64]) -> Floats:
    """Cumulative hazard at every bin's edge over what `seen` covers, from a network's outputs."""
    found = np.zeros((len(said), BINS + 1))
    _spent(said, said[:, : len(KNOTS)] @ _SPREAD, seen).cumsum(axis=1, out=found[:, 1:])
    return found


class Survival:
    """One expert; the rows it is given decide how far back it looks."""

    def __init__(self, rate: float, decay: float, seed: int) -> None:
        self.net = Net(WIDE, START, rate, decay, seed)

    def learn(self, rows: Singles, seen: Watch, experience: float) -> None:
        """One step on a batch."""
        hidden, said = outputs(self.net.weights, rows)
        everywhere = (said[:, : len(KNOTS)] @ _SPREAD_SINGLE).take(seen.spots)
        slopes = np.zeros(seen.n * BINS, np.float32)
        slopes[seen.spots] = _spent(said, everywhere, seen.cells)
        slopes[seen.ended] -= 1
        slopes /= seen.n
        left, slope = seen.cells.left, slopes.take(seen.spots)
        after = slope * seen.cells.part
        slope -= after
        back = np.bincount(left, slope, said.size)
        back += np.bincount(left + 1, after, said.size)
        near = back.reshape(said.shape).astype(np.float32)
        near[:, : len(KNOTS)] = slopes.reshape(seen.n, BINS) @ _HATS_SINGLE
        self.net.step(rows, hidden, near, experience)


def _spent(said: NDArray[F], rates: NDArray[F], seen: Cells[F]) -> NDArray[F]:
    """Hazard in every bin: its rate times the time spent there; `rates` is the log rate but for the usual end."""
    low, high = said.take(seen.left), said.take(seen.left + 1)
    high -= low
    high *= seen.part
    low += high
    low += rates
    np.exp(within(low, LEAST, MOST), out=low)
    low *= seen.exposure
    return low


def p_late(hazard: Floats) -> Floats:
    """P(T > deadline) from the cumulative hazard."""
    return np.asarray(np.exp(-hazard[:, BINS // 2]), np.float64)


def hazard_at(hazard: Floats, y: Floats) -> Floats:
    """The cumulative hazard at y, row by row."""
    spot = (y + REACH) / BIN
    low = np.minimum(spot.astype(np.int64), BINS - 1)
    line = np.arange(len(hazard))
    before = hazard[line, low]
    return np.asarray(before + (hazard[line, low + 1] - before) * (spot - low), np.float64)


def quantiles(hazard: Floats, start: Floats, end: Floats, levels: Floats) -> Floats:
    """The y at each level, given completion by y `end`; a promise that never completes has no completion date."""
    whole = hazard_at(hazard, np.minimum(np.maximum(end, start + 0.01), INSIDE))
    goal = np.log1p(levels * np.expm1(-whole)[:, None])
    np.negative(goal, out=goal)
    right = np.count_nonzero(hazard[:, None, :] < goal[:, :, None], axis=2)
    np.minimum(np.maximum(right, 1, out=right), BINS, out=right)
    flat = right + np.arange(0, hazard.size, BINS + 1)[:, None]
    after, before = hazard.take(flat), hazard.take(flat - 1)
    goal -= before
    after -= before
    goal /= np.maximum(after, 1e-12, out=after)
    found: Floats = within(goal, 0, 1)
    found += right
    found *= BIN
    found -= REACH + BIN
    np.maximum(found, start[:, None], out=found)
    return found
