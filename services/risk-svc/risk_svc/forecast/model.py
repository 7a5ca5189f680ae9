"""The published model that makes forecasts. It changes only when a version is published."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from risk_svc.forecast import intervals, survival
from risk_svc.forecast.context import Context
from risk_svc.forecast.direct import Direct
from risk_svc.forecast.features import PROJECTED
from risk_svc.forecast.intervals import LEVELS, Intervals
from risk_svc.forecast.layout import Floats, Layout
from risk_svc.forecast.mixture import Mixture, pooled
from risk_svc.forecast.net import Net, Stack, logistic
from risk_svc.forecast.record import Record
from risk_svc.forecast.reference import Reference
from risk_svc.forecast.similar import SimilarPromises
from risk_svc.forecast.stated import beside_chance
from risk_svc.forecast.survival import WIDE, Survival

GROUPS: Final = 64
"""Kinds of moment with their own weights and intervals; later ones share the last."""
Group = tuple[str, str]
"""A kind of moment: a promise type and which moment of the promise's life."""
PACE: Final = f"{PROJECTED}|usual"
PAUSE: Final = 7 * 86_400.0
"""How much longer than its usual lead, in seconds, a type may be without an answer: holidays end, terms change."""
DOUBT: Final = 6.0
"""How far the networks' log weights start below the reference class's: they do worse than it at first."""


class Answer(NamedTuple):
    """Forecasts of moments: P(late), quantiles of those that complete (`told`, y) and the forecasts of each expert.

    `said` are the quantiles of all, as people are told them, and `never` is P(never); both agree with P(late).
    `shares` is P(late) by every expert. For the survival experts and the reference class, `curves` is y at every level
    and `hazard` the cumulative hazard at every bin's edge; `curve` is y at every level of their mixture.
    """

    p: Floats
    told: Floats
    said: Floats
    never: Floats
    shares: Floats
    curve: Floats
    curves: Floats
    hazard: Floats


class Model:
    """Reference classes, experts, weights and intervals of one version."""

    def __init__(self) -> None:
        self.version = 0
        self.context = Context()
        self.likes = SimilarPromises(self.context)
        self.layout = Layout()
        self.layout.columns[PACE] = 0
        self.long = Survival(rate=2e-3, decay=0.1, seed=0)
        self.short = Survival(rate=2e-3, decay=0.3, seed=5)
        self.direct = Direct(rate=1e-3, decay=0.5, seed=1)
        self.reference = Reference(GROUPS)
        # The networks make similar errors: their average beats the best of them. The reference class is a start.
        self.shares = Mixture(GROUPS, [0.1, 0.1, 0.1, 0.2], [DOUBT, DOUBT, DOUBT, 0.0])
        self.curves = Mixture(GROUPS, [0.2, 0.2, 0.2], [DOUBT, DOUBT, 0.0])
        self.intervals = Intervals(GROUPS)
        self.record = Record()
        self.groups: dict[Group, int] = {}
        self._stack = Stack(self.nets())

    def nets(self) -> list[Net]:
        """The experts' networks, the survival experts' first."""
        return [self.long.net, self.short.net, self.direct.net]

    def group(self, kind: str, what: str) -> int:
        """The group number of a kind of moment in this version; the last one if the kind is new."""
        return self.groups.get((kind, what), GROUPS - 1)

    def units(self) -> Floats:
        """The yardstick in seconds of every kind of moment in this version; nan for groups not in use."""
        found = np.full(GROUPS, np.nan)
        for (kind, _), number in self.groups.items():
            found[number] = self.context.unit(kind)
        return found

    def refresh(self, now: float) -> None:
        """Recomputes weights and shifts as of `now`, in epoch seconds."""
        patience = np.full(GROUPS, np.inf)
        for (kind, _), number in self.groups.items():
            patience[number] = self.context.lead(kind) + PAUSE
        self.reference.refresh()
        self.shares.refresh(now, patience)
        self.curves.refresh(now, patience)
        self.intervals.refresh()

    def forecast(self, rows: NDArray[np.float16], start: Floats, end: Floats, group: NDArray[np.int64]) -> Answer:
        """Forecasts raw rows; `start` is y of now, `end` is y of the horizon."""
        n, every = len(start), np.concatenate([start, start, start])
        shares, hazard = self._experts(rows, start, group)
        hazard = np.concatenate([hazard, self.reference.hazard(group, start)])
        curves = survival.quantiles(hazard, every, np.concatenate([end, end, end]), LEVELS).reshape(3, n, -1)
        curve = np.einsum("nk,knl->nl", self.curves.weights[group], curves)
        p = np.where(start >= 0, 1.0, pooled(shares, self.shares.weights[group]))
        whole = survival.hazard_at(hazard, np.concatenate([end, end, end])).reshape(3, n)
        coming = -(self.curves.weights[group] * np.expm1(-whole.T)).sum(axis=1)
        told = intervals.beside(intervals.read(curve, *self.intervals.spots(group)), p, coming)
        told = np.maximum(told, start[:, None])
        # Two mixes of experts: what never comes is late, so the chance to be late is the least that both say.
        never = np.minimum(np.clip(1 - coming, 0.0, 1.0), p)
        return Answer(
            p=p,
            told=told,
            said=np.maximum(beside_chance(told, p, never), start[:, None]),
            never=never,
            shares=shares,
            curve=curve,
            curves=curves.swapaxes(0, 1),
            hazard=hazard.reshape(3, n, -1).swapaxes(0, 1),
        )

    def shares_late(self, rows: NDArray[np.float16], start: Floats, group: NDArray[np.int64]) -> Floats:
        """The `shares` of the forecasts of raw rows, without the rest of their answer."""
        return self._experts(rows, start, group)[0]

    def _experts(self, rows: NDArray[np.float16], start: Floats, group: NDArray[np.int64]) -> tuple[Floats, Floats]:
        """P(late) by every expert, and the cumulative hazard of the survival experts, one after the other."""
        n, both = len(start), np.concatenate([start, start])
        said = self.networks().outputs(self.layout.scaled(rows))
        pace = rows[:, 0].astype(np.float64)
        seen = survival.cells(both, np.concatenate([pace, pace]))
        hazard = survival.hazards(said[:, :-1].reshape(n, 2, WIDE).swapaxes(0, 1).reshape(2 * n, WIDE), seen)
        usual = self.reference.shares[group]
        return np.stack([*survival.p_late(hazard).reshape(2, n), logistic(said[:, -1]), usual], axis=1), hazard

    def networks(self) -> Stack:
        """All networks as one stack, rebuilt after they have learned."""
        if self._stack.steps != [net.steps for net in self.nets()]:
            self._stack = Stack(self.nets())
        return self._stack
