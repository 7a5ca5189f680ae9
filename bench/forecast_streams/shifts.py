"""How soon the forecasts follow when the share of late ones changes: the weeks after a stream's largest shift."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from bench.forecast_streams.cases import Cases
from risk_svc.forecast.accuracy import Floats

WEEK_S: Final = 7 * 86_400.0
BEFORE, AFTER = 8, 9
"""Weeks that are compared on both sides of a shift, and weeks looked at after it: two months."""
FROM: Final = 3
"""The first week that must have followed: what was forecast in the first two is mostly not answered yet."""
FEWEST: Final = 1_000
"""Decisions on each side of a shift."""
WITHIN: Final = 0.03


class Shift(NamedTuple):
    """The largest shift of a stream; weeks without decisions are not counted.

    `moved` is the change of the share late. From the third week after it on, `late` is the share late, `said` the mean
    forecast and `base` the mean of the running base rate; `n` are their decisions.
    """

    at: float
    moved: float
    late: float
    said: float
    base: float
    n: int

    @property
    def followed(self) -> bool:
        """Whether the forecasts were within 3 points of what happened."""
        return abs(self.said - self.late) <= WITHIN


def largest(cases: Cases) -> Shift | None:
    """The largest shift with enough decisions on both sides; None if there is none."""
    weeks, week = np.unique((cases.at - cases.at.min()) // WEEK_S, return_inverse=True)
    table = cases.table
    n, late, said, base = (
        np.asarray(np.bincount(week, values, len(weeks)), np.float64)
        for values in (np.ones(len(week)), table.outcome, table.p, table.base)
    )
    found = []
    for place in range(1, len(weeks)):
        before, after = slice(max(0, place - BEFORE), place), slice(place, place + BEFORE)
        if min(n[before].sum(), n[after].sum()) >= FEWEST:
            found.append((_share(late, n, after) - _share(late, n, before), place))
    if not found:
        return None
    moved, place = max(found, key=lambda one: abs(one[0]))
    followed = slice(place + FROM - 1, place + AFTER)
    if not n[followed].sum():
        return None
    return Shift(
        at=float(cases.at.min() + WEEK_S * weeks[place]),
        moved=moved,
        late=_share(late, n, followed),
        said=_share(said, n, followed),
        base=_share(base, n, followed),
        n=int(n[followed].sum()),
    )


def _share(values: Floats, n: Floats, weeks: slice) -> float:
    return float(values[weeks].sum() / n[weeks].sum())
