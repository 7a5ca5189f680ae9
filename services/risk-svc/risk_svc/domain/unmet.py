"""Steps that the customer was told of but that did not come as planned: an unmet expectation (ADR 0024)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Final
from zlib import crc32

from candor.contracts import Fact, FactKind
from risk_svc.domain.facts import facts_of
from risk_svc.domain.incidents import Incident
from risk_svc.domain.naming import first_few, short
from risk_svc.domain.pauses import Wait, overlap, waits
from risk_svc.domain.state import PromiseState, StepStatus

WORDS: Final = {
    FactKind.MILESTONE_MISSED: "was missed",
    FactKind.MILESTONE_CANCELLED: "was cancelled",
    FactKind.MILESTONE_OVERDUE: "is overdue",
}


def unmet(state: PromiseState, now: float) -> list[Fact]:
    """Told steps that are missed, cancelled or overdue; none from before the customer agreed to another date.

    A step planned for the promised date itself is overdue with the promise and adds nothing.
    """
    told = [step for step in state.steps if step.told and step.status != StepStatus.REACHED]
    if not told:
        return []
    agreed = _agreed_at(state)
    on_the_date = {step.name for step in state.steps if (step.planned or 0.0) >= state.held_due}
    return [
        fact
        for fact in facts_of(told, state.lead, now, waits(state))
        if fact.at.timestamp() > agreed and not (fact.kind is FactKind.MILESTONE_OVERDUE and fact.name in on_the_date)
    ]


def weight(found: Sequence[Fact], now: float, horizon: float, stood: Sequence[Wait] = ()) -> float:
    """How far the worst of these steps is unmet, in [0, 1]: 1 if missed, its share of H if overdue.

    Time in which the promise's clock `stood` does not count.
    """
    overdue = [
        (now - at - overlap(stood, at, now)) / horizon
        if fact.kind is FactKind.MILESTONE_OVERDUE and (at := fact.at.timestamp())
        else 1.0
        for fact in found
    ]
    return min(1.0, max(overdue, default=0.0))


def words(found: Sequence[Fact]) -> str:
    """E.g. `delivered was missed, and the customer had been told of this step`; empty for none."""
    if not found:
        return ""
    said = first_few([f"{short(fact.name)} {WORDS[fact.kind]}" for fact in found])
    return f"{said}, and the customer had been told of {'this step' if len(found) == 1 else 'these steps'}"


def heard(state: PromiseState, linked: Iterable[Incident]) -> int:
    """A number that stays the same while only time passes and no event about the promise arrives."""
    steps = [(step.name, int(step.status), step.at, step.expected, step.reopened_at) for step in state.steps]
    items = [(item.name, item.share) for item in state.scope]
    hits = [(one.incident_id, one.version) for one in linked]
    known = (state.held_due, state.accepted, steps, items, hits)
    # What few promises have is only part of the number where it is there: those of all others stay what they were.
    rare = [one for one in (state.pauses, state.backed_due) if one]
    return crc32(repr((*known, *rare) if rare else known).encode("utf-8", "replace"))


def _agreed_at(state: PromiseState) -> float:
    """When the promised date last changed; -inf if it never did."""
    after = [*(before for _, before in state.dues[1:]), state.held_due]
    changed = [at for (at, before), then in zip(state.dues, after, strict=False) if before != then]
    return max(changed, default=-math.inf)
