"""The baseline for a backtest: the running share late and lateness quantiles of each kind of decision."""

from __future__ import annotations

from typing import Final

import numpy as np

from risk_svc.forecast.evaluation import LEVELS

RENEWED: Final = 1.02
"""Quantiles are recomputed after their sample grows by 2 %: sorting on every completion would be too slow."""


class Baseline:
    """The share late and the lateness quantiles known so far, for one kind of decision."""

    def __init__(self) -> None:
        self._due = self._late = 0
        self._lateness: list[float] = []
        self._renew_at = 1.0
        self._quantiles: tuple[float, float, float] | None = None

    @property
    def rate(self) -> float:
        """The share late of promises that came due, by Laplace's rule of succession: .5 while none has."""
        return (self._late + 1) / (self._due + 2)

    def due(self, late: bool) -> None:
        """Count a promise that came due."""
        self._due += 1
        self._late += late

    def completed(self, hours: float) -> None:
        """Count a promise completed `hours` after its due date (negative: before it)."""
        self._lateness.append(hours)

    def quantiles(self, left: float) -> tuple[float, float, float] | None:
        """P50, P80 and P90 of the hours to completion, `left` hours before the due date; None before any completed."""
        if len(self._lateness) >= self._renew_at:
            self._renew_at = len(self._lateness) * RENEWED
            p50, p80, p90 = np.quantile(self._lateness, LEVELS).tolist()
            self._quantiles = (p50, p80, p90)
        if self._quantiles is None:
            return None
        p50, p80, p90 = (max(0.0, left + late) for late in self._quantiles)
        return p50, p80, p90
