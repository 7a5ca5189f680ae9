"""The interface between scoring and whatever model forecasts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from candor.contracts import Label
from risk_svc.domain.state import Step

Floats = NDArray[np.float64]


class Case(msgspec.Struct, gc=False, array_like=True):
    """What is known of a promise, without a name in it: the input of a forecast and, once settled, a lesson.

    Times are epoch seconds; `due` is the date held, `tolerance` seconds; `troubles` are linked incidents as
    (from, until or None while open, severity in (0, 1]).
    """

    kind: str
    labels: dict[str, Label]
    made: float
    due: float
    tolerance: float
    steps: list[Step]
    troubles: list[tuple[float, float | None, float]]


class Outcome(msgspec.Struct, gc=False, array_like=True):
    """How a case ended: `completed` in epoch seconds, or None for never; `known` is when that became known."""

    case: Case
    completed: float | None
    known: float


@dataclass(frozen=True, slots=True)
class Predictions:
    """Forecasts of a batch, one element a case.

    `p_slip` = P(T > due + tolerance) in [0, 1]; `q50`, `q80`, `q90` are epoch seconds, inf where it may never
    complete; `lateness` = E[min(1, (T − due − tolerance)⁺ / H)] in [0, 1], `horizon` its H in seconds; `base` the
    kind's slip rate before anything happened; `never` P(never); `n` like promises, `basis` what it rests on.
    """

    p_slip: Floats
    q50: Floats
    q80: Floats
    q90: Floats
    lateness: Floats
    horizon: Floats
    never: Floats
    base: Floats
    n: NDArray[np.int64]
    basis: list[str]
    model: int


class Forecaster(Protocol):
    """A model that forecasts open promises and learns from settled ones."""

    def forecast(self, cases: Sequence[Case], now: float | Floats) -> Predictions:
        """Forecasts of open cases at business time `now` (one for all, or one each)."""
        ...

    def learn(self, outcomes: Sequence[Outcome]) -> None:
        """Takes outcomes in; the order must not matter."""
        ...

    def next_change(self, case: Case, now: float) -> float:
        """The next business time at which the passing of time alone changes what is known of the case."""
        ...
