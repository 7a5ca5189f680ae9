"""Rebuilds an episode from its notices: a notice that was not and will not be sent was never told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from candor.contracts import NoticeState, Statement
from notify_svc.domain.episode import after_speaking
from notify_svc.domain.facts import Announcement, Decision, Episode, Kind, Reason

TOLD = frozenset({NoticeState.PREVIEW, NoticeState.PENDING, NoticeState.SENDING, NoticeState.SENT, NoticeState.UNKNOWN})
NEEDS_A_PERSON = frozenset({NoticeState.HELD, NoticeState.FAILED, NoticeState.UNKNOWN})


@dataclass(frozen=True, slots=True)
class NoticeEntry:
    """The parts of one notice that its episode depends on."""

    notice_id: str
    episode: int
    statement: Statement
    state: NoticeState
    spoken_for: Reason
    closing: bool
    told: Announcement
    about: str = ""


def episode_of(entries: Iterable[NoticeEntry], slip_since: datetime | None) -> Episode:
    """The episode after `entries`, which are in the order they were decided."""
    episode = Episode(slip_since=slip_since)
    for entry in entries:
        if entry.state in TOLD:
            said = Decision(Kind.SPEAK, entry.spoken_for, entry.statement, closing=entry.closing, about=entry.about)
            episode = after_speaking(replace(episode, number=entry.episode, blocked=False), said, entry.told)
        elif entry.state in NEEDS_A_PERSON:
            episode = replace(episode, number=max(episode.number, entry.episode), blocked=True)
    return replace(episode, slip_since=slip_since)
