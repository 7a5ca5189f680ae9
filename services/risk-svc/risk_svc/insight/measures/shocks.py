"""Draws of which promises slip, where those that share an incident, crew, carrier or claim slip together.

A promise slips if √(1 − Σρ)·own + Σ √ρ·shared < Φ⁻¹(P(slip)), all of them standard normal: shared shocks leave each
P(slip) as it is and only make slips coincide (one-factor model, Vasicek 2002).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from risk_svc.insight.measures.figure import Floats, Ints

Singles = NDArray[np.float32]
ALONE: Final = -1
"""The group of a promise that shares nothing of a kind."""
BLOCK: Final = 128
"""Promises drawn at once: what they need stays in a processor's cache."""
NORMAL: Final[Singles] = ndtri((np.arange(1 << 16) + 0.5) / (1 << 16)).astype(np.float32)
"""Standard normal values, equally likely: looking one up costs a tenth of drawing one."""


class Shocks:
    """Draws slips of promises by their P(slip) in [0, 1]; memory is 4 bytes for each draw and group of two or more.

    `groups` has a column for each kind of shock: a number from 0, or ALONE. `loads` is ρ of each kind, summing to less
    than 1.
    """

    def __init__(self, p: Floats, groups: Ints, loads: Floats, draws: int, seed: int) -> None:
        if not (np.all(loads >= 0) and loads.sum() < 1):
            raise ValueError("loads must be 0 or more and sum to less than 1")
        self.draws = draws
        self._random = np.random.Generator(np.random.SFC64(seed))
        self._place = [_places(column) for column in groups.T]
        shared = np.stack([place != ALONE for place in self._place], axis=1) @ loads
        self._limit: Singles = ndtri(p).astype(np.float32)[:, None]
        self._own: Singles = np.sqrt(1 - shared).astype(np.float32)[:, None]
        self._shared = [
            self._normal(int(place.max(initial=0)) + 1) * np.float32(np.sqrt(load))
            for place, load in zip(self._place, loads, strict=True)
        ]

    def slips(self, begin: int, end: int) -> Singles:
        """For the promises from `begin` to before `end`, 1 in each draw in which they slip, else 0."""
        found = np.empty((end - begin, self.draws), np.float32)
        for first in range(begin, end, BLOCK):
            last = min(end, first + BLOCK)
            latent = self._normal(last - first)
            latent *= self._own[first:last]
            for place, shared in zip(self._place, self._shared, strict=True):
                group = place[first:last]
                some = np.flatnonzero(group != ALONE)
                if len(some) == last - first:
                    latent += shared[group]
                elif len(some):
                    latent[some] += shared[group[some]]
            np.less(latent, self._limit[first:last], out=found[first - begin : last - begin], casting="unsafe")
        return found

    def _normal(self, rows: int) -> Singles:
        words = self._random.integers(0, 1 << 64, (rows, (self.draws + 3) // 4), np.uint64)
        return NORMAL.take(words.view(np.uint16)[:, : self.draws], mode="clip")


def _places(column: Ints) -> Ints:
    """Groups numbered anew without those of one promise, which shares its shock with nobody."""
    found = np.full(len(column), ALONE, np.int64)
    some = np.flatnonzero(column != ALONE)
    _, group, many = np.unique(column[some], return_inverse=True, return_counts=True)
    anew = np.where(many > 1, np.cumsum(many > 1) - 1, ALONE)
    found[some] = anew[group]
    return found
