"""Which reference classes a promise belongs to at a moment: stage, how late it runs, trouble, labels."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Hashable, Iterator
from datetime import UTC, datetime
from typing import Final, NamedTuple

from candor.contracts import Label
from risk_svc.domain.forecast.base import Case
from risk_svc.domain.state import Step, StepStatus

Key = tuple[Hashable, ...]
Tags = tuple[tuple[str, Hashable], ...]

_RUNGS: Final = [7.5 * 60 * 2**k for k in range(15)]
EDGES: Final = [-edge for edge in reversed(_RUNGS)] + [0.0, *_RUNGS]
"""Lateness in seconds, doubling from 7.5 minutes to 85 days either side of the plan."""

KIND_LEVEL: Final = 1
LABEL_LEVEL: Final = 4
"""Places in a moment's chain: every promise of the kind, and the parent of the label classes."""


class Moment(NamedTuple):
    """The classes of a case at a time: `chain` from wide to narrow, `labels` one a tag; `shift` is seconds late."""

    chain: tuple[Key, ...]
    labels: tuple[Key, ...]
    shift: float


def tags(case: Case) -> Tags:
    """The labels as categories, hour and weekday of the due date (UTC), and each label by the due hour."""
    due = datetime.fromtimestamp(case.due, UTC)
    single = [(name, category(value)) for name, value in case.labels.items()]
    paired: list[tuple[str, Hashable]] = [(f"{name} by due hour", (value, due.hour)) for name, value in single]
    return (("due hour", due.hour), ("due weekday", due.weekday()), *single, *paired)


def category(value: Label) -> Hashable:
    """One label as a category: text and flags as they are, numbers by half octave unless small and whole."""
    if isinstance(value, str | bool):
        return value
    if not math.isfinite(value):
        return "not finite"
    if value == int(value) and abs(value) < 32:
        return int(value)
    return (value > 0, round(2 * math.log2(abs(value))))


def position_at(case: Case, at: float) -> tuple[Step | None, Step | None]:
    """The last milestone reached by `at` and the one that follows it, in the promise's own order."""
    last = -1
    for index, step in enumerate(case.steps):
        if step.status == StepStatus.REACHED and step.at is not None and step.at <= at:
            last = index
    reached = case.steps[last] if last >= 0 else None
    ahead = case.steps[last + 1] if last + 1 < len(case.steps) else None
    return reached, ahead


def plan(case: Case, step: Step | None) -> float | None:
    """When the step was first planned; the date held stands in for an unplanned last step."""
    if step is None:
        return None
    if step.planned is None and step is case.steps[-1]:
        return case.due
    return step.planned


def running(case: Case, ahead: Step | None, at: float) -> float:
    """Seconds by which the next milestone is known to run late at `at`; below zero while its plan lies ahead."""
    planned = plan(case, ahead)
    if planned is None:
        return at - case.due
    expected = at
    if ahead is not None and ahead.expected is not None and (ahead.expected_at or 0.0) <= at:
        expected = max(at, ahead.expected)
    return expected - planned


def trouble(case: Case, at: float) -> int:
    """Linked incidents open at `at`: 0 none, 1 minor, 2 severe (severity from .5)."""
    worst = 0.0
    for start, until, severity in case.troubles:
        if start <= at and (until is None or until > at):
            worst = max(worst, severity)
    return 0 if worst == 0 else 1 if worst < 0.5 else 2


def moment(case: Case, at: float, labels: Tags) -> Moment:
    """The classes the case is in at business time `at`, knowing nothing later; `labels` are its `tags`."""
    reached, ahead = position_at(case, at)
    planned = plan(case, reached)
    late, grade = 0.0, 0
    if reached is not None and planned is not None and reached.at is not None:
        late = reached.at - planned
        grade = bisect_right(EDGES, late)
    ahead_late = running(case, ahead, at)
    rung = bisect_right(EDGES, ahead_late)
    kind, stage, overdue = case.kind, reached.name if reached is not None else "", ahead_late > 0
    chain: tuple[Key, ...] = (
        (),
        (kind,),
        (kind, stage),
        (kind, stage, grade),
        (kind, stage, grade, overdue),
        (kind, stage, grade, overdue, rung),
        (kind, stage, grade, overdue, rung, trouble(case, at)),
    )
    aside = tuple([(kind, stage, grade, overdue, name, value, "label") for name, value in labels])
    return Moment(chain, aside, max(late, EDGES[rung - 1] if overdue else 0.0))


def moments(case: Case, end: float) -> Iterator[float]:
    """Every business time in [made, end) at which the case's classes change, in order; at least `made`."""
    times = {case.made}
    for step in case.steps:
        times.update(time for time in (step.at, step.expected_at) if time is not None)
        planned = plan(case, step)
        if planned is not None:
            times.update(planned + edge for edge in EDGES)
    for start, until, _ in case.troubles:
        times.update(time for time in (start, until) if time is not None)
    yield from sorted(time for time in times if case.made <= time < max(end, case.made + 1))


def next_edge(case: Case, now: float) -> float:
    """The next business time at which the clock alone moves the case to another class; inf if none."""
    _, ahead = position_at(case, now)
    planned = plan(case, ahead)
    if planned is None:
        planned = case.due
    rung = bisect_right(EDGES, now - planned)
    return planned + EDGES[rung] if rung < len(EDGES) else math.inf


def words(chain_key: Key) -> str:
    """A class in plain words, e.g. `flight, after departed, 15 to 30 min late, severe incident`."""
    if not chain_key:
        return "all promises"
    said = [str(chain_key[0])]
    if len(chain_key) > 1:
        said.append(f"after {chain_key[1]}" if chain_key[1] else "nothing reached yet")
    if len(chain_key) > 2 and chain_key[2]:
        said.append("which was " + _late(int(chain_key[2])))  # type: ignore[call-overload]
    if len(chain_key) > 4:
        said.append("next step " + _late(int(chain_key[4])))  # type: ignore[call-overload]
    elif len(chain_key) > 3:
        said.append("next step overdue" if chain_key[3] else "next step not due yet")
    if len(chain_key) > 5 and chain_key[5]:
        said.append("minor incident" if chain_key[5] == 1 else "severe incident")
    return ", ".join(said)


def _late(rung: int) -> str:
    low = EDGES[rung - 1] if rung else -math.inf
    high = EDGES[rung] if rung < len(EDGES) else math.inf
    if high <= 0:
        if math.isinf(low):
            return f"{duration(-high)} or more ahead of its plan"
        return f"{duration(-low)} to {duration(-high)} early" if high else f"up to {duration(-low)} early"
    if low == 0:
        return f"up to {duration(high)} late"
    return f"more than {duration(low)} late" if math.isinf(high) else f"{duration(low)} to {duration(high)} late"


def duration(seconds: float) -> str:
    """Seconds in the largest unit that fits: `7 min`, `4 h`, `11 days`."""
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.0f} h" if seconds < 172800 else f"{seconds / 86400:.0f} days"
