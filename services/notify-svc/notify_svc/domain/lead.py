"""Which first sentence a letter opens with: the news in one word, bad news as bad as it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from notify_svc.domain.model import Gap, Promise, Reason, Statement, Told
from notify_svc.domain.schedule import step_of

_BY_REASON = {Reason.NOT_KEPT: "not_kept", Reason.KEPT: "done", Reason.DONE_OUTSIDE_RANGE: "done"}


@dataclass(frozen=True, slots=True)
class Leading:
    """What the first sentence depends on: the range about to be told, and what was told before."""

    now: datetime
    promise: Promise
    gap: Gap
    low: datetime | None = None
    high: datetime | None = None
    earlier: Told | None = None


def lead_of(statement: Statement, reason: Reason, facts: Leading) -> str:
    """A name of templates/leads.j2."""
    if reason in _BY_REASON:
        return _BY_REASON[reason]
    match statement:
        case Statement.WARNING:
            return _warning(facts)
        case Statement.UPDATE:
            return _update(reason, facts)
        case _:
            return "back" if statement is Statement.ALL_CLEAR else "cancelled"


def _warning(facts: Leading) -> str:
    if facts.now > facts.promise.held_due + facts.promise.tolerance:
        return "late"
    forecast = facts.gap.forecast
    return "slip" if forecast is not None and forecast.p_slip >= 0.5 else "step"


def _update(reason: Reason, facts: Leading) -> str:
    low, high, earlier = facts.low, facts.high, facts.earlier
    if earlier is None or earlier.low is None or earlier.high is None or low is None or high is None:
        return "open"
    step = step_of(earlier.low - earlier.at)
    if abs(high - earlier.high) <= step:
        return "same" if reason is Reason.UPDATE_DUE else "open"
    if high > earlier.high:
        return "later"
    return "earlier" if low < earlier.low else "open"
