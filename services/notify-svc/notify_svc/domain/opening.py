"""Chooses the first sentence of a letter: the news itself, with bad news stated plainly."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from candor.contracts import Statement
from notify_svc.domain.consistency import compared, probably_late
from notify_svc.domain.facts import Announcement, Gap, Move, Promise, Reason

_BY_REASON = {Reason.NOT_KEPT: "not_kept", Reason.DONE_OUTSIDE_RANGE: "done"}


@dataclass(frozen=True, slots=True)
class OpeningFacts:
    """The facts that the first sentence depends on: the range to be told, and what was told before."""

    now: datetime
    promise: Promise
    gap: Gap
    low: datetime | None = None
    high: datetime | None = None
    earlier: Announcement | None = None
    move: Move | None = None


def opening_of(statement: Statement, reason: Reason, facts: OpeningFacts) -> str:
    """The name of an opening in templates/leads.j2."""
    if reason in _BY_REASON:
        return _BY_REASON[reason]
    if facts.move is not None:
        return "moved_later" if facts.move.due > facts.move.before else "moved"
    match statement:
        case Statement.WARNING:
            return _warning(reason, facts)
        case Statement.UPDATE:
            return _update(reason, facts)
        case Statement.CANCELLED:
            return _ended(reason, facts.promise)
    return _good(reason, facts)


def _good(reason: Reason, facts: OpeningFacts) -> str:
    if reason is not Reason.KEPT:
        return "back"
    done, due = facts.gap.completed_at, facts.promise.held_due
    if facts.gap.missing > 0:
        return "done_in_part"
    # Kept, but within tolerance: customers know only the date and would not call that on time.
    return "done_after" if done is not None and done > due else "done"


def _ended(reason: Reason, promise: Promise) -> str:
    if reason is not Reason.CALLED_OFF:
        return "cancelled"
    return "called_off" if promise.called_off is not None and promise.called_off.ours else "withdrawn"


def _warning(reason: Reason, facts: OpeningFacts) -> str:
    if facts.now > facts.promise.held_due + facts.promise.tolerance:
        return "late"
    if probably_late(facts.gap.forecast, facts.low, facts.promise.held_due):
        return "slip"
    return "step" if reason is Reason.MILESTONE_MISSED else "may"


def _update(reason: Reason, facts: OpeningFacts) -> str:
    low, high, earlier = facts.low, facts.high, facts.earlier
    if earlier is None or earlier.low is None or earlier.high is None or low is None or high is None:
        return "open"
    found = compared((low, high), (earlier.low, earlier.high), earlier.at)
    news = reason is not Reason.UPDATE_DUE or any(fact.at > earlier.at for fact in facts.gap.facts)
    return "open" if found == "same" and news else found
