"""The published model: what forecasts. It changes only when a version is published."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from risk_svc.domain.forecast.online import intervals, survival
from risk_svc.domain.forecast.online.context import Context
from risk_svc.domain.forecast.online.direct import Direct
from risk_svc.domain.forecast.online.features import PROJECTED
from risk_svc.domain.forecast.online.intervals import AT, LEVELS, Intervals
from risk_svc.domain.forecast.online.layout import Floats, Layout
from risk_svc.domain.forecast.online.mix import Mix, pooled
from risk_svc.domain.forecast.online.survival import Survival

GROUPS: Final = 64
"""Kinds of moment told apart in weights and intervals; later ones share the last."""
PACE: Final = f"{PROJECTED}|usual"
HORIZON: Final = 2.0
"""Quantiles are of completion within this many lead times after the deadline; later counts as never."""


class Answer(NamedTuple):
    """Forecasts of moments: P(late), the stated and raw quantiles (y), and each expert's own words.

    `hazard` is the cumulative hazard of the survival experts at every bin's edge.
    """

    p: Floats
    told: Floats
    raw: Floats
    shares: Floats
    own: Floats
    hazard: Floats


class Model:
    """Reference classes, experts, weights and intervals of one version."""

    def __init__(self) -> None:
        self.version = 0
        self.context = Context()
        self.layout = Layout()
        self.layout.columns[PACE] = 0
        self.long = Survival(rate=1e-3, decay=0.1, seed=0)
        self.short = Survival(rate=1e-3, decay=0.3, seed=5)
        self.direct = Direct(rate=5e-4, decay=0.5, seed=1)
        self.shares = Mix(3, GROUPS, sharpness=0.05)
        self.curves = Mix(2, GROUPS, sharpness=0.2)
        self.intervals = Intervals(GROUPS)
        self.groups: dict[str, int] = {}

    def group(self, kind: str, what: str) -> int:
        """The number of a kind of moment as this version knows it; the last one if it is new."""
        return self.groups.get(f"{kind} {what}", GROUPS - 1)

    def refresh(self) -> None:
        """Works out weights and shifts anew."""
        self.shares.refresh()
        self.curves.refresh()
        self.intervals.refresh()

    def forecast(self, rows: NDArray[np.float16], start: Floats, end: Floats, group: NDArray[np.int64]) -> Answer:
        """Forecasts of raw rows; `start` is y of now, `end` y of the horizon."""
        scaled = self.layout.scaled(rows)
        seen = survival.cells(start, np.full(len(start), survival.REACH), rows[:, 0].astype(np.float64))
        hazard = np.concatenate([self.long.hazard(scaled, seen), self.short.hazard(scaled, seen)])
        late, n = survival.p_late(hazard), len(rows)
        shares = np.stack([late[:n], late[n:], self.direct.p_late(scaled)], axis=1)
        both = survival.quantiles(hazard, np.tile(start, 2), np.tile(end, 2), LEVELS)
        curves = both[:n], both[n:]
        weight = self.curves.weights[group]
        curve = curves[0] * weight[:, :1] + curves[1] * weight[:, 1:]
        told = intervals.read(curve, self.intervals.shifts[group])
        return Answer(
            p=pooled(shares, self.shares.weights[group]),
            told=np.maximum(told, start[:, None]),
            raw=curve[:, AT],
            shares=shares,
            own=np.stack([one[:, AT] for one in curves], axis=1),
            hazard=np.stack([hazard[:n], hazard[n:]], axis=1),
        )
