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
SURPRISING: Final = 0.5
"""Share of the scale of lateness from which an outcome is a surprise. Assumed."""


class Words(NamedTuple):
    """Columns of what customers said, in any order: who, and when in epoch seconds."""

    customer: Sequence[str]
    at: Floats


class Silent(NamedTuple):
    """A customer's time since the last word in usual intervals, with the interval that follows from the usual one.

    n is the number of intervals; `days` since the last word, None where none is known; `score` that of the open gap.
    """

    customer: str
    silence: Figure
    days: float | None
    score: float


class Ended(NamedTuple):
    """Columns of promises that have ended: times in epoch seconds; `scale` H in seconds, above 0.

    `begin` to `end` is what the customer was told last before it ended: to come at no time of it is a surprise. `end`
    is infinite where they were told of trouble and of no date. `done` is NaN where it never came; `known` whether the
    customer had then been told that it would not. `missing` is the share of the scope that was not there, 0 to 1.
    """

    begin: Floats
    end: Floats
    done: Floats
    scale: Floats
    known: Flags
    missing: Floats


def silences(words: Words, gaps: dict[str, float], now: float) -> list[Silent]:
    """The silence of each customer with an open gap in `gaps`, longest first, those of too little history last.

    Time since the last word by the median interval between words; its interval takes the median's, by order statistics
    with 95 % or nearly so. Of whom no word is known there is too little history, as there is below five intervals.
    """
    names, group = np.unique(np.asarray(words.customer, np.str_), return_inverse=True)
    order = np.lexsort((words.at, group))
    ends = np.searchsorted(group[order], np.arange(len(names) + 1))
    unheard = gaps.keys() - set(names.tolist())
    found = [Silent(name, too_little(0, Unit.RATIO), None, gaps[name]) for name in unheard]
    for at, name in enumerate(names.tolist()):
        if name in gaps:
            said = words.at[order[ends[at] : ends[at + 1]]]
            gone = max(0.0, now - float(said[-1]))
            found.append(Silent(name, _silence(np.sort(np.diff(said)), gone), gone / 86400, gaps[name]))
    return sorted(found, key=lambda one: (one.silence.value is None, -(one.silence.value or 0.0), one.customer))


def gone_silent(silences: Sequence[Silent], long: float = LONG, least_score: float = OPEN) -> list[Silent]:
    """Those silent for at least `long` usual intervals over a gap of at least `least_score`."""
    return [one for one in silences if (one.silence.value or 0.0) >= long and one.score >= least_score]


def surprises(ended: Ended, least: float = SURPRISING) -> Floats:
    """How much better (above 0) or worse than told each promise ended, -1 to 1; 0 below `least` of H, and within it.

    Good ones too, as these unsettle as well (Gneezy & Epley 2014). What never came is -1 unless that was known; of what
    came, a share of the scope of at least `least` that was missing counts where it is worse than the time.
    """
    early = np.maximum(0.0, ended.begin - ended.done) - np.maximum(0.0, ended.done - ended.end)
    size = np.clip(early / ended.scale, -1.0, 1.0)
    size = np.where(ended.missing >= least, np.minimum(size, -ended.missing), size)
    size = np.where(np.isnan(ended.done), np.where(ended.known, 0.0, -1.0), size)
    return np.where(np.abs(size) >= least, size, 0.0)


def _silence(between: Floats, gone: float) -> Figure:
    n = len(between)
    usual = float(np.median(between)) if n else 0.0
    if n < LEAST or usual <= 0:
        return too_little(n, Unit.RATIO)
    place = max(0, int(np.floor(n / 2 - 0.98 * n**0.5)))
    short, long = float(between[place]), float(between[n - 1 - place])
    return Figure(gone / usual, gone / long, gone / short if short > 0 else gone / usual, n, Unit.RATIO)
