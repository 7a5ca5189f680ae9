"""What the company itself changes, and the customer must hear of: another date, and a promise that is called off."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from candor.contracts import Statement
from notify_svc.domain.facts import CalledOff, Decision, Episode, Gap, Kind, Move, Promise, Reason

NEWS: Final = timedelta(days=7)
"""How long a change is told: what was changed before that, such as in the past of an installation, is no news."""


def untold(promise: Promise, episode: Episode, now: datetime) -> Move | None:
    """The move that the customer has not been told of: from the date they know to the newest; None if there is none."""
    told = next((n for n, move in enumerate(promise.moves, 1) if move.event_id == episode.moved), 0)
    rest = [move for move in promise.moves[told:] if now - move.at <= NEWS]
    if not rest or rest[0].before == rest[-1].due:
        return None
    return replace(rest[-1], before=rest[0].before)


def tells_move(move: Move, episode: Episode, gap: Gap, *, clear: bool) -> Decision:
    """The notice of another date; `clear`: the promised date stands, and is expected to be kept.

    A later one to which nobody agreed is bad news: it opens an episode or goes on with it, with a range and a time of
    the next update. Otherwise the date is told alone, and what was said of the date before it no longer stands.
    """
    evidence = {"gap": gap.event_id, "moved": move.event_id, "before": move.before.isoformat()}
    evidence |= {"due": move.due.isoformat()}
    statement = Statement.ALL_CLEAR
    if not (move.agreed or clear) and (move.due > move.before or episode.told is not None):
        statement = Statement.UPDATE if episode.told is not None else Statement.WARNING
    return Decision(Kind.SPEAK, Reason.DATE_MOVED, statement, evidence, about=move.event_id)


def postponed(promise: Promise) -> bool:
    """Whether the company itself says a later date than the promised one, so that it does not expect to keep that."""
    return bool(promise.moves) and promise.moves[-1].due > promise.held_due


def within(promise: Promise, gap: Gap) -> bool:
    """Whether the forecast ends by the later date that the company itself says, and so is no news beside it."""
    forecast = gap.forecast
    return postponed(promise) and (forecast is None or (forecast.p80 or promise.held_due) <= promise.moves[-1].due)


def newest(promise: Promise) -> str:
    """The event of the newest move by the company; "" if there is none."""
    return promise.moves[-1].event_id if promise.moves else ""


def is_news(called_off: CalledOff, now: datetime) -> bool:
    """Whether the customer must still be told that a promise was called off."""
    return now - called_off.at <= NEWS
