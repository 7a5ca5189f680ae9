"""What the record of a recorded stream is measured against: the running rate and lateness of each kind of decision."""

from __future__ import annotations

from typing import Final

import numpy as np

from risk_svc.forecast.evaluation import LEVELS

RENEWED: Final = 1.02
"""Quantiles are taken anew with every fiftieth more of what they rest on: sorted each time, streams would crawl."""


class Baseline:
    """The share late and the quantiles of lateness, as known so far; one for each kind of decision."""

    def __init__(self) -> None:
        self._due = self._late = 0
        self._lateness: list[float] = []
        self._renew_at = 1.0
        self._quantiles: tuple[float, float, float] | None = None

    @property
    def rate(self) -> float:
        """The share late of those due, by the rule of succession: .5 while none is (Laplace)."""
        return (self._late + 1) / (self._due + 2)

    def due(self, late: bool) -> None:
        """A promise came due."""
        self._due += 1
        self._late += late

    def completed(self, hours: float) -> None:
        """A promise was completed, so many hours after its due date (before it: negative)."""
        self._lateness.append(hours)

    def quantiles(self, left: float) -> tuple[float, float, float] | None:
        """P50, P80 and P90 of the hours to completion, `left` before the due date; None while none was completed."""
        if len(self._lateness) >= self._renew_at:
            self._renew_at = len(self._lateness) * RENEWED
            p50, p80, p90 = np.quantile(self._lateness, LEVELS).tolist()
            self._quantiles = (p50, p80, p90)
        if self._quantiles is None:
            return None
        p50, p80, p90 = (max(0.0, left + late) for late in self._quantiles)
        return p50, p80, p90
