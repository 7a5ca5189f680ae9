"""A small network, one hidden layer beside a linear one, by Adam (Kingma & Ba 2015) with averaged weights."""

from __future__ import annotations

from typing import Final

import numpy as np

from risk_svc.domain.forecast.online.layout import WIDTH, Floats

HIDDEN: Final = 32
BATCH: Final = 64
FIRST, SECOND = 0.9, 0.999
SLOWEST: Final = 0.3
"""The learning rate falls with the square root of experience, but never below this share: the world drifts."""
SETTLED: Final = 20_000.0
AVERAGING: Final = 0.002


class Net:
    """Weights under training, and their running average, which alone forecasts."""

    def __init__(self, outputs: int, start: Floats, rate: float, decay: float, seed: int) -> None:
        random = np.random.default_rng(seed)
        self.weights: list[Floats] = [
            random.normal(0, WIDTH**-0.5, (WIDTH, HIDDEN)),
            np.zeros(HIDDEN),
            random.normal(0, 0.1 * HIDDEN**-0.5, (HIDDEN, outputs)),
            np.zeros((WIDTH, outputs)),
            start.astype(np.float64).copy(),
        ]
        self.average = [one.copy() for one in self.weights]
        self.first = [np.zeros_like(one) for one in self.weights]
        self.second = [np.zeros_like(one) for one in self.weights]
        self.steps = 0
        self.rate, self.decay = rate, decay

    def outputs(self, rows: Floats, weights: list[Floats] | None = None) -> tuple[Floats, Floats]:
        """Hidden layer and outputs of scaled rows, by the averaged weights unless others are given."""
        inner, bias, outer, direct, start = self.average if weights is None else weights
        hidden = np.tanh(rows @ inner + bias)
        return hidden, hidden @ outer + rows @ direct + start

    def step(self, rows: Floats, hidden: Floats, slope: Floats, experience: float) -> None:
        """One descent: `slope` is the mean loss's derivative by the outputs; `experience` counts rows met so far."""
        back = (slope @ self.weights[2].T) * (1 - hidden * hidden)
        slopes = (rows.T @ back, back.sum(axis=0), hidden.T @ slope, rows.T @ slope, slope.sum(axis=0))
        self.steps += 1
        rate = self.rate * max(SLOWEST, (1 + experience / SETTLED) ** -0.5)
        size = rate * (1 - SECOND**self.steps) ** 0.5 / (1 - FIRST**self.steps)
        pull = max(1 / (self.steps + 1), AVERAGING)
        for place, one in enumerate(slopes):
            weight, first, second = self.weights[place], self.first[place], self.second[place]
            first += (1 - FIRST) * (one - first)
            second += (1 - SECOND) * (one * one - second)
            if weight.ndim > 1:
                weight *= 1 - rate * self.decay
            weight -= size * first / (np.sqrt(second) + 1e-8)
            self.average[place] += pull * (weight - self.average[place])


def dropped(rows: Floats, share: float, random: np.random.Generator) -> Floats:
    """Rows with a random share of entries left out and the rest scaled up (dropout, Srivastava et al. 2014)."""
    return np.asarray(rows * (random.random(rows.shape) > share) / (1 - share), np.float64)


def logistic(value: Floats) -> Floats:
    """1 / (1 + e^−x), safe for large values."""
    return np.asarray(1 / (1 + np.exp(-np.minimum(np.maximum(value, -30), 30))), np.float64)
