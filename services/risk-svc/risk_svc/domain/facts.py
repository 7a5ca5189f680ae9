"""Facts that events established about a promise: the only things a message to a customer may state."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from heapq import nlargest
from typing import Final
from zlib import crc32

from candor.contracts import Fact, FactKind, Pause
from risk_svc.domain.incidents import Incident, weightiest
from risk_svc.domain.pauses import Wait, overlap, waits
from risk_svc.domain.state import PromiseState, StepState, StepStatus

MIN_LATE_S: Final = 60.0
MIN_SHARE: Final = 0.01
"""A step counts as late after a minute or a hundredth of the promise's lead time, whichever is longer."""
SHOWN: Final = 16
"""The facts that are named of a promise, in its events, over the API and on the board; of the others, how many."""


def facts(state: PromiseState, linked: Iterable[Incident], now: float) -> list[Fact]:
    """Facts as of `now`: steps that are late, missed, cancelled or overdue by the clock, and linked open incidents."""
    return [
        *facts_of(state.steps, state.lead, now, waits(state)),
        *(_hit(incident) for incident in linked if incident.open_at(now)),
    ]


def foremost(state: PromiseState, linked: Iterable[Incident], now: float) -> tuple[list[Fact], int]:
    """The facts that matter most as of `now`, at most SHOWN, in the order of `facts`, and how many others there are.

    Steps and incidents have half each, or what the others leave. Steps that the customer was told of and that did not
    come go first, the earliest of them before others, then the latest reports; incidents by their severity.
    """
    steps = facts_of(state.steps, state.lead, now, waits(state))
    struck = [incident for incident in linked if incident.open_at(now)]
    places = max(SHOWN // 2, SHOWN - len(struck))
    chosen = steps if len(steps) <= places else _first_of(steps, places)
    hits = weightiest(struck, SHOWN - len(chosen))
    return [*chosen, *map(_hit, hits)], len(steps) - len(chosen) + len(struck) - len(hits)


def digest(found: Iterable[Fact], held_due: float, more: int = 0, pause: Pause | None = None) -> int:
    """A number that changes with the facts, those named and how many `more`, the promised date, or the pause.

    It does not change when only the minutes of the facts grow.
    """
    names = "\n".join(f"{fact.kind.value}|{fact.name}|{fact.event_id}" for fact in found)
    if more:
        names = f"{names}\n{more}"
    if pause is not None:
        names = f"{names}\n{pause}"
    return crc32(f"{held_due}\n{names}".encode("utf-8", "replace"))


def _first_of(steps: Sequence[Fact], most: int) -> list[Fact]:
    def rank(place: int) -> tuple[bool, bool, float]:
        fact = steps[place]
        unmet, at = fact.kind is not FactKind.MILESTONE_LATE, fact.at.timestamp()
        return (unmet and fact.told, unmet, -at if unmet and fact.told else at)

    return [steps[place] for place in sorted(nlargest(most, range(len(steps)), key=rank))]


def facts_of(steps: Iterable[StepState], lead: float, now: float, stood: Sequence[Wait] = ()) -> list[Fact]:
    """Facts as of `now` about steps of a promise with this lead time; its clock `stood` while it waited."""
    margin = max(MIN_LATE_S, MIN_SHARE * lead)
    return [fact for step in steps if (fact := _step(step, margin, now, stood)) is not None]


def _hit(incident: Incident) -> Fact:
    return Fact(
        kind=FactKind.INCIDENT_OPEN,
        event_id=incident.source_event,
        name=incident.category,
        at=_time(incident.since),
        text=incident.title,
        public_text=incident.public_title,
    )


def _step(step: StepState, margin: float, now: float, stood: Sequence[Wait]) -> Fact | None:
    if step.status == StepStatus.REACHED and step.at is not None:
        late = step.at - step.planned - _stood(step, stood, step.at) if step.planned is not None else 0.0
        return _fact(FactKind.MILESTONE_LATE, step, step.at, late) if late >= margin else None
    if step.status == StepStatus.MISSED and step.at is not None:
        return _fact(FactKind.MILESTONE_MISSED, step, step.at, 0.0)
    if step.status == StepStatus.CANCELLED and step.at is not None:
        return _fact(FactKind.MILESTONE_CANCELLED, step, step.at, 0.0)
    late = now - step.planned - _stood(step, stood, now) if step.planned is not None else 0.0
    if step.planned is not None and late >= margin:
        return Fact(
            kind=FactKind.MILESTONE_OVERDUE,
            event_id="",
            name=step.name,
            at=_time(step.planned),
            minutes=_minutes(late),
            told=step.told,
        )
    return None


def _stood(step: StepState, stood: Sequence[Wait], until: float) -> float:
    """How long the promise waited for its customer since the step's plan was made, in seconds."""
    if not stood:
        return 0.0
    return overlap(stood, step.plans[0][0] if step.unplanned and step.plans else 0.0, until)


def _fact(kind: FactKind, step: StepState, at: float, late: float) -> Fact:
    return Fact(
        kind=kind,
        event_id=step.source_event,
        name=step.name,
        at=_time(at),
        minutes=_minutes(late),
        reason=step.reason,
        told=step.told,
        public_reason=step.public_reason,
        planned=_time(step.planned) if step.planned is not None else None,
    )


def _minutes(seconds: float) -> float:
    return float(round(seconds / 60))


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
