"""A small network, one hidden layer beside a linear one, trained by Adam (Kingma & Ba 2015) with averaged weights."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from risk_svc.forecast.layout import WIDTH, F, Floats, Singles

HIDDEN: Final = 32
SMALLEST, LARGEST = 48, 128
GROWING: Final = 100.0
"""Batches grow by one row for every this many rows seen: early on, many small steps are needed."""
FIRST, SECOND = 0.9, 0.999
SLOWEST: Final = 0.3
"""The learning rate falls with the square root of experience, but not below this share because the world drifts."""
SETTLED: Final = 20_000.0
AVERAGING: Final = 0.004
RECENT: Final = 10.0
"""How much more the newest steps count in a young average (Shamir & Zhang 2013); a plain mean lags by half its age."""
OUTER: Final = slice(1, 1 + HIDDEN)
COLUMNS: Final = 1 + HIDDEN


class Net:
    """Weights under training and their running average, which alone makes forecasts; single precision for speed.

    All weights are one table, so a step is a few passes over it. Its rows are the constants, one per hidden unit and
    one per input column; its columns are one per hidden unit and one per output.
    """

    def __init__(self, outputs: int, start: Floats, rate: float, decay: float, seed: int) -> None:
        random = np.random.default_rng(seed)
        self.weights: Singles = np.zeros((COLUMNS + WIDTH, HIDDEN + outputs), np.float32)
        self.weights[COLUMNS:, :HIDDEN] = random.normal(0, WIDTH**-0.5, (WIDTH, HIDDEN))
        self.weights[OUTER, HIDDEN:] = random.normal(0, 0.1 * HIDDEN**-0.5, (HIDDEN, outputs))
        self.weights[0, HIDDEN:] = start
        self.average = self.weights.copy()
        self.first = np.zeros_like(self.weights)
        self.second = np.zeros_like(self.weights)
        self.steps = 0
        self.rate, self.decay = rate, decay

    def step(self, rows: Singles, hidden: Singles, slope: Singles, experience: float) -> None:
        """One descent step: `slope` is the mean loss's derivative by the outputs; `experience` counts rows seen so far.

        Rows may be narrower than WIDTH: columns not in use yet stay unchanged.
        """
        used = slice(0, COLUMNS + rows.shape[1])
        weights, first, second, average = (one[used] for one in (self.weights, self.first, self.second, self.average))
        back = np.concatenate([(slope @ weights[OUTER, HIDDEN:].T) * (1 - hidden * hidden), slope], axis=1)
        slopes = np.zeros_like(weights)
        np.matmul(rows.T, back, out=slopes[COLUMNS:])
        slopes[OUTER, HIDDEN:] = hidden.T @ slope
        back.sum(axis=0, out=slopes[0])
        self.steps += 1
        rate = self.rate * max(SLOWEST, (1 + experience / SETTLED) ** -0.5)
        size = rate * (1 - SECOND**self.steps) ** 0.5 / (1 - FIRST**self.steps)
        moved = slopes - first
        moved *= 1 - FIRST
        first += moved
        slopes *= slopes
        slopes -= second
        slopes *= 1 - SECOND
        second += slopes
        np.sqrt(second, out=slopes)
        slopes += 1e-8
        np.multiply(first, size, out=moved)
        moved /= slopes
        weights[1:] *= 1 - rate * self.decay
        weights -= moved
        np.subtract(weights, average, out=moved)
        moved *= max(RECENT / (self.steps + RECENT), AVERAGING)
        average += moved


def outputs(weights: NDArray[F], rows: NDArray[F]) -> tuple[NDArray[F], NDArray[F]]:
    """Hidden layer and outputs of scaled rows, which may be narrower than WIDTH."""
    front = rows @ weights[COLUMNS : COLUMNS + rows.shape[1]]
    front += weights[0]
    hidden = np.tanh(front[:, :HIDDEN])
    return hidden, front[:, HIDDEN:] + hidden @ weights[OUTER, HIDDEN:]


class Stack:
    """Several networks' averages stacked as one, so that a single row costs two small multiplications."""

    def __init__(self, nets: list[Net]) -> None:
        self.steps = [net.steps for net in nets]
        tables = [net.average.astype(np.float64) for net in nets]
        front = np.concatenate([one[:, :HIDDEN] for one in tables] + [one[:, HIDDEN:] for one in tables], axis=1)
        self.front, self.constants = np.ascontiguousarray(front[COLUMNS:]), front[0]
        self.hidden, column = HIDDEN * len(nets), 0
        self.outer = np.zeros((self.hidden, front.shape[1] - self.hidden))
        for line, one in zip(range(0, self.hidden, HIDDEN), tables, strict=True):
            width = one.shape[1] - HIDDEN
            self.outer[line : line + HIDDEN, column : column + width] = one[OUTER, HIDDEN:]
            column += width

    def outputs(self, rows: Floats) -> Floats:
        """Outputs of scaled rows, network after network."""
        front = rows @ self.front[: rows.shape[1]]
        front += self.constants
        found: Floats = np.tanh(front[:, : self.hidden]) @ self.outer
        found += front[:, self.hidden :]
        return found


def dropped(rows: Singles, share: float, random: np.random.Generator) -> Singles:
    """Rows with a random share of entries dropped and the rest scaled up (dropout, Srivastava et al. 2014)."""
    left_out = round(share * 256)
    rows *= random.integers(0, 256, rows.shape, np.uint8) >= left_out
    rows *= 256 / (256 - left_out)
    return rows


def logistic(value: NDArray[F]) -> NDArray[F]:
    """1 / (1 + e^−x), safe for large values."""
    return np.asarray(1 / (1 + np.exp(-np.minimum(np.maximum(value, -30), 30))), value.dtype)
