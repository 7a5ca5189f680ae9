"""Whose promises take longer or shorter than said (*optimism bias*, *sandbagging*; definitions.md)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from risk_svc.insight.measures.clustered import design_effect
from risk_svc.insight.measures.figure import LEAST, Figure, Flags, Floats, Ints, Unit, too_little
from risk_svc.insight.measures.two_way import NONE, Effects, Rows, fitted

LEVEL: Final = 0.9
MOST: Final = 500
"""Classes, makers and deliverers with an effect of their own; of more, those with the fewest promises share one."""
GIVEN_UP: Final = 2.0
"""An open promise is known to take longer than it has so far, and at most so many times as long as was promised.

What is overdue for as long as it was promised is given up (definitions.md: gap); how long ago says no more of bias.
"""


OUTLYING: Final = 5.0
"""Robust standard deviations from its type's median that a completed promise counts as at most (*winsorizing*)."""
LEAST_BOUND: Final = float(np.log(4.0))
"""What took a quarter to four times as long as is usual for its type always counts as it is. Assumed."""
SIGMA_OF_MAD: Final = 1.4826
"""Standard deviations in a median absolute deviation of normal numbers."""
FORTNIGHT: Final = 14.0
"""Promises of a deliverer that were made in the same so many days may share what held them up. Assumed."""


class Completed(NamedTuple):
    """Columns of promises: promised and actual duration in the same unit, above 0.

    "" as maker or deliverer: it has none. `open`: which are not completed, and have taken `actual` so far; None: none.
    `made`: when they were made, in days; None: unknown, and each is taken to be late or early by itself.
    """

    kind: Sequence[str]
    maker: Sequence[str]
    deliverer: Sequence[str]
    promised: Floats
    actual: Floats
    open: Flags | None = None
    made: Floats | None = None


class Coded(NamedTuple):
    """Names by number, each once, and the number of each row: a column of names in few bytes a row."""

    names: Sequence[str]
    number: Ints


class Durations(NamedTuple):
    """The columns of Completed with its names as numbers; which number a name has makes no difference."""

    kind: Coded
    maker: Coded
    deliverer: Coded
    promised: Floats
    actual: Floats
    open: Flags | None = None
    made: Floats | None = None


class Bias(NamedTuple):
    """How much longer (above 0: optimistic) or shorter (below 0: padded) promises take than those of the others.

    `drift` is that as a part of the promised duration, from n promises that are completed or overdue, with its 90 %
    interval. Each of the others counts alike; who has none has too little history. `flagged`: at least 20 promises, and
    the interval excludes 0.
    """

    name: str
    drift: Figure
    flagged: bool


class Biases(NamedTuple):
    """Biases of makers and of deliverers, largest first and those of too little history last.

    `n` promises were used that are completed or overdue; those without both durations were `left_out`.
    """

    makers: list[Bias]
    deliverers: list[Bias]
    n: int
    left_out: int


def biases(completed: Completed) -> Biases:
    """`biases_of` of columns of names."""
    kind, maker, deliverer = (_coded(names) for names in completed[:3])
    return biases_of(Durations(kind, maker, deliverer, *completed[3:]))


def biases_of(found: Durations) -> Biases:
    """exp(effect) − 1 of each maker and deliverer in ln(actual / promised) = class + maker + deliverer + ε.

    Both are fitted together and shrunk by what their number allows: plain averages give a maker what belongs to the
    deliverers it uses. An open promise lies above what it has taken so far (*right-censored*); left out, those who
    never finish would seem to be in time. Of a type of which none was completed nothing is known, and open ones are not
    used. What holds up all work of a deliverer at once widens the intervals of deliverers.
    """
    with np.errstate(invalid="ignore"):
        usable = (found.promised > 0) & (found.actual > 0)
    usable &= np.isfinite(found.promised) & np.isfinite(found.actual)
    open_ = np.zeros(len(usable), np.bool_) if found.open is None else found.open
    kept = np.flatnonzero(usable & (~open_ | _completed_once(found.kind.number, usable & ~open_)))
    still = open_[kept]
    ratio = found.actual[kept] / found.promised[kept]
    overdue = still & (ratio > 1)
    left_out, used = int((~usable).sum()), int((overdue | ~still).sum())
    if not used:
        return Biases([], [], 0, left_out)
    y = _bounded(np.log(np.where(still, np.minimum(ratio, GIVEN_UP), ratio)), found.kind.number[kept], ~still)
    columns = [_numbered(names, number[kept]) for names, number in (found.kind, found.maker, found.deliverer)]
    (_, kind), (makers, maker), (deliverers, deliverer) = columns
    # A promise without a type is of the type "", and has that type's mean.
    rows = Rows(y, np.where(kind == NONE, kind.max() + 1, kind), maker, deliverer, still)
    of_maker, of_deliverer = fitted(rows, LEVEL)
    if found.made is not None:
        of_deliverer = _widened(of_deliverer, _shared(rows, found.made[kept]))
    said = [
        _said(names, _Counted(place, overdue | ~still, overdue), fit)
        for names, place, fit in ((makers, maker, of_maker), (deliverers, deliverer, of_deliverer))
    ]
    return Biases(said[0], said[1], used, left_out)


