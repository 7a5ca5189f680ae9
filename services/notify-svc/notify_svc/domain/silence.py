"""Why a due message must not be sent, and whether a composed one still may."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from candor.contracts import Purpose, Standing, Statement
from notify_svc.domain.basis import Basis, holds
from notify_svc.domain.episode import left, missed, recovered, told_otherwise
from notify_svc.domain.expecting import spared
from notify_svc.domain.facts import Announcement, Gap, Promise, Reason, Rules
from notify_svc.domain.moving import postponed
from notify_svc.domain.purposes import ALL, wanted

EVEN: Final = 0.5
CAP_WINDOW: Final = timedelta(hours=24)
"""The daily caps count the messages of this long, up to now."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """The recipient of a message; `consent` is None if the contact could not be read.

    `stopped`: they said themselves that they want no messages; `purposes` are those that they may be written to for.
    """

    known: bool = False
    consent: bool | None = None
    refused: bool = False
    erased: bool = False
    stopped: bool = False
    purposes: frozenset[Purpose] = ALL


@dataclass(frozen=True, slots=True)
class Composed:
    """A message that waits to be sent; `basis` is None if it was composed before messages kept what they rest on.

    `risk` is the risk of delay that it was decided on; `before` is what the customer was told last before it.
    """

    statement: Statement
    spoken_for: Reason
    told: Announcement
    closing: bool
    basis: Basis | None
    risk: float = 1.0
    before: Announcement | None = None


def silenced(
    promise: Promise | None,
    recipient: Recipient,
    sent_today: int,
    cap: int,
    spoken_for: Reason | None = None,
    statement: Statement | None = None,
) -> Reason | None:
    """The first reason not to write to this recipient; None if there is none.

    Of a promise that is called off only that is told (`spoken_for`); of what is written for a purpose that they do not
    want, nothing.
    """
    called_off = promise is not None and promise.withdrawn and spoken_for is not Reason.CALLED_OFF
    reasons = (
        (recipient.erased or promise is None, Reason.ERASED),
        (called_off, Reason.WITHDRAWN),
        (promise is not None and promise.historical, Reason.HISTORICAL),
        (promise is not None and promise.disputed, Reason.DISPUTED),
        (not recipient.known, Reason.NO_CONTACT),
        (recipient.consent is None, Reason.BAD_CONTACT),
        (not recipient.consent, Reason.NO_CONSENT),
        (recipient.stopped, Reason.UNSUBSCRIBED),
        (not wanted(statement, spoken_for, recipient.purposes), Reason.PURPOSE_NOT_WANTED),
        (recipient.refused, Reason.ADDRESS_REFUSED),
        (sent_today >= cap, Reason.DAILY_CAP),
    )
    return next((reason for applies, reason in reasons if applies), None)


def unasked(said: Composed, recipient: Recipient) -> bool:
    """Whether a composed message announces an update to somebody who wants none by now."""
    return said.told.next_update_by is not None and Purpose.UPDATES not in recipient.purposes


def outdated(said: Composed, promise: Promise | None, gap: Gap | None, now: datetime, rules: Rules) -> Reason | None:
    """Why the newest facts no longer support a composed message; None if it may still be sent."""
    if promise is None or gap is None or promise.ended not in (None, gap.standing):
        return Reason.SUPERSEDED
    told = said.told
    # The message may have waited for the owner or the mail server: its range must not be in the past by now.
    to_come = (told.next_update_by, told.high if gap.standing is Standing.OPEN else None)
    if any(at is not None and now >= at for at in to_come):
        return Reason.STALE
    supported = said.basis is not None and holds(said.basis, promise, gap, told, closing=said.closing)
    if not supported or not _still(said, promise, gap, now, rules):
        return Reason.SUPERSEDED
    return Reason.TOLERATED if _spared(said, promise, gap, now, rules) else None


def _spared(said: Composed, promise: Promise, gap: Gap, now: datetime, rules: Rules) -> bool:
    """Whether the customer has come to expect no such message; a risk that falls while it waits spares them nothing."""
    risk = max(said.risk, gap.forecast.p_slip if gap.forecast else 0.0)
    return spared(said.spoken_for, said.before, risk, gap, promise, now, rules) is not None


def _still(said: Composed, promise: Promise, gap: Gap, now: datetime, rules: Rules) -> bool:
    """Whether the statement itself would still be made."""
    if gap.standing is not _STANDING.get(said.spoken_for, Standing.OPEN):
        return False
    if gap.standing is not Standing.OPEN:
        return True
    if said.spoken_for is Reason.DATE_MOVED:
        # Which date there is does not depend on a forecast; a range beside it does.
        return said.told.low is None or not left(said.told, gap, rules)
    if said.statement is Statement.ALL_CLEAR:
        return _still_clear(said.told, promise, gap, now, rules)
    # The same rule as in the decision: otherwise a message could be withdrawn and decided again for ever, never sent.
    clear = recovered(gap, promise, now, rules) and not postponed(promise)
    better = clear and said.spoken_for is not Reason.MILESTONE_MISSED
    return not better and not told_otherwise(said.told, gap, promise, rules)


def _still_clear(told: Announcement, promise: Promise, gap: Gap, now: datetime, rules: Rules) -> bool:
    # An all-clear may leave its range out, and then has none that could be left.
    kept_in = told.low is None or not left(told, gap, rules)
    return kept_in and _on_time(gap, rules) and now < promise.held_due and missed(gap, promise, now, rules) is None


def _on_time(gap: Gap, rules: Rules) -> bool:
    """Whether it is more likely on time than not; less strict than the decision, or letters would come and go."""
    p_slip = gap.forecast.p_slip if gap.forecast else 1.0
    return p_slip <= rules.clear_at or p_slip < min(rules.warn_at, EVEN)


_STANDING = {
    Reason.DONE_OUTSIDE_RANGE: Standing.BROKEN,
    Reason.NOT_KEPT: Standing.BROKEN,
    Reason.KEPT: Standing.KEPT,
    Reason.CANCELLED: Standing.CANCELLED,
    Reason.CALLED_OFF: Standing.WITHDRAWN,
}
