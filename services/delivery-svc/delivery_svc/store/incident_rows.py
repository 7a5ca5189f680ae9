"""Rows of incidents: their current state, and every report received."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Final

import msgspec

from candor.store.unit_of_work import UnitOfWork
from delivery_svc.domain import Incident, Sighting

_encode: Final = msgspec.json.Encoder().encode
_picture: Final = msgspec.json.Decoder(Sighting)


async def incidents(uow: UnitOfWork, ids: Collection[str]) -> dict[str, Incident]:
    """The known incidents among `ids`, locked in id order."""
    if not ids:
        return {}
    rows = await uow.connection.fetch(_INCIDENTS, sorted(ids))
    return {row["incident_id"]: Incident(_picture.decode(row["picture"]), row["version"]) for row in rows}


async def reported(uow: UnitOfWork, ids: Collection[str], most: int) -> Counter[str]:
    """How many reports of each incident there are; `most` stands for as many or more."""
    if not ids:
        return Counter()
    rows = await uow.connection.fetch(_REPORTED, sorted(ids), most)
    return Counter({row["incident_id"]: row["number"] for row in rows})


async def save(uow: UnitOfWork, known: Collection[str], changed: Sequence[Incident]) -> None:
    """Insert or update incidents; `known` are those that exist and are locked."""
    for statement, those in (
        (_ADD, [incident for incident in changed if incident.picture.incident_id not in known]),
        (_CHANGE, [incident for incident in changed if incident.picture.incident_id in known]),
    ):
        if those:
            pictures = [incident.picture for incident in those]
            await uow.connection.execute(
                statement,
                [picture.incident_id for picture in pictures],
                [incident.version for incident in those],
                [picture.status for picture in pictures],
                [picture.at for picture in pictures],
                [_encode(picture).decode() for picture in pictures],
            )


async def add_sightings(uow: UnitOfWork, sightings: Sequence[tuple[Sighting, str, str]]) -> None:
    """Store every report as received: (report, source, the source's event id)."""
    if sightings:
        await uow.connection.execute(
            _ADD_SIGHTINGS,
            [sighting.incident_id for sighting, _, _ in sightings],
            [sighting.status for sighting, _, _ in sightings],
            [sighting.at for sighting, _, _ in sightings],
            [source for _, source, _ in sightings],
            [event for _, _, event in sightings],
            [_encode(sighting).decode() for sighting, _, _ in sightings],
        )


_INCIDENTS: Final = """
SELECT incident_id, version, picture FROM incident WHERE incident_id = ANY($1::text[])
ORDER BY incident_id FOR UPDATE"""
_REPORTED: Final = """
SELECT incident_id, number FROM unnest($1::text[]) AS asked (incident_id), LATERAL (
  SELECT count(*) AS number FROM (
    SELECT FROM sighting WHERE sighting.incident_id = asked.incident_id LIMIT $2) AS few) AS counted"""
_ADD: Final = """
INSERT INTO incident (incident_id, version, status, at, picture)
SELECT * FROM unnest($1::text[], $2::int[], $3::text[], $4::timestamptz[], $5::jsonb[])"""
_CHANGE: Final = """
UPDATE incident SET version = new.version, status = new.status, at = new.at, picture = new.picture,
  words_since = now()
FROM unnest($1::text[], $2::int[], $3::text[], $4::timestamptz[], $5::jsonb[])
  AS new (incident_id, version, status, at, picture)
WHERE incident.incident_id = new.incident_id"""
_ADD_SIGHTINGS: Final = """
INSERT INTO sighting (incident_id, status, at, source, source_event, picture)
SELECT * FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::text[], $5::text[], $6::jsonb[])"""
