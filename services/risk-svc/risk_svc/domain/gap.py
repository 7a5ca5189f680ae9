"""The gap of a promise: components in [0, 1], combined so that each one's share can be shown (definitions.md)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from candor.calendar import Calendar
from risk_svc.domain.component import GapComponent, OpenCase, Part, SettledCase
from risk_svc.domain.components import COMPONENTS

DOUBT: Final = 0.5
"""θ: the slip probability from which silence counts. Assumed."""
MAX_WEIGHT: Final = 0.95


@dataclass(frozen=True, slots=True)
class GapDefinition:
    """The definition of the gap: its components, the weight w of each, and the business hours.

    `weights` maps component names to weights in [0, .95]; missing ones take the component's default. Raises ValueError
    for a weight out of range, an unknown name, and a name that two components share.
    """

    components: tuple[GapComponent, ...] = COMPONENTS
    weights: Mapping[str, float] = field(default_factory=dict)
    calendar: Calendar = field(default_factory=Calendar)

    def __post_init__(self) -> None:
        known = {str(component.name): component.default_weight for component in self.components}
        if len(known) < len(self.components):
            raise ValueError(f"two components have one name: {', '.join(one.name for one in self.components)}")
        for name in self.weights:
            if name not in known:
                raise ValueError(f"there is no component {name}; there are {', '.join(known)}")
        weights = known | dict(self.weights)
        for name, weight in weights.items():
            if not 0.0 <= weight <= MAX_WEIGHT:
                raise ValueError(f"weight of {name} must lie between 0 and {MAX_WEIGHT}")
        object.__setattr__(self, "weights", weights)

    def open(self, case: OpenCase) -> Gap:
        """The gap of an open promise whose view already holds its current forecast."""
        return gap([part for component in self.components if (part := component.open(case)) is not None], self.weights)

    def settled(self, case: SettledCase) -> Gap:
        """The gap of a promise that has ended."""
        return gap(
            [part for component in self.components if (part := component.settled(case)) is not None], self.weights
        )


@dataclass(frozen=True, slots=True)
class Gap:
    """`score` in [0, 100); `parts` are the components above zero with their shares, which sum to 1 if there are any."""

    score: float
    parts: tuple[tuple[Part, float], ...]


def gap(parts: Iterable[Part], weights: Mapping[str, float]) -> Gap:
    """G = 100 · [1 − Π(1 − w·x)] and the share of each component, ln(1 − w·x) / Σ ln(1 − w·x).

    An x outside [0, 1] is clamped. Raises ValueError for one that is no number.
    """
    logs = [(part, math.log1p(-weights[part.component] * _clamped(part))) for part in parts]
    total = math.fsum(log for _, log in logs)
    # Below this the logarithms of single components have lost all precision; such a gap is invisible anyway.
    if total > -1e-12:
        return Gap(0.0, ())
    # A share too small for a float would appear as 0 and explain nothing.
    shares = ((part, log / total) for part, log in logs)
    return Gap(-100.0 * math.expm1(total), tuple((part, share) for part, share in shares if share > 0.0))


def _clamped(part: Part) -> float:
    if math.isnan(part.x):
        # Clamping would make it 0, and the gap smaller than it is, without a word.
        raise ValueError(f"component {part.component} gave NaN")
    return min(1.0, max(0.0, part.x))


def roll_up(gaps: Sequence[tuple[float, float]]) -> float:
    """Value-weighted quadratic mean of (score, value) pairs; 0 for none.

    Values at or below 0 weigh nothing. If all are, they weigh the same so that no gap hides behind a free promise.
    """
    total = math.fsum(max(0.0, value) for _, value in gaps)
    if total <= 0:
        return math.sqrt(math.fsum(score * score for score, _ in gaps) / len(gaps)) if gaps else 0.0
    return math.sqrt(math.fsum(max(0.0, value) * score * score for score, value in gaps) / total)


def band(score: float) -> str:
    """The band of a score: `none` below 1, `low` below 25, `medium` below 50, `high` below 75, else `severe`."""
    for name, limit in BANDS:
        if score < limit:
            return name
    return "severe"


BANDS: Final = (("none", 1.0), ("low", 25.0), ("medium", 50.0), ("high", 75.0))
BAND_NAMES: Final = (*(name for name, _ in BANDS), "severe")
