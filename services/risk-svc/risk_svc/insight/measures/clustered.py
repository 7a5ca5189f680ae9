"""How much less cases tell that share shocks than as many independent ones would (definitions.md: bias)."""

from __future__ import annotations

from typing import Final

import numpy as np

from risk_svc.insight.measures.figure import Floats, Ints

SWEEPS: Final = 10
"""How often the means of each sort are taken out, one sort after the other; hardly anything of them is left then."""


def design_effect(y: Floats, sorts: tuple[Ints, ...], owner: Ints, group: Ints) -> float:
    """The variance of an owner's mean as a multiple of what it were if its cases were independent; at least 1.

    Columns of numbers from 0: each of `sorts` has means of its own, and `owner` too; cases of one owner and `group` may
    share shocks. Of what is left of y without these means: Σ(sum of a group)² / Σ y², by what that is of independent
    cases, Σ(n − Σ m²/n) / Σ(n − 1) over owners of n cases in groups of m (*cluster-robust variance*, Liang & Zeger
    1986; *design effect*, Kish 1965).
    """
    if not len(y):
        return 1.0
    left, many = y.astype(np.float64), [np.maximum(1, np.bincount(column)) for column in (*sorts, owner)]
    for _ in range(SWEEPS):
        for column, counts in zip((*sorts, owner), many, strict=True):
            left = left - (np.bincount(column, left) / counts)[column]
    cases, squares = np.bincount(owner), float(left @ left)
    # One number a group: sorting those takes a tenth of the time that sorting pairs does.
    span = int(group.max() - group.min()) + 1
    groups, cluster = np.unique(owner * span + (group - group.min()), return_inverse=True)
    sums, sizes = np.bincount(cluster, left), np.bincount(cluster)
    alone = float((cases - np.bincount(groups // span, sizes**2) / np.maximum(1, cases)).sum())
    free = float(np.maximum(0, cases - 1).sum())
    if alone <= 0 or squares <= 0:
        return 1.0
    return max(1.0, float(sums @ sums) / squares * free / alone)
