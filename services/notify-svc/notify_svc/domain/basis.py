"""What a composed message states as fact, and whether that is still so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from candor.contracts import Fact, Statement
from notify_svc.domain.consistency import probably_late
from notify_svc.domain.facts import Announcement, Gap, Promise
from notify_svc.domain.moving import newest


@dataclass(frozen=True, slots=True)
class Basis:
    """What may change between composing and sending.

    `promised` is the event that set the promised date, `facts` what was known of steps and incidents, `completed_at`
    the completion that a last word names, `probably_late` whether a warning calls lateness probable, `moved` the
    newest move of the date by the company.
    """

    promised: str
    facts: tuple[str, ...] = ()
    completed_at: datetime | None = None
    probably_late: bool = False
    moved: str = ""


def basis_of(promise: Promise, gap: Gap, told: Announcement, *, closing: bool) -> Basis:
    """What a message composed from this promise and gap rests on."""
    return Basis(
        promise.event_id,
        tuple(sorted({_identity(fact) for fact in gap.facts})),
        gap.completed_at if closing else None,
        told.statement is Statement.WARNING and not closing and _probably_late(promise, gap, told),
        newest(promise),
    )


def holds(basis: Basis, promise: Promise, gap: Gap, told: Announcement, *, closing: bool) -> bool:
    """Whether all that the message states is still so; what became known since does not make it wrong."""
    now = basis_of(promise, gap, told, closing=closing)
    return (
        basis.promised == now.promised
        and basis.completed_at == now.completed_at
        and basis.moved == now.moved
        and set(basis.facts) <= set(now.facts)
        and (now.probably_late or not basis.probably_late)
    )


def _probably_late(promise: Promise, gap: Gap, told: Announcement) -> bool:
    return probably_late(gap.forecast, told.low, promise.held_due)


def _identity(fact: Fact) -> str:
    # Without its minutes: a step that is overdue for longer is the same fact; one proved by the clock has no event.
    return f"{fact.kind.value} {fact.name} {fact.event_id or fact.at.isoformat()}"
