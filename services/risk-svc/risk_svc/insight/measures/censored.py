"""Lateness of which only the least is known, in a linear fit (*Tobit model*, Tobin 1958; definitions.md: bias).

A row that is only known to lie above y counts as its mean beyond y would, at a weight in (0, 1) that says how much it
tells of the mean: next to nothing far below what is usual, nearly as much as a known one far above it.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from scipy.special import erfcx

from risk_svc.insight.measures.figure import Floats

FAR = 1e4
"""Deviations from the mean that are told apart."""


class Working(NamedTuple):
    """Columns that stand for rows above y in a least-squares fit: a value, its weight, and squares counted too much."""

    y: Floats
    weight: Floats
    excess: Floats


def working(least: Floats, mean: Floats, deviation: float) -> Working:
    """Newton's step for normal rows above `least` whose fitted `mean` and standard `deviation` are these.

    With α = (least − mean) / σ and λ = φ(α) / (1 − Φ(α)): weight λ(λ − α), value mean + σ / (λ − α). A fit that these
    no longer move is the likeliest one (Dempster, Laird & Rubin 1977); the excess leaves σ²λ² of each row, with which
    σ² over the sum of weights is that of the expected squares.
    """
    alpha = np.clip((least - mean) / deviation, -FAR, FAR)
    hazard = math.sqrt(2 / math.pi) / erfcx(alpha / math.sqrt(2))
    beyond = hazard - alpha
    return Working(mean + deviation / beyond, hazard * beyond, deviation**2 * hazard * (1 / beyond - hazard))
