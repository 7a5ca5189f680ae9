"""What scoring gets of whatever model forecasts."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictions:
    """Forecasts of a batch, one element a case.

    `p_slip` = P(T > due + tolerance) in [0, 1]; `q50`, `q80`, `q90` are epoch seconds, inf where it may never
    complete; `lateness` = E[min(1, (T − due − tolerance)⁺ / H)] in [0, 1], `horizon` its H in seconds; `base` the
    kind's slip rate before anything happened, leaning on an assumed one while little is known: what forecasts are
    measured against, never told as an observation; `observed` the share of its kind that did slip, nan where none is
    known; `never` P(never); `n` similar promises, `basis` what it rests on.
    """

    p_slip: Floats
    q50: Floats
    q80: Floats
    q90: Floats
    lateness: Floats
    horizon: Floats
    never: Floats
    base: Floats
    observed: Floats
    n: NDArray[np.int64]
    basis: list[str]
    model: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """One promise's part of a batch forecast, in plain numbers; times in epoch seconds, inf for never."""

    p_slip: float
    q50: float
    q80: float
    q90: float
    lateness: float
    horizon: float
    base: float
    n: int
    basis: str
    model: int
    never: float = 0.0
    observed: float | None = None


def prediction_of(batch: Predictions) -> list[Prediction]:
    """A batch forecast, one element a case."""
    numbers = np.stack(
        [batch.p_slip, batch.q50, batch.q80, batch.q90, batch.lateness, batch.horizon, batch.base, batch.never]
    )
    rows = zip(numbers.T.tolist(), batch.n.tolist(), batch.basis, batch.observed.tolist(), strict=True)
    return [
        Prediction(
            p_slip=p,
            q50=q50,
            q80=q80,
            q90=q90,
            lateness=late,
            horizon=horizon,
            base=base,
            n=n,
            basis=basis,
            model=batch.model,
            never=never,
            observed=_known(observed),
        )
        for (p, q50, q80, q90, late, horizon, base, never), n, basis, observed in rows
    ]


def _known(share: float) -> float | None:
    return None if math.isnan(share) else share
