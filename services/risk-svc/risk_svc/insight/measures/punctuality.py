"""Kept three ways (*OTIF*, on time in full), Percent Plan Complete and the reset rate (definitions.md: kept)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from risk_svc.insight.measures.figure import Figure, Flags, Floats, Ints, share


class Settled(NamedTuple):
    """Columns of settled promises; times in epoch seconds, NaN where there is none; tolerance in seconds.

    `done` is when it was completed; `delivered` the share of its scope in [0, 1], NaN where none was agreed.
    `ours`: how often the company itself moved the date; `agreed`: to how many of these the customer agreed.
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


class Steps(NamedTuple):
    """Columns of steps that have come due; times in epoch seconds, `reached` NaN where it never was."""

    group: Sequence[str]
    planned: Floats
    reached: Floats


class Tally(NamedTuple):
    """Counts of one group; they add over promises, so they may be kept as running totals."""

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


class Punctuality(NamedTuple):
    """Shares with n and 95 % interval: done by the requested, first and latest date; by the latest and in full.

    `plan_complete`: steps reached by their plan; `reset`: promises whose date the company moved at least once;
    `agreed`: of its moves, those to which the customer agreed.
    """

    requested: Figure
    first: Figure
    latest: Figure
    in_full: Figure
    plan_complete: Figure
    reset: Figure
    agreed: Figure


def tallies(settled: Settled, steps: Steps) -> dict[str, Tally]:
    """The counts of each group in columns of promises and of steps."""
    names, place = np.unique(np.asarray([*settled.group, *steps.group], np.str_), return_inverse=True)
    group, of_steps = place[: len(settled.group)], place[len(settled.group) :]
    columns: list[Floats | Ints | Flags] = [np.ones(len(group))]
    for due in (settled.requested, settled.first, settled.latest):
        columns += [np.isfinite(due), settled.done <= due + settled.tolerance]
    in_time = columns[-1].astype(np.bool_)
    asked = np.isfinite(settled.delivered) & np.isfinite(settled.latest)
    columns += [asked, asked & in_time & (settled.delivered >= 1.0)]
    by_plan = [np.isfinite(steps.planned), steps.reached <= steps.planned]
    counts = [np.bincount(group, column, len(names)) for column in columns]
    counts += [np.bincount(of_steps, column, len(names)) for column in by_plan]
    counts += [np.bincount(group, moves, len(names)) for moves in (settled.ours > 0, settled.ours, settled.agreed)]
    table = np.array(counts).T.round().astype(int).tolist()
    return {str(name): Tally(*row) for name, row in zip(names, table, strict=True)}


def joined(found: Iterable[Tally]) -> Tally:
    """The counts of several groups together."""
    return Tally(*(sum(column) for column in zip(Tally(), *found, strict=True)))


def punctuality(tally: Tally) -> Punctuality:
    """The figures of a group's counts."""
    return Punctuality(
        share(tally.requested, tally.requested_n),
        share(tally.first, tally.first_n),
        share(tally.latest, tally.latest_n),
        share(tally.full, tally.full_n),
        share(tally.steps, tally.steps_n),
        share(tally.reset, tally.n),
        share(tally.agreed, tally.moves),
    )