def _bounded(y: Floats, kind: Ints, completed: Flags) -> Floats:
    """Logarithms in which no completed promise lies further from the others of its type than is ever usual.

    What was entered a second before it was done says nothing of who promised, and would outweigh hundreds that do.
    """
    if not completed.any():
        return y
    _, number = np.unique(kind, return_inverse=True)
    middle = _medians(y[completed], number[completed])[number]
    spread = SIGMA_OF_MAD * float(np.median(np.abs(y - middle)[completed]))
    most = max(OUTLYING * spread, LEAST_BOUND)
    return np.where(completed, np.clip(y, middle - most, middle + most), y)


def _medians(values: Floats, group: Ints) -> Floats:
    """The median of each group, 0 to the largest, none of which is empty; in one sort, as there may be many."""
    ordered = values[np.lexsort((values, group))]
    many = np.bincount(group)
    first = np.cumsum(many) - many
    found: Floats = (ordered[first + (many - 1) // 2] + ordered[first + many // 2]) / 2
    return found


def _completed_once(kind: Ints, completed: Flags) -> Flags:
    """Which promises are of a type of which one was completed: of others nobody knows how long they usually take."""
    return np.bincount(kind, completed, minlength=int(kind.max(initial=-1)) + 1)[kind] > 0


def _shared(rows: Rows, made: Floats) -> float:
    """How much more the mean of a deliverer varies than if each of its completed promises were late by itself."""
    its = (rows.deliverer != NONE) & np.isfinite(made)
    if rows.above is not None:
        its &= ~rows.above
    at = np.flatnonzero(its)
    if not len(at):
        return 1.0
    maker, deliverer = rows.maker[at] - NONE, rows.deliverer[at]
    fortnight = np.floor(made[at] / FORTNIGHT).astype(np.int64)
    return design_effect(rows.y[at], (rows.kind[at], maker), deliverer, fortnight)


def _widened(fit: Effects, variance: float) -> Effects:
    """The same with errors of so many times the variance."""
    if variance <= 1:
        return fit
    scale = float(np.sqrt(variance))
    low, high = (fit.effect + scale * (end - fit.effect) for end in (fit.low, fit.high))
    return Effects(fit.effect, low, high)


class _Counted(NamedTuple):
    """Whose each promise is, whether it is completed or overdue, and whether it is open and overdue."""

    place: Ints
    counts: Flags
    overdue: Flags

    def of(self, which: Flags, many: int) -> list[int]:
        """How many of `which` each has."""
        found: list[int] = np.bincount(self.place[(self.place != NONE) & which], minlength=many).tolist()
        return found


def _coded(names: Sequence[str]) -> Coded:
    known, number = np.unique(np.asarray(names, np.str_), return_inverse=True)
    return Coded([str(name) for name in known], number.astype(np.int64))


def _numbered(names: Sequence[str], number: Ints) -> tuple[list[str], Ints]:
    """The names with an effect of their own, and each row's number; one number more is that of all others together."""
    known = np.asarray(names, np.str_)
    many = np.where(known == "", 0, np.bincount(number, minlength=len(known)))
    order = np.lexsort((known, -many))[: min(MOST, int((many > 0).sum()))]
    own = np.full(len(known), len(order), np.int64)
    own[order] = np.arange(len(order))
    own[known == ""] = NONE
    return [str(known[at]) for at in order], own[number]


def _said(names: list[str], counted: _Counted, fit: Effects) -> list[Bias]:
    n, late = (counted.of(which, len(names)) for which in (counted.counts, counted.overdue))
    middles, lows, highs = (np.expm1(column).tolist() for column in fit)
    found = []
    for at, name in enumerate(names):
        if not n[at]:
            continue
        drift = Figure(middles[at], lows[at], highs[at], n[at], Unit.PART, LEVEL)
        if n[at] < LEAST or len(names) < 2:
            drift = too_little(n[at], Unit.PART, LEVEL)
        drift = drift._replace(open=late[at])
        found.append(Bias(name, drift, drift.certain_sign != 0))
    return sorted(found, key=lambda one: (one.drift.too_little_history, -(one.drift.value or 0.0), one.name))
