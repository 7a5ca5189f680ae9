"""The truth of a simulated company: what each measure would say if it knew everything."""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import islice
from typing import Final

import numpy as np

from candor_demo.fieldservice.company import Company
from candor_demo.fieldservice.params import Kind, Params, Team

COMPANIES: Final = 30
"""Companies with the same parameters and other seeds, from whose promises shares and lifts are counted."""
FIRST: Final = 1_000_000
"""The first of those seeds."""
MOST: Final = 90_000
"""Promises that are counted of all of them together."""


def biases(parts: dict[str, Team] | dict[str, Kind]) -> dict[str, float]:
    """The part by which each takes longer than the others on average, on the scale of logarithms."""
    logs = {name: math.log1p(one.bias) for name, one in parts.items()}
    total, others = sum(logs.values()), max(1, len(logs) - 1)
    return {name: math.expm1(value - (total - value) / others) for name, value in logs.items()}


class Population:
    """Counts over many promises of such a company: shares kept by maker, and with and without each factor.

    A promise is asked what would have become of it with a factor and without it, so that nothing else differs.
    """

    def __init__(self, params: Params, companies: int = COMPANIES) -> None:
        self.n = self._first = self._told = 0
        self._kept: dict[str, list[int]] = {}
        self._with = np.zeros((2, len(params.factors)))
        for seed in range(FIRST, FIRST + companies):
            company = Company(params, seed)
            for job in islice(company.jobs(), MOST // companies):
                if not company.fates.withdrawn(job):
                    self._count(job.maker, company.fates.kept(job))
                    days = company.fates.days(job)
                    self._first += days <= job.promised + params.tolerance_hours / 24
                    self._told += company.fates.told(job, days)
                    for at in range(len(params.factors)):
                        for there in (False, True):
                            has = (*job.has[:at], there, *job.has[at + 1 :])
                            self._with[int(there), at] += company.fates.kept(job, has)
        self._names = list(params.factors)

    def _count(self, maker: str, kept: bool) -> None:
        self.n += 1
        found = self._kept.setdefault(maker, [0, 0])
        found[0] += kept
        found[1] += 1

    def kept(self) -> dict[str, float]:
        """The share kept of each maker."""
        return {maker: kept / n for maker, (kept, n) in self._kept.items()}

    def first(self) -> float:
        """The share done by the first date."""
        return self._first / max(1, self.n)

    def told(self) -> float:
        """The share whose date the company moved."""
        return self._told / max(1, self.n)

    def lifts(self) -> dict[str, float]:
        """How many times as often each factor makes promises kept; infinite where none is kept without it."""
        without, having = self._with.tolist()
        return {
            name: one / other if other else math.inf
            for name, one, other in zip(self._names, having, without, strict=True)
        }


def opinion(weights: Iterable[float]) -> tuple[float, float]:
    """The share of the best rating, and the mean rating, of people with these weights of 1 to 5."""
    chances = np.array(list(weights)) / sum(weights)
    return float(chances[-1]), float(chances @ np.arange(1, 6))
