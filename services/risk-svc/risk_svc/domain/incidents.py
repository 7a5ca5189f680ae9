"""Incidents, linked to the promises that depend on what they hit."""

from __future__ import annotations

from typing import Final

import msgspec

from candor.contracts import Envelope, IncidentReported, IncidentStatus
from risk_svc.domain.state import PromiseState

Place = tuple[str, str]


class Incident(msgspec.Struct, gc=False, array_like=True, frozen=True, kw_only=True):
    """The newest snapshot of an incident; times in epoch seconds, `until` is None while it is open.

    `title` and `category` are internal; only `public_title` may be shown to customers.
    """

    incident_id: str
    version: int
    severity: float
    category: str
    title: str
    affects: list[Place]
    since: float
    until: float | None
    expected_end: float | None
    source_event: str
    public_title: str = ""

    def overlap(self, now: float, deadline: float) -> float:
        """The share of the time left until `deadline` that the incident should last; 1 if its end is unknown."""
        if self.expected_end is None or deadline <= now:
            return 1.0
        return min(1.0, max(0.0, (self.expected_end - now) / (deadline - now)))


class Incidents:
    """All incidents known to a partition, indexed by what they affect."""

    def __init__(self) -> None:
        self.known: dict[str, Incident] = {}
        self._at: dict[Place, set[str]] = {}

    def put(self, incident: Incident) -> bool:
        """Keep `incident` unless a newer snapshot of it is known; returns whether it was kept."""
        before = self.known.get(incident.incident_id)
        if before is not None:
            if before.version >= incident.version:
                return False
            self.forget(incident.incident_id)
        self.known[incident.incident_id] = incident
        for place in incident.affects:
            self._at.setdefault(place, set()).add(incident.incident_id)
        return True

    def forget(self, incident_id: str) -> None:
        """Forget an incident."""
        for place in self.known.pop(incident_id).affects:
            names = self._at.get(place)
            if names is not None:
                names.discard(incident_id)
                if not names:
                    del self._at[place]

    def linked(self, state: PromiseState) -> list[Incident]:
        """Incidents during the promise's life that hit what it depends on, ordered by their start."""
        if not self._at:
            return []
        names = {name for place in state.depends_on for name in self._at.get(place, ())}
        found = [self.known[name] for name in names]
        found = [item for item in found if item.until is None or item.until > state.made_at]
        return sorted(found, key=lambda item: (item.since, item.incident_id))


def incident_of(envelope: Envelope, data: IncidentReported) -> Incident:
    """The snapshot that an event carries."""
    resolved = data.status == IncidentStatus.RESOLVED
    until = (data.resolved_at or envelope.time).timestamp() if resolved else None
    return Incident(
        incident_id=data.incident_id,
        version=envelope.version,
        severity=min(1.0, max(0.0, data.severity)),
        category=data.category,
        title=data.title[:TITLE_LIMIT],
        affects=[(item.kind, item.id) for item in data.affects],
        since=data.opened_at.timestamp(),
        until=until,
        expected_end=None if data.expected_end is None else data.expected_end.timestamp(),
        source_event=data.source_event,
        public_title=(data.public_title or "")[:TITLE_LIMIT],
    )


TITLE_LIMIT: Final = 200
