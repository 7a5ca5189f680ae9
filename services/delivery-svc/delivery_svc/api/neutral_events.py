"""Turns neutral events from any source into reports."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from candor.intake import Event, Origin, Submission
from candor.intake.mapped import Shapes
from candor.store.receipts import Receipt
from candor.web.http.body import convert
from candor.web.http.fields import not_ahead
from delivery_svc.api import presenters
from delivery_svc.api.requests import IncidentIn, MilestoneIn
from delivery_svc.service.use_cases import Command, Statement

MILESTONE: Final = "milestone.reported"
INCIDENT: Final = "incident.reported"
PARKED: Final = "parked.matched"
UNDONE: Final = "match.undone"
SHAPES: Final[Shapes] = MappingProxyType({MILESTONE: MilestoneIn, INCIDENT: IncidentIn})
"""What comes by webhook, and the body of each."""
KNOWN: Final = tuple(SHAPES)


def statement(event: Event, origin: Origin, receipts: tuple[Receipt, ...]) -> Statement:
    """The statement for an event of a known type. Raises Problem `invalid_field` with pointers below `/data`."""
    return Submission(event.type, _command(event), origin, presenters.reported, receipts)


def _command(event: Event) -> Command:
    if event.type == MILESTONE:
        milestone = convert(MilestoneIn, event.data, "/data")
        not_ahead(milestone.at, event.time, "/data/at")
        return milestone.report("/data")
    incident = convert(IncidentIn, event.data, "/data")
    if incident.at is not None:
        not_ahead(incident.at, event.time, "/data/at")
    return incident.sighting(event.time)
