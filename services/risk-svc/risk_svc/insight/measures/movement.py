"""What moved a score between two moments (definitions.md: gap of a promise)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from risk_svc.insight.measures.figure import Figure, Unit, exact


class Scored(NamedTuple):
    """A gap in [0, 100) with the share of each component, as it was published; shares sum to 1, or there are none."""

    score: float
    shares: Mapping[str, float]


class Movement(NamedTuple):
    """How many points a score changed and each component's part of that, which sum to it; largest first.

    Computed from what was published, so there is no interval; n is the number of components that moved.
    """

    change: Figure
    parts: dict[str, float]


def moved(before: Scored, after: Scored) -> Movement:
    """The change of a score by component, exact and whatever order components changed in.

    100 − G is 100 · Π(1 − w·x), whose change is divided by the logarithmic mean (LMDI, Ang 2005): component k has
    L(100 − G, 100 − G′) · (ln(1 − w·x) − ln(1 − w·x′)).
    """
    old, new = _logs(before), _logs(after)
    kept = _logarithmic_mean(100 - before.score, 100 - after.score)
    parts = {name: kept * (old.get(name, 0.0) - new.get(name, 0.0)) for name in {**old, **new}}
    some = {name: part for name, part in parts.items() if part != 0}
    ranked = dict(sorted(some.items(), key=lambda one: (-abs(one[1]), one[0])))
    return Movement(exact(after.score - before.score, len(ranked), Unit.SCORE), ranked)


def _logs(scored: Scored) -> dict[str, float]:
    """ln(1 − w·x) of each component: its share of ln(1 − G/100)."""
    total = math.log1p(-scored.score / 100)
    return {name: share * total for name, share in scored.shares.items()}


def _logarithmic_mean(one: float, other: float) -> float:
    by = math.log(one / other)
    return one if abs(by) < 1e-9 else (one - other) / by
