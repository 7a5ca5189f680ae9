"""Why a due message must not be sent, and whether a composed one still may."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from candor.contracts import Standing, Statement
from notify_svc.domain.episode import left, recovered
from notify_svc.domain.facts import Announcement, Gap, Promise, Reason, Rules


@dataclass(frozen=True, slots=True)
class Recipient:
    """The recipient of a message; `consent` is None if the contact could not be read."""

    known: bool = False
    consent: bool | None = None
    refused: bool = False
    erased: bool = False


def silenced(promise: Promise | None, recipient: Recipient, sent_today: int, cap: int) -> Reason | None:
    """The first reason not to write to this recipient at all; None if there is none."""
    reasons = (
        (recipient.erased or promise is None, Reason.ERASED),
        (promise is not None and promise.withdrawn, Reason.WITHDRAWN),
        (promise is not None and promise.historical, Reason.HISTORICAL),
        (promise is not None and promise.disputed, Reason.DISPUTED),
        (not recipient.known, Reason.NO_CONTACT),
        (recipient.consent is None, Reason.BAD_CONTACT),
        (not recipient.consent, Reason.NO_CONSENT),
        (recipient.refused, Reason.ADDRESS_REFUSED),
        (sent_today >= cap, Reason.DAILY_CAP),
    )
    return next((reason for applies, reason in reasons if applies), None)


def outdated(
    statement: Statement, spoken_for: Reason, told: Announcement, gap: Gap | None, now: datetime, rules: Rules
) -> Reason | None:
    """Why the newest gap no longer supports a composed message; None if it may still be sent."""
    if gap is None:
        return Reason.SUPERSEDED
    # The message may have waited for the owner or the mail server: its range must not be in the past by now.
    to_come = (told.next_update_by, told.high if gap.standing is Standing.OPEN else None)
    if any(at is not None and now >= at for at in to_come):
        return Reason.STALE
    if spoken_for in (Reason.DONE_OUTSIDE_RANGE, Reason.NOT_KEPT, Reason.KEPT, Reason.CANCELLED):
        return None if gap.standing.value == _STANDING[spoken_for].value else Reason.SUPERSEDED
    if gap.standing is not Standing.OPEN:
        return Reason.SUPERSEDED
    p_slip = gap.forecast.p_slip if gap.forecast else None
    if statement is Statement.ALL_CLEAR:
        holds = p_slip is not None and p_slip < rules.warn_at and now < gap.held_due
        return None if holds else Reason.SUPERSEDED
    # The same rule as in the decision: otherwise a message could be withdrawn and decided again for ever, never sent.
    better = recovered(gap, gap.held_due, now, rules) and spoken_for is not Reason.MILESTONE_MISSED
    return Reason.SUPERSEDED if better or left(told, gap, rules) else None


_STANDING = {
    Reason.DONE_OUTSIDE_RANGE: Standing.BROKEN,
    Reason.NOT_KEPT: Standing.BROKEN,
    Reason.KEPT: Standing.KEPT,
    Reason.CANCELLED: Standing.CANCELLED,
}
