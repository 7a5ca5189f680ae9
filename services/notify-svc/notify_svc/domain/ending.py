"""What the customer is told when a promise has ended.

A warned customer who got it within the told range hears nothing more; outside the range they get one closing update.
If a promise ended broken without completion, or was called off by other than them, the customer is told once, whether
warned or not. A promise that was late
without ever meeting the warning rule is not reported afterwards because that would be no warning.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from candor.contracts import Standing, Statement
from notify_svc.domain.facts import Announcement, Decision, Episode, Gap, Kind, Promise, Reason
from notify_svc.domain.moving import is_news
from notify_svc.domain.schedule import step_of


def at_the_end(episode: Episode, gap: Gap, promise: Promise, now: datetime) -> Decision:
    """Whether to notify about a promise that is no longer open."""
    match gap.standing:
        case Standing.WITHDRAWN:
            return _withdrawn(episode, gap, promise, now)
        case Standing.CANCELLED:
            return _cancelled(episode, gap)
        case Standing.KEPT if episode.told is not None:
            return _closing(Reason.KEPT, Statement.ALL_CLEAR, gap)
        case Standing.BROKEN if gap.completed_at is None:
            statement = Statement.UPDATE if episode.told else Statement.WARNING
            return blocked(episode) or _closing(Reason.NOT_KEPT, statement, gap)
        case Standing.BROKEN if episode.told is not None:
            return _late(episode, episode.told, gap)
    return nothing(Reason.NEVER_WARNED, ends=True)


def wait(reason: Reason, wake_at: datetime | None = None) -> Decision:
    """A decision to wait; time or another event may change it."""
    return Decision(Kind.WAIT, reason, wake_at=wake_at)


def nothing(reason: Reason, *, ends: bool = False) -> Decision:
    """A decision to say nothing; with `ends`, nothing ever again."""
    return Decision(Kind.NOTHING, reason, ends=ends)


def blocked(episode: Episode) -> Decision | None:
    """Wait while a failed or held notice needs a person, so that one problem does not become many."""
    return wait(Reason.BLOCKED) if episode.blocked else None


def _withdrawn(episode: Episode, gap: Gap, promise: Promise, now: datetime) -> Decision:
    if promise.called_off is None or not is_news(promise.called_off, now):
        return nothing(Reason.WITHDRAWN, ends=True)
    spoken = _closing(Reason.CALLED_OFF, Statement.CANCELLED, gap)
    return blocked(episode) or replace(spoken, about=promise.called_off.event_id)


def _cancelled(episode: Episode, gap: Gap) -> Decision:
    if episode.told is not None and episode.told.statement is Statement.CANCELLED:
        return wait(Reason.NOTHING_NEW)
    spoken = Decision(Kind.SPEAK, Reason.CANCELLED, Statement.CANCELLED, _evidence(gap))
    return blocked(episode) or spoken


def _late(episode: Episode, told: Announcement, gap: Gap) -> Decision:
    if told.low is not None and told.high is not None and gap.completed_at is not None:
        earliest = told.low - step_of(told.low - told.at)
        if earliest <= gap.completed_at <= told.high:
            return nothing(Reason.DONE_AS_TOLD, ends=True)
    return blocked(episode) or _closing(Reason.DONE_OUTSIDE_RANGE, Statement.UPDATE, gap)


def _closing(reason: Reason, statement: Statement, gap: Gap) -> Decision:
    return Decision(Kind.SPEAK, reason, statement, _evidence(gap), closing=True)


def _evidence(gap: Gap) -> dict[str, str]:
    return {"standing": gap.standing.value, "gap": gap.event_id}
