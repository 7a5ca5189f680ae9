"""Customers gone silent over an open gap, and surprises of both signs (definitions.md: gap of a promise)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from risk_svc.insight.measures.figure import Figure, Flags, Floats, Unit, too_little

LEAST: Final = 5
"""Intervals between a customer's words from which a usual one is known."""
LONG: Final = 2.0
"""Usual intervals without a word from which a customer is silent. Assumed."""
OPEN: Final = 25.0
"""Gap from which a silent customer is named. Assumed."""
SURPRISING: Final = 0.1
"""Share of the scale of lateness from which an unannounced outcome is a surprise. Assumed."""


class Words(NamedTuple):
    """Columns of what customers said, in any order: who, and when in epoch seconds."""

    customer: Sequence[str]
    at: Floats


class Silent(NamedTuple):
    """A customer's time since the last word in usual intervals, with the interval that follows from the usual one.

    n is the number of intervals; `days` since the last word; `score` that of the open gap.
    """

    customer: str
    silence: Figure
    days: float
    score: float


class Ended(NamedTuple):
    """Columns of promises that were completed: times in epoch seconds; `scale` H in seconds, above 0.

    `expected` is the end of what the customer was told last; `told` whether they were told of the outcome before it
    came.
    """

    promise: Sequence[str]
    customer: Sequence[str]
    expected: Floats
    done: Floats
    scale: Floats
    told: Flags


class Surprise(NamedTuple):
    """A completion that was not announced: `size` in [-1, 1], above 0 for a good one, and by how many `days`."""

    promise: str
    customer: str
    size: float
    days: float


def silences(words: Words, gaps: dict[str, float], now: float) -> list[Silent]:
    """The silence of each customer with an open gap in `gaps`, longest first, those of too little history last.

    Time since the last word by the median interval between words; its interval takes the median's, by order statistics
    with 95 % or nearly so.
    """
    names, group = np.unique(np.asarray(words.customer, np.str_), return_inverse=True)
    order = np.lexsort((words.at, group))
    ends = np.searchsorted(group[order], np.arange(len(names) + 1))
    found = []
    for at, name in enumerate(names.tolist()):
        if name in gaps:
            said = words.at[order[ends[at] : ends[at + 1]]]
            gone = max(0.0, now - float(said[-1]))
            found.append(Silent(name, _silence(np.sort(np.diff(said)), gone), gone / 86400, gaps[name]))
    return sorted(found, key=lambda one: (one.silence.value is None, -(one.silence.value or 0.0), one.customer))


def gone_silent(silences: Sequence[Silent], long: float = LONG, least_score: float = OPEN) -> list[Silent]:
    """Those silent for at least `long` usual intervals over a gap of at least `least_score`."""
    return [one for one in silences if (one.silence.value or 0.0) >= long and one.score >= least_score]


def surprises(ended: Ended, least: float = SURPRISING) -> list[Surprise]:
    """Completions that nobody announced and that were early or late by at least `least` of H; largest first.

    Good ones too, as these unsettle as well (Gneezy & Epley 2014).
    """
    early = ended.expected - ended.done
    size = np.clip(early / ended.scale, -1.0, 1.0)
    which = np.flatnonzero(~ended.told & (np.abs(size) >= least))
    found = [
        Surprise(ended.promise[at], ended.customer[at], float(size[at]), float(early[at]) / 86400)
        for at in which.tolist()
    ]
    return sorted(found, key=lambda one: (-abs(one.size), -abs(one.days), one.promise))


def _silence(between: Floats, gone: float) -> Figure:
    n = len(between)
    usual = float(np.median(between)) if n else 0.0
    if n < LEAST or usual <= 0:
        return too_little(n, Unit.RATIO)
    place = max(0, int(np.floor(n / 2 - 0.98 * n**0.5)))
    short, long = float(between[place]), float(between[n - 1 - place])
    return Figure(gone / usual, gone / long, gone / short if short > 0 else gone / usual, n, Unit.RATIO)
