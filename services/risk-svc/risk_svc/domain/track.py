"""The forecasts' own record: Brier score, skill over the base rate, reliability."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

BINS: Final = 10
ENOUGH: Final = 30
"""Scored forecasts below which no skill is claimed."""


@dataclass(frozen=True, slots=True)
class Bin:
    """Forecasts in [low, low + .1): how many, their mean, and the share that slipped."""

    low: float
    n: int
    predicted: float
    observed: float


@dataclass(frozen=True, slots=True)
class Track:
    """`brier` and `base_brier` are mean squared errors (0 is perfect); `skill` = 1 − brier / base, None if too few."""

    n: int
    brier: float | None
    base_brier: float | None
    skill: float | None
    reliability: tuple[Bin, ...]


def track(scored: Sequence[tuple[float, float, int]]) -> Track:
    """The record of (p, base, outcome) triples, outcome 1 for a slip."""
    n = len(scored)
    if not n:
        return Track(0, None, None, None, ())
    brier = sum((p - outcome) ** 2 for p, _, outcome in scored) / n
    base_brier = sum((base - outcome) ** 2 for _, base, outcome in scored) / n
    skill = 1 - brier / base_brier if n >= ENOUGH and base_brier > 0 else None
    groups: dict[int, list[tuple[float, int]]] = {}
    for p, _, outcome in scored:
        groups.setdefault(min(BINS - 1, int(p * BINS)), []).append((p, outcome))
    reliability = tuple(
        Bin(
            number / BINS,
            len(group),
            sum(p for p, _ in group) / len(group),
            sum(outcome for _, outcome in group) / len(group),
        )
        for number, group in sorted(groups.items())
    )
    return Track(n, brier, base_brier, skill, reliability)
