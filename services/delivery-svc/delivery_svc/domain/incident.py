"""Incidents as reported: each report gives the full state, so the one with the latest `at` is current."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from delivery_svc.domain.refusal import Refusal, RefusalReason
from delivery_svc.domain.values import NamespacedId


class IncidentStatus(StrEnum):
    """The status of an incident."""

    OPENED = "opened"
    CHANGED = "changed"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """One report of an incident as of `at`. `severity` in (0, 1]: share of a promise's delivery at stake.

    `title` is internal; customers may be told `public_title`.
    """

    incident_id: str
    status: IncidentStatus
    severity: float
    category: str
    title: str
    affects: tuple[NamespacedId, ...]
    opened_at: datetime
    at: datetime
    expected_end: datetime | None = None
    resolved_at: datetime | None = None
    public_title: str | None = None


@dataclass(frozen=True, slots=True)
class Incident:
    """The current state of an incident; `version` counts its states from 1 without gaps."""

    picture: Sighting
    version: int

    @property
    def open(self) -> bool:
        return self.picture.status is not IncidentStatus.RESOLVED


def hit(incident: Incident | None) -> frozenset[NamespacedId]:
    """The places that an incident affects while it is open."""
    return frozenset(incident.picture.affects) if incident is not None and incident.open else frozenset()


def see(known: Incident | None, sighting: Sighting) -> Incident:
    """The incident after this report; the known one, unchanged, if the report is older than its current state.

    A resolution may arrive before the opening it ends: the late opening then changes nothing. A newer report may
    reopen a resolved incident. Of two reports of one time the end stands, else the more severe, in any order. Refused:
    a resolution or an expected end before the opening.
    """
    if sighting.resolved_at is not None and sighting.resolved_at < sighting.opened_at:
        raise Refusal(RefusalReason.RESOLVED_BEFORE_OPENED, "resolved_at lies before opened_at", "/resolved_at")
    if sighting.expected_end is not None and sighting.expected_end < sighting.opened_at:
        raise Refusal(RefusalReason.ENDS_BEFORE_OPENED, "expected_end lies before opened_at", "/expected_end")
    if known is not None and _rank(sighting) <= _rank(known.picture):
        return known
    return Incident(sighting, known.version + 1 if known is not None else 1)


_ORDER = tuple(IncidentStatus)


def _rank(one: Sighting) -> tuple[object, ...]:
    """What stands of two reports is the greater; equal only if they say the same."""
    ends = tuple("" if time is None else time.isoformat() for time in (one.resolved_at, one.expected_end))
    words = (one.title, one.public_title or "", one.category)
    return one.at, _ORDER.index(one.status), one.severity, *ends, *words, one.affects, one.opened_at
