"""The gap of a promise: five components in [0, 1], joined so that each one's part can be told (definitions.md)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from candor.calendar import Calendar
from candor.contracts import Component

DOUBT: Final = 0.5
"""θ: the slip probability from which on silence counts. Assumed."""
MAX_WEIGHT: Final = 0.95
ALWAYS: Final = Calendar()


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights w of the components, each in [0, .95] (ValueError otherwise), and Hc in business hours. All assumed.

    `missed_step` in [0, 1] is the least L while a step that the customer was told of is missed (ADR 0024).
    `calendar` says what a business hour is, on the clock of each promise's own zone.
    """

    lateness: float = 0.9
    scope: float = 0.9
    incidents: float = 0.6
    silence: float = 0.5
    unbacked: float = 0.3
    silence_hours: float = 8.0
    calendar: Calendar = ALWAYS
    missed_step: float = 0.5

    def __post_init__(self) -> None:
        for component in Component:
            if not 0.0 <= self.of(component) <= MAX_WEIGHT:
                raise ValueError(f"weight of {component.value} must lie between 0 and {MAX_WEIGHT}")
        if not self.silence_hours > 0:
            raise ValueError("silence_hours must be above 0")
        if not 0.0 <= self.missed_step <= 1.0:
            raise ValueError("missed_step must lie between 0 and 1")

    def of(self, component: Component) -> float:
        """The weight of one component."""
        weight: float = getattr(self, component.value)
        return weight


@dataclass(frozen=True, slots=True)
class Part:
    """One component's `x` in [0, 1], with its evidence in words."""

    component: Component
    x: float
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class Gap:
    """`score` in [0, 100); `parts` are the components above zero with their shares, which sum to 1 if there are any."""

    score: float
    parts: tuple[tuple[Part, float], ...]


def gap(parts: Sequence[Part], weights: Weights) -> Gap:
    """G = 100 · [1 − Π(1 − w·x)] and the share of each component, ln(1 − w·x) / Σ ln(1 − w·x).

    An x outside [0, 1] is brought to its nearest bound.
    """
    logs = [(part, math.log1p(-weights.of(part.component) * min(1.0, max(0.0, part.x)))) for part in parts]
    total = math.fsum(log for _, log in logs)
    # Below this the logarithms of single components have lost their digits: no gap that anybody could see.
    if total > -1e-12:
        return Gap(0.0, ())
    # A share too small for a float would stand there as 0: it explains nothing.
    shares = ((part, log / total) for part, log in logs)
    return Gap(-100.0 * math.expm1(total), tuple((part, share) for part, share in shares if share > 0.0))


def scope(shares: Sequence[tuple[float, float]]) -> float:
    """S = 1 − Σ wᵢ · share of item i, for (weight, share delivered) pairs; 0 for a promise without scope items."""
    total = sum(weight for weight, _ in shares)
    if total <= 0:
        return 0.0
    return min(1.0, max(0.0, 1.0 - sum(weight * share for weight, share in shares) / total))


def incidents(pairs: Sequence[tuple[float, float]]) -> float:
    """I = 1 − Π(1 − severity · overlap) over linked open incidents, for (severity, overlap) pairs in [0, 1]."""
    return 1.0 - math.prod(1.0 - severity * overlap for severity, overlap in pairs)


def silence(doubtful_since: float | None, now: float, hours: float, calendar: Calendar = ALWAYS) -> float:
    """C = min(1, hours since P(slip) passed θ untold / Hc); 0 when told or not doubtful.

    Times in epoch seconds; the hours are those of `calendar`.
    """
    if doubtful_since is None or now <= doubtful_since:
        return 0.0
    passed = now - doubtful_since
    if not calendar.always:
        passed = calendar.elapsed(_moment(doubtful_since), _moment(now)).total_seconds()
    return min(1.0, passed / 3600.0 / hours)


def lateness_of(completed: float, deadline: float, horizon: float) -> float:
    """L of a promise whose completion is known: min(1, (T − e − τ)⁺ / H)."""
    return min(1.0, max(0.0, (completed - deadline) / horizon))


def roll_up(gaps: Sequence[tuple[float, float]]) -> float:
    """Value-weighted quadratic mean of (score, value) pairs; 0 for none.

    Values at or below 0 weigh nothing, unless all are: then all weigh the same, and no gap hides behind a free promise.
    """
    total = math.fsum(max(0.0, value) for _, value in gaps)
    if total <= 0:
        return math.sqrt(math.fsum(score * score for score, _ in gaps) / len(gaps)) if gaps else 0.0
    return math.sqrt(math.fsum(max(0.0, value) * score * score for score, value in gaps) / total)


def band(score: float) -> str:
    """Where a score lies: `none` below 1, `low` below 25, `medium` below 50, `high` below 75, `severe` above."""
    for name, limit in BANDS:
        if score < limit:
            return name
    return "severe"


BANDS: Final = (("none", 1.0), ("low", 25.0), ("medium", 50.0), ("high", 75.0))
BAND_NAMES: Final = (*(name for name, _ in BANDS), "severe")


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
