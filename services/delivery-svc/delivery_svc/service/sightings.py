"""Incidents that one transaction hears of: what is known of them, what may be added, and the resulting events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from candor.contracts import Message
from candor.intake import Origin
from candor.store.unit_of_work import UnitOfWork
from delivery_svc import events
from delivery_svc.domain import Incident, NamespacedId, Refusal, RefusalReason, Sighting, hit, limits, see
from delivery_svc.store import incident_rows, open_places


@dataclass(frozen=True, slots=True)
class IncidentOutcome:
    """The incident's current state; `late`: this report was older than it and changed nothing."""

    incident_id: str
    version: int
    late: bool
    customer_id: str = ""


class IncidentHistories:
    """Incidents, locked until commit, with how many others affect the same places."""

    def __init__(self, known: dict[str, Incident], reported: Counter[str], at_places: Counter[NamespacedId]) -> None:
        self._known = known
        self._standing = dict(known)
        self._reported = reported
        self._at_places = at_places
        self._moved: Counter[NamespacedId] = Counter()
        self._kept: list[tuple[Sighting, str, str]] = []
        self._messages: list[Message] = []

    @classmethod
    async def load(cls, uow: UnitOfWork, sightings: Sequence[Sighting]) -> IncidentHistories:
        """Load what these reports are about."""
        known = await incident_rows.incidents(uow, {sighting.incident_id for sighting in sightings})
        reported = await incident_rows.reported(uow, known.keys(), limits.SIGHTINGS)
        places = {place for sighting in sightings for place in sighting.affects}
        return cls(known, reported, await open_places.known(uow, places))

    def add(self, sighting: Sighting, origin: Origin) -> IncidentOutcome:
        """Take a report. Raises Refused as `see` does, and at a limit."""
        name = sighting.incident_id
        before = self._standing.get(name)
        seen = see(before, sighting)
        self._fits(before, seen, sighting)
        new, gone = hit(seen) - hit(before), hit(before) - hit(seen)
        for counted in (self._at_places, self._moved):
            counted.update(new)
            counted.subtract(gone)
        self._reported[name] += 1
        late = seen is before
        if not late:
            self._messages.append(events.incident(seen, origin))
        self._standing[name] = seen
        self._kept.append((sighting, origin.source, origin.event_id))
        return IncidentOutcome(name, seen.version, late)

    def _fits(self, before: Incident | None, seen: Incident, sighting: Sighting) -> None:
        most, there = limits.SIGHTINGS, self._reported[sighting.incident_id]
        # An end must come through whatever there was before: it frees the places.
        if there >= most and not (before is not None and before.open and not seen.open):
            raise _too_many(f"an incident has at most {most:,} reports, then only its end", "/incident_id", most)
        most = limits.OPEN_AT_A_PLACE
        full = [place for place in hit(seen) - hit(before) if self._at_places[place] >= most]
        if full:
            words = f"at most {most:,} open incidents affect one place: resolve those that are over"
            raise _too_many(words, f"/affects/{min(map(sighting.affects.index, full))}", most)

    async def save(self, uow: UnitOfWork) -> None:
        """Write and publish what was added."""
        standing = sorted(self._standing.items())
        changed = [incident for name, incident in standing if incident is not self._known.get(name)]
        await incident_rows.save(uow, self._known.keys(), changed)
        await incident_rows.add_sightings(uow, self._kept)
        await open_places.count(uow, self._moved)
        uow.emit(self._messages)


def _too_many(detail: str, pointer: str, limit: int) -> Refusal:
    return Refusal(RefusalReason.LIMIT_REACHED, detail, pointer, limit)
