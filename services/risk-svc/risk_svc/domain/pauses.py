"""The pause clock: when a promise waited for its customer, which does not count as our time (ADR 0120)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

import msgspec

from candor.contracts import Pause
from risk_svc.domain.pause_mark import Mark
from risk_svc.domain.state import PromiseState, StepStatus

MARKS_LIMIT: Final = 32
"""Marks of a promise that are remembered: as many as delivery-svc takes."""


class Wait(NamedTuple):
    """A time in which a promise waited, in epoch seconds; `public_reason` is what was said of it last."""

    since: float
    until: float
    public_reason: str = ""


def told(wait: Wait) -> Pause:
    """A wait as it is told."""
    since, until = (datetime.fromtimestamp(at, UTC) for at in (wait.since, wait.until))
    return Pause(since=since, until=until, public_reason=wait.public_reason)


def marked(state: PromiseState, mark: Mark) -> None:
    """Take in a mark, whatever came before it."""
    # Of a moment the pause comes first, so that whoever said both waited for nobody.
    found = sorted({*state.pauses, mark}, key=lambda one: (one.at, one.until == 0.0, one))
    state.pauses = found[-MARKS_LIMIT:]


def forget(state: PromiseState, step: str) -> None:
    """Leave out the marks of a step, which is told anew."""
    if state.pauses:
        state.pauses = [mark for mark in state.pauses if mark.step != step]


def wordless(found: Sequence[Mark]) -> list[Mark]:
    """The marks without what people wrote."""
    return [msgspec.structs.replace(mark, public_reason="") for mark in found]


def waits(state: PromiseState, known_by: float = math.inf) -> list[Wait]:
    """The times in which any of the steps waited, as known at a time: in order and disjoint."""
    if not state.pauses:
        return []
    joined: list[Wait] = []
    for wait in sorted(_found(state, known_by)):
        if joined and wait.since <= joined[-1].until:
            last = joined[-1]
            joined[-1] = last._replace(until=max(last.until, wait.until), public_reason=wait.public_reason)
        else:
            joined.append(wait)
    return joined


def overlap(found: Sequence[Wait], since: float, until: float) -> float:
    """Seconds of these waits between two times."""
    return sum(max(0.0, min(wait.until, until) - max(wait.since, since)) for wait in found)


def waited(state: PromiseState, until: float, known_by: float = math.inf) -> float:
    """Seconds for which the promise waited for its customer from its making until a time."""
    return overlap(waits(state, known_by), state.made_at, until) if state.pauses else 0.0


def deadline(state: PromiseState, at: float, known_by: float = math.inf) -> float:
    """The time up to which a promise counts as kept, seen at a time: e + τ and what it waited until then."""
    return state.deadline + waited(state, at, known_by) if state.pauses else state.deadline


def current(state: PromiseState, now: float) -> Wait | None:
    """The wait that goes on at `now`."""
    return next((wait for wait in waits(state) if wait.since <= now < wait.until), None)


def _found(state: PromiseState, known_by: float) -> Iterator[Wait]:
    """The times in which each step waited."""
    # A step that is over waits for nobody.
    over = {step.name: step.at for step in state.steps if step.status >= StepStatus.REACHED and step.at is not None}
    known = [mark for mark in state.pauses if mark.known <= known_by]
    for name in {mark.step for mark in known}:
        end = over.get(name, math.inf)
        for wait in _of_step([mark for mark in known if mark.step == name], end):
            if wait.since < min(wait.until, end):
                yield wait._replace(until=min(wait.until, end))


def _of_step(marks: Sequence[Mark], end: float) -> Iterator[Wait]:
    since, until, words = math.inf, 0.0, ""
    for mark in (*marks, Mark(end, 0.0)):
        if since < math.inf and mark.at > until:
            yield Wait(since, until, words)
            since = math.inf
        if mark.until:
            since, until = (since, max(until, mark.until)) if since < math.inf else (mark.at, mark.until)
            words = mark.public_reason
        elif since < math.inf:
            yield Wait(since, mark.at, words)
            since = math.inf
