"""What each customer expects of our writing: from which risk, how early and how often; by their contact and tier.

It holds back what rests on a forecast alone. What has happened, an end, another date and whatever takes bad news back
are told to everybody alike.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final, NamedTuple

from candor.contracts import Statement, Tolerance
from notify_svc.domain.facts import Announcement, Expectation, Gap, Promise, Reason, Rules

OTHERS: Final = "*"
"""The tier whose defaults are those of everybody without a tier of their own."""


SPARED: Final = MappingProxyType({Statement.WARNING: Reason.SLIP_HELD, Statement.UPDATE: Reason.RANGE_LEFT})
"""Of each statement that may be held back, for which reason it would be made."""


class Spared(NamedTuple):
    """Why a message is not written, in a word, and until when; None until the risk is greater."""

    why: str
    until: datetime | None = None


def expected(rules: Rules, own: Expectation) -> Expectation:
    """What a customer expects: their own word, else their tier's, else everybody's."""
    tiers = {name.casefold(): one for name, one in rules.tiers.items()}
    by_tier = tiers.get(own.tier.casefold(), tiers.get(OTHERS, Expectation()))
    return Expectation(
        own.tier,
        own.tolerance or by_tier.tolerance,
        by_tier.ahead if own.ahead is None else own.ahead,
        by_tier.pace if own.pace is None else own.pace,
    )


def warned_from(rules: Rules, tolerance: Tolerance | None) -> float:
    """The risk of delay, in [0, 1], from which customers of a tolerance are warned.

    Usual: `warn_at`. Low: halfway from `clear_at` to it, so that a warning is never taken back at once. High: halfway
    from it to certainty.
    """
    match tolerance:
        case Tolerance.LOW:
            return (rules.clear_at + rules.warn_at) / 2
        case Tolerance.HIGH:
            return (rules.warn_at + 1) / 2
    return rules.warn_at


def rules_of(rules: Rules, own: Expectation) -> Rules:
    """When to speak to a customer who says `own` of themselves."""
    found = expected(rules, own)
    if found == Expectation(own.tier):
        return rules
    risk = warned_from(rules, found.tolerance)
    pace = found.pace or timedelta(0)
    return replace(
        rules,
        # Risks are followed from the lower of the two on, so that what is held back is known, and stored.
        warn_at=min(rules.warn_at, risk),
        tolerated=risk if risk > rules.warn_at else 0.0,
        ahead=found.ahead,
        pace=pace,
        update_min=max(rules.update_min, pace),
        update_max=max(rules.update_max, pace),
    )


def spared(
    reason: Reason, before: Announcement | None, risk: float, gap: Gap, promise: Promise, now: datetime, rules: Rules
) -> Spared | None:
    """Why this customer is not written to for `reason` now; None if they are.

    `before` is what they were told last in this episode, `risk` the risk of delay, in [0, 1], that the message says.
    """
    if reason is Reason.SLIP_HELD and now < promise.held_due:
        early = promise.held_due - rules.ahead if rules.ahead is not None else now
        if risk < rules.tolerated:
            return Spared("risk")
        return Spared("ahead", early) if now < early else None
    if reason is not Reason.RANGE_LEFT or before is None or _first_said_late(before, gap, promise):
        return None
    # Never past the times that they were told: those are over then.
    until = before.at + rules.pace
    until = until if before.high is None else min(until, before.high)
    return Spared("pace", until) if now < until else None


def _first_said_late(before: Announcement, gap: Gap, promise: Promise) -> bool:
    """Whether they could still expect it in time, and by now more than half of such promises come too late."""
    p50 = gap.forecast.p50 if gap.forecast is not None else None
    open_ = before.low is None or before.low <= promise.held_due
    return open_ and before.at < promise.held_due and p50 is not None and p50 > promise.held_due
