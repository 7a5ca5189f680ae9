"""Kept three ways (*OTIF*, on time in full), Percent Plan Complete and the reset rate (definitions.md: kept)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from risk_svc.insight.measures.figure import Figure, Flags, Floats, Ints, share


class Settled(NamedTuple):
    """Columns of promises; times in epoch seconds, NaN where there is none; tolerance in seconds.

    `done` is when it was completed; `delivered` the share of its scope in [0, 1], NaN where none was agreed.
    `ours`: how often the company itself moved the date; `agreed`: to how many of these the customer agreed. `open`: up
    to when a promise is known not to have ended, NaN: it has.
    """

    group: Sequence[str]
    requested: Floats
    first: Floats
    latest: Floats
    tolerance: Floats
    done: Floats
    delivered: Floats
    ours: Ints
    agreed: Ints
    open: Floats


class Steps(NamedTuple):
    """Columns of steps that have come due; times in epoch seconds, `reached` NaN where it never was.

    `open`: whether the promise is.
    """

    group: Sequence[str]
    planned: Floats
    reached: Floats
    open: Flags


class Tally(NamedTuple):
    """Counts of one group; they add over promises, so they may be kept as running totals.

    `…_open`: of the number before it, those that are open, and past the date that it is about.
    """

    n: int = 0
    requested_n: int = 0
    requested: int = 0
    first_n: int = 0
    first: int = 0
    latest_n: int = 0
    latest: int = 0
    full_n: int = 0
    full: int = 0
    steps_n: int = 0
    steps: int = 0
    reset: int = 0
    moves: int = 0
    agreed: int = 0
    open: int = 0
    requested_open: int = 0
    first_open: int = 0
    latest_open: int = 0
    steps_open: int = 0
    part: int = 0


class Punctuality(NamedTuple):
    """Shares with n and 95 % interval: done by the requested, first and latest date; by the latest and in full.

    `plan_complete`: steps reached by their plan; `reset`: promises whose date the company moved at least once;
    `agreed`: of its moves, those to which the customer agreed. `not_in_full`: done by the latest date, and something of
    the scope missing. What is open past a date is not done by it, as of now.
    """

    requested: Figure
    first: Figure
    latest: Figure
    in_full: Figure
    plan_complete: Figure
    reset: Figure
    agreed: Figure
    not_in_full: Figure


def tallies(settled: Settled, steps: Steps) -> dict[str, Tally]:
    """The counts of each group in columns of promises and of steps.

    An open promise counts against a date once that date and the tolerance have passed, and for resets once its first
    date has: nobody is better for never ending one.
    """
    names, place = np.unique(np.asarray([*settled.group, *steps.group], np.str_), return_inverse=True)
    group, of_steps = place[: len(settled.group)], place[len(settled.group) :]
    still = np.isfinite(settled.open)
    dues = (settled.requested, settled.first, settled.latest)
    # Comparing with NaN is false: what has no such date is not past it.
    past = [still & (settled.open > due + settled.tolerance) for due in dues]
    counts = [np.isfinite(due) & (late | ~still) for due, late in zip(dues, past, strict=True)]
    met = [~still & (settled.done <= due + settled.tolerance) for due in dues]
    asked = np.isfinite(settled.delivered) & counts[2]
    judged = past[1] | ~still
    moves = [judged & (settled.ours > 0), judged * settled.ours, judged * settled.agreed]
    shares = [column for pair in zip(counts, met, strict=True) for column in pair]
    columns = [judged, *shares, asked, asked & met[2] & (settled.delivered >= 1.0)]
    counted = [np.bincount(group, column, len(names)) for column in columns]
    by_plan = [np.isfinite(steps.planned), steps.reached <= steps.planned]
    counted += [np.bincount(of_steps, column, len(names)) for column in by_plan]
    counted += [np.bincount(group, column, len(names)) for column in (*moves, past[1], *past)]
    unreached = steps.open & np.isfinite(steps.planned) & ~np.isfinite(steps.reached)
    counted.append(np.bincount(of_steps, unreached, len(names)))
    counted.append(np.bincount(group, asked & met[2] & (settled.delivered < 1.0), len(names)))
    table = np.array(counted).T.round().astype(int).tolist()
    return {str(name): Tally(*row) for name, row in zip(names, table, strict=True)}


def joined(found: Iterable[Tally]) -> Tally:
    """The counts of several groups together."""
    return Tally(*(sum(column) for column in zip(Tally(), *found, strict=True)))


def punctuality(tally: Tally) -> Punctuality:
    """The figures of a group's counts."""
    return Punctuality(
        share(tally.requested, tally.requested_n)._replace(open=tally.requested_open),
        share(tally.first, tally.first_n)._replace(open=tally.first_open),
        share(tally.latest, tally.latest_n)._replace(open=tally.latest_open),
        share(tally.full, tally.full_n)._replace(open=tally.latest_open),
        share(tally.steps, tally.steps_n)._replace(open=tally.steps_open),
        share(tally.reset, tally.n)._replace(open=tally.open),
        share(tally.agreed, tally.moves),
        share(tally.part, tally.full_n)._replace(open=tally.latest_open),
    )
