"""Times as people are told them: they agree with the stated chance, and hold what the record of their kind holds."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from risk_svc.forecast.intervals import STATED
from risk_svc.forecast.layout import Floats

AFTER: Final = 0.01
"""How far (y) behind the deadline a quantile lies at least that P(in time) does not reach."""
DIGITS: Final = 4
"""Chances are stated with as many digits; sides follow what is stated."""


def by_deadline(p_late: Floats) -> NDArray[np.bool_]:
    """For each stated level, whether P(in time) as it is stated reaches it: its time is the deadline or earlier."""
    found: NDArray[np.bool_] = np.round(1 - p_late, DIGITS)[:, None] >= STATED
    return found


def beside_chance(told: Floats, p_late: Floats, never: Floats) -> Floats:
    """The quantiles (y) of all promises, on the side of the deadline (y = 0) that P(late) says; inf: it may never come.

    So P(in time) >= q exactly where the q-quantile lies at or before the deadline.
    """
    by = by_deadline(p_late)
    found = np.where(by, np.minimum(told, 0.0), np.maximum(told, AFTER))
    found[~by & (1 - never[:, None] < STATED)] = np.inf
    return np.asarray(found, np.float64)
