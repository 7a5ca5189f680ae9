"""Delays on a signed logarithmic grid: a minute near zero, a few per cent far away, so one grid serves every domain."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

UNIT_S: Final = 60.0
WIDTH: Final = 0.14
REACH: Final = 104
"""Bins on each side of zero: exp(14.5) minutes, about four years."""
BINS: Final = 2 * REACH
NEVER: Final = BINS
COLUMNS: Final = BINS + 1


def position(delay: Floats) -> Floats:
    """Delays in seconds to fractional positions in [0, BINS]; bin k spans positions k to k + 1."""
    scaled = np.copysign(np.log1p(np.abs(delay) / UNIT_S), delay) / WIDTH
    return np.clip(scaled + REACH, 0.0, float(BINS))


def delay(place: Floats) -> Floats:
    """Fractional positions back to delays in seconds; the inverse of `position` inside the grid."""
    scaled = (place - REACH) * WIDTH
    return np.copysign(np.expm1(np.abs(scaled)) * UNIT_S, scaled)


CENTRES: Final = delay(np.arange(BINS, dtype=np.float64) + 0.5)


def below(cumulative: Floats, place: Floats) -> Floats:
    """Probability mass below a position, row by row; `cumulative` has BINS + 1 columns and starts at 0."""
    left = np.minimum(place.astype(np.int64), BINS - 1)
    rows = np.arange(len(place))
    start = cumulative[rows, left]
    mass: Floats = start + (cumulative[rows, left + 1] - start) * (place - left)
    return mass


def quantile(cumulative: Floats, share: Floats) -> Floats:
    """Position below which `share` of the mass lies, row by row; inf where the completed mass does not reach it."""
    right = (cumulative < share[:, None]).sum(axis=1)
    rows = np.arange(len(share))
    inside = np.clip(right, 1, BINS)
    low, high = cumulative[rows, inside - 1], cumulative[rows, inside]
    part: Floats = np.divide(share - low, high - low, out=np.ones_like(share), where=high > low)
    places: Floats = inside - 1 + np.clip(part, 0.0, 1.0)
    places[right > BINS] = np.inf
    return places
