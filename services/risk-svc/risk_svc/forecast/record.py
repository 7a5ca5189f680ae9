"""What stated times held, by kind: their last 200 completed promises, and how much later the times must be to hold.

The record of a level has two sides: times at or before the deadline and times after it. One that P(late) puts before
the deadline is never moved past it, as chance and times would then disagree: where too many of those were late, no
time holds, and none is to be stated. (Split conformal prediction by group, Vovk 2012; only ever later, never earlier.)
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from risk_svc.forecast.intervals import STATED
from risk_svc.forecast.layout import Floats
from risk_svc.forecast.survival import INSIDE

LATEST: Final = 200
"""Completed promises that a record consists of, on each side of the deadline."""
LEAST: Final = 20
"""Fewer of them say nothing."""
OFF: Final = 0.05
"""How far from its level the share that came may be before the time is moved."""
KINDS: Final = 1024
"""Promise types with a record; of more, the one that was not completed for longest goes. About 5 KB each."""
SIDES, LEVELS = 2, len(STATED)
EXACT: Final = 1e-6
"""Scores are kept as single floats; a time moved by as much as one of them reaches it."""


class Holding(NamedTuple):
    """Of the last `n` completed ones, the share `held` by what was forecast and `holds` by what is stated now.

    `later` (y) is how much later that is; inf if nothing holds.
    """

    n: int
    held: float
    holds: float
    later: float


class Record:
    """For each promise type, level and side, how much later (y) than forecast the latest completions were.

    A promise counts with one of its forecasts. Inf: forecast for the deadline or before, and late.
    """

    def __init__(self) -> None:
        self.late: dict[str, list[list[float]]] = {}
        self._found: dict[str, list[Holding]] = {}

    def add(self, kind: str, came: float, said: Floats, by: NDArray[np.bool_]) -> None:
        """Counts a completion at y `came`, for which the times `said` (y; inf: perhaps never) were forecast."""
        nothing: list[list[float]] = [[] for _ in range(SIDES * LEVELS)]
        held = self.late[kind] = self.late.pop(kind, nothing)
        self._found.pop(kind, None)
        if len(self.late) > KINDS:
            self._found.pop(gone := next(iter(self.late)), None)
            del self.late[gone]
        for column in np.flatnonzero(np.isfinite(said)).tolist():
            early = bool(by[column])
            one = held[column if early else column + LEVELS]
            one.append(math.inf if early and came >= 0 else float(np.float32(came - said[column])))
            del one[:-LATEST]

    def holdings(self, kind: str) -> list[Holding]:
        """What times at each level held: first those at or before the deadline, then those after it."""
        found = self._found.get(kind)
        if found is None:
            nothing: list[list[float]] = [[] for _ in range(SIDES * LEVELS)]
            held = self.late.get(kind, nothing)
            found = self._found[kind] = [_holding(held, place) for place in range(SIDES * LEVELS)]
        return found


def _holding(held: list[list[float]], place: int) -> Holding:
    column = place % LEVELS
    scores = held[place]
    if len(scores) < LEAST:
        # Too few on this side: those of the other say more than nothing.
        other = held[(place + LEVELS) % (SIDES * LEVELS)]
        scores = scores + other[len(scores) - LATEST :]
    n, level = len(scores), float(STATED[column])
    if n < LEAST:
        return Holding(n, math.nan, math.nan, math.inf)
    ranked = sorted(scores)
    came = sum(score <= EXACT for score in ranked) / n
    if came >= level - OFF:
        return Holding(n, came, came, 0.0)
    last = min(n, math.ceil((n + 1) * level - 1e-9))
    # A side may reach its level only nearly: it holds if it comes within the margin.
    later = next((one for one in reversed(ranked[:last]) if math.isfinite(one)), math.inf)
    holds = sum(score <= later + EXACT for score in ranked) / n if math.isfinite(later) else 0.0
    return Holding(n, came, holds, max(0.0, later + EXACT) if holds >= level - OFF else math.inf)


class Widened(NamedTuple):
    """Times (y) that hold; nan where none does. For each, the record it rests on, as in Holding."""

    told: Floats
    n: NDArray[np.int64]
    held: Floats
    holds: Floats


def widened(record: Record, kinds: list[str], said: Floats, by: NDArray[np.bool_]) -> Widened:
    """The times (y) of promises of these kinds, moved to what holds; those at or before the deadline stay there.

    If one level of a promise holds nothing, all are nan: a range has two ends. Inf stays: it may never be completed.
    """
    names = {kind: place for place, kind in enumerate(dict.fromkeys(kinds))}
    table = np.array([record.holdings(kind) for kind in names]).reshape(-1, SIDES, LEVELS, 4)
    line = np.array([names[kind] for kind in kinds], np.int64)
    found = table[line[:, None], np.where(by, 0, 1), np.arange(LEVELS)]
    moved = said + found[:, :, 3]
    moved = np.where(by, np.where(np.isinf(found[:, :, 3]), np.nan, np.minimum(moved, 0.0)), moved)
    moved = np.where((moved > np.maximum(INSIDE, said)) & np.isfinite(said), np.nan, moved)
    told = np.where(np.isinf(said), said, np.maximum.accumulate(moved, axis=1))
    told[np.isnan(told).any(axis=1)] = np.nan
    return Widened(told, found[:, :, 0].astype(np.int64), found[:, :, 1], found[:, :, 2])
