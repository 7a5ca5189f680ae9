"""Forecasts in the form that scoring reads, independent of the model that made them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class LevelRecord(NamedTuple):
    """Of the last `n` completed promises of a type, what a quantile held: in thousandths, -1 if too few are known.

    `held`: what came by the times as forecast, `holds`: by times as they are stated now, `later_s` seconds later.
    """

    n: int
    held: int
    holds: int
    later_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictions:
    """Forecasts of a batch, one element per case.

    `p_slip` = P(T > due + tolerance) in [0, 1]; `q50`, `q80`, `q90` are epoch seconds, inf if the promise may never
    complete; `lateness` = E[min(1, (T − due − tolerance)⁺ / H)] in [0, 1], `horizon` is its H in seconds. `base` is the
    promise type's slip rate before anything happened, shrunk to an assumed one while little is known: forecasts are
    measured against it, but it is never shown as an observation. `observed` is the share of the promise type that did
    slip, nan if unknown; `never` is P(never). The forecast rests on `n` similar promises, described by `basis`.

    `records` says for each quantile what its like held, and `withheld` why no quantile holds (then all are nan).
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
    records: list[list[LevelRecord]]
    withheld: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """One promise's row of a batch forecast as plain numbers; times in epoch seconds, inf for never, nan: withheld."""

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
    records: list[LevelRecord] = field(default_factory=list)
    withheld: str = ""


def prediction_of(batch: Predictions) -> list[Prediction]:
    """A batch forecast as a list, one element per case."""
    numbers = np.stack(
        [batch.p_slip, batch.q50, batch.q80, batch.q90, batch.lateness, batch.horizon, batch.base, batch.never]
    )
    words = zip(batch.basis, batch.records, batch.withheld, strict=True)
    rows = zip(numbers.T.tolist(), batch.n.tolist(), batch.observed.tolist(), words, strict=True)
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
            records=records,
            withheld=withheld,
        )
        for (p, q50, q80, q90, late, horizon, base, never), n, observed, (basis, records, withheld) in rows
    ]


def _known(share: float) -> float | None:
    return None if math.isnan(share) else share
