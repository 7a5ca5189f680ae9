"""Gaps rolled up by customer, account, department, hop or label (definitions.md: gap of a customer)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from risk_svc.insight.measures.figure import Figure, Floats, Unit, exact
from risk_svc.insight.measures.values import filled


class Gaps(NamedTuple):
    """Columns of open promises, one row for each promise and group: a promise with two labels has two rows.

    `score` in [0, 100]; `value` in one currency, NaN where it is not known.
    """

    group: Sequence[str]
    kind: Sequence[str]
    promise: Sequence[str]
    score: Floats
    value: Floats


class RollUp(NamedTuple):
    """A group's value-weighted quadratic mean (n: its promises) and its worst promise with that one's score.

    `value` is the sum of its values; `assumed` is how many of them were not known.
    """

    group: str
    score: Figure
    worst: str
    worst_score: float
    value: float
    assumed: int


def roll_ups(gaps: Gaps) -> list[RollUp]:
    """√(Σ V·G² / Σ V) of each group and the worst promise beside it; largest first.

    A value that is not known counts as the median of its promise type, else of its group, else 1. Values at or below 0
    weigh nothing; a group of only such values weighs all of them the same. Equal scores: the first name is the worst.
    """
    if not len(gaps.score):
        return []
    names, group = np.unique(np.asarray(gaps.group, np.str_), return_inverse=True)
    many = len(names)
    value = np.maximum(0.0, filled(gaps.value, gaps.kind, gaps.group))
    total = np.bincount(group, value, many)
    weight = np.where(total[group] > 0, value, 1.0)
    squares = np.bincount(group, weight * gaps.score**2, many) / np.bincount(group, weight, many)
    promises = np.asarray(gaps.promise, np.str_)
    order = np.lexsort((promises, -gaps.score, group))
    worst = order[np.searchsorted(group[order], np.arange(many))]
    n, assumed = np.bincount(group, minlength=many), np.bincount(group, np.isnan(gaps.value), many)
    found = [
        RollUp(
            str(names[at]),
            exact(float(np.sqrt(squares[at])), int(n[at]), Unit.SCORE),
            str(promises[worst[at]]),
            float(gaps.score[worst[at]]),
            float(total[at]),
            int(assumed[at]),
        )
        for at in range(many)
    ]
    return sorted(found, key=lambda one: (-(one.score.value or 0.0), one.group))
