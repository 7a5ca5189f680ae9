"""Incidents, linked to the promises that depend on what they hit."""

from __future__ import annotations

from collections.abc import Iterable
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

    def open_at(self, now: float) -> bool:
        """Whether it has begun by `now` and is not said to have ended."""
        return self.until is None and self.since <= now

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
        self._crowds: dict[tuple[Place, ...], list[Incident]] = {}

    def put(self, incident: Incident) -> bool:
        """Keep `incident` unless a newer snapshot of it is known; returns whether it was kept."""
        before = self.known.get(incident.incident_id)
        if before is not None:
            if before.version >= incident.version:
                return False
            self.forget(incident.incident_id)
        self.known[incident.incident_id] = incident
        self._crowds.clear()
        for place in incident.affects:
            self._at.setdefault(place, set()).add(incident.incident_id)
        return True

    def forget(self, incident_id: str) -> None:
        """Forget an incident."""
        self._crowds.clear()
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
        return [item for item in self._on(state.depends_on) if item.until is None or item.until > state.made_at]

    def _on(self, places: list[Place]) -> list[Incident]:
        """Incidents on any of these places; many are put in order once for all promises that depend on the same."""
        if sum(len(self._at.get(place, ())) for place in places) < CROWD:
            return self._in_order(places)
        key = tuple(places)
        if key not in self._crowds:
            if len(self._crowds) >= CROWDS:
                self._crowds.clear()
            self._crowds[key] = self._in_order(places)
        return self._crowds[key]

    def _in_order(self, places: list[Place]) -> list[Incident]:
        names = {name for place in places for name in self._at.get(place, ())}
        return sorted((self.known[name] for name in names), key=_order)


def weightiest(linked: Iterable[Incident], most: int) -> list[Incident]:
    """At most `most` incidents, by their start: open ones go before others, severe ones before light ones."""
    # Sorted as a whole: in the order of their start a heap would be filled anew by each of them.
    by_weight = sorted(linked, key=_weight, reverse=True)
    return sorted(by_weight[:most], key=_order)


def _weight(incident: Incident) -> tuple[bool, float, float]:
    return (incident.until is None, incident.severity, incident.since)


def _order(incident: Incident) -> tuple[float, str]:
    return (incident.since, incident.incident_id)


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
CROWD: Final = 20
CROWDS: Final = 100
"""Combinations of places on which so many incidents are that their order is kept."""
