"""What a kind of hop does to statements on the whole (*bullwhip ratio*, Lee et al. 1997; definitions.md)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import stdtrit

from risk_svc.insight.measures.figure import LEAST, Figure, Floats, Unit, mean, share, too_little


class Passed(NamedTuple):
    """Columns of statements passed on, one row each: the kind of hop, and what changed.

    `signed`: drift of the slot that is looked at, in [-1, 1]; NaN where it was not spoken of. `date_in`, `date_out`:
    the date heard and the date told, in days from when the promise was made; NaN where there is none. `imposed`: 1 for
    a promise about another team's work that it had not accepted, 0 for others.
    """

    kind: Sequence[str]
    signed: Floats
    date_in: Floats
    date_out: Floats
    imposed: Floats


class HopRecord(NamedTuple):
    """A kind of hop: its mean signed drift, Var(date out) / Var(date in), and its share of impositions.

    Above 0, more is promised than was heard; above 1, dates swing more than those heard. Intervals are of 95 %.
    """

    kind: str
    drift: Figure
    days: Figure
    variance_ratio: Figure
    imposed: Figure


def hop_records(passed: Passed) -> list[HopRecord]:
    """The record of each kind of hop, by name."""
    kinds, group = np.unique(np.asarray(passed.kind, np.str_), return_inverse=True)
    found = []
    for at, kind in enumerate(kinds.tolist()):
        own = group == at
        drift = passed.signed[own]
        dated = own & np.isfinite(passed.date_in) & np.isfinite(passed.date_out)
        before, after = passed.date_in[dated], passed.date_out[dated]
        found.append(
            HopRecord(
                kind,
                mean(drift[np.isfinite(drift)], Unit.PART),
                mean(after - before, Unit.DAYS),
                variance_ratio(before, after),
                share(int(passed.imposed[own].sum()), int(own.sum())),
            )
        )
    return found


def variance_ratio(before: Floats, after: Floats) -> Figure:
    """Var(after) / Var(before) of pairs, with the 95 % interval that allows for their correlation.

    (Morgan 1939, Pitman 1939.) Too little history also where nothing varied before.
    """
    n = len(before)
    if n < LEAST or before.var() == 0:
        return too_little(n, Unit.RATIO)
    r = float(np.corrcoef(before, after)[0, 1]) if after.var() > 0 else None
    return variance_ratio_of(n, float(before.var()), float(after.var()), r)


def variance_ratio_of(n: int, before: float | None, after: float | None, r: float | None) -> Figure:
    """The same of n pairs whose variances and correlation are known."""
    if n < LEAST or not before or after is None:
        return too_little(n, Unit.RATIO)
    ratio = after / before
    if ratio == 0 or r is None:
        return Figure(0.0, 0.0, 0.0, n, Unit.RATIO)
    wide = 1 + 2 * max(0.0, 1 - r * r) * float(stdtrit(n - 2, 0.975)) ** 2 / (n - 2)
    off = (wide * wide - 1) ** 0.5
    return Figure(ratio, ratio * (wide - off), ratio * (wide + off), n, Unit.RATIO)
