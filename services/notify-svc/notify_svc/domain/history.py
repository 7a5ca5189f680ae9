"""An episode as its notices tell it: what has not gone out and will not was never told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from notify_svc.domain.episode import after_speaking
from notify_svc.domain.facts import Announcement, Decision, Episode, Kind, Reason, Statement


class State(StrEnum):
    """Where a notice stands; the same words as the contract's."""

    PREVIEW = "preview"
    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    HELD = "held"
    UNKNOWN = "unknown"
    FAILED = "failed"
    SUPPRESSED = "suppressed"


TOLD = frozenset({State.PREVIEW, State.PENDING, State.SENDING, State.SENT, State.UNKNOWN})
NEEDS_A_PERSON = frozenset({State.HELD, State.FAILED, State.UNKNOWN})


@dataclass(frozen=True, slots=True)
class Entry:
    """One notice of a promise, as far as the conversation depends on it."""

    notice_id: str
    episode: int
    statement: Statement
    state: State
    spoken_for: Reason
    closing: bool
    told: Announcement


def episode_of(entries: Iterable[Entry], slip_since: datetime | None) -> Episode:
    """The episode after `entries`, in the order they were decided."""
    episode = Episode(slip_since=slip_since)
    for entry in entries:
        if entry.state in TOLD:
            said = Decision(Kind.SPEAK, entry.spoken_for, entry.statement, closing=entry.closing)
            episode = after_speaking(replace(episode, number=entry.episode, blocked=False), said, entry.told)
        elif entry.state in NEEDS_A_PERSON:
            episode = replace(episode, number=max(episode.number, entry.episode), blocked=True)
    return replace(episode, slip_since=slip_since)
