"""What scoring gets of whatever model forecasts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
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
