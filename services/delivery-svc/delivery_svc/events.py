"""Turns reports into the events that risk-svc reads."""

from __future__ import annotations

from urllib.parse import quote

from candor.contracts import (
    DeliveredShare,
    Dependency,
    Event,
    IncidentReported,
    IncidentStatus,
    Message,
    MilestoneReported,
    MilestoneStatus,
    message,
)
from candor.intake import Origin
from delivery_svc.domain import Incident, Report


def milestone(promise_id: str, customer_id: str, version: int, report: Report, origin: Origin) -> Message:
    """The event for a report matched to its promise."""
    data = MilestoneReported(
        promise_id=promise_id,
        customer_id=customer_id,
        milestone=report.milestone,
        status=MilestoneStatus(report.status.value),
        at=report.at,
        source=origin.source,
        source_event=origin.event_id,
        planned=report.planned,
        final=report.final,
        reason=report.reason,
        delivered=[DeliveredShare(*part) for part in report.delivered],
        public_reason=report.public_reason,
        correction=report.correction,
    )
    return _message(origin, customer_id, version, data)


def incident(seen: Incident, origin: Origin) -> Message:
    """The event with the full state of an incident."""
    picture = seen.picture
    data = IncidentReported(
        incident_id=picture.incident_id,
        status=IncidentStatus(picture.status.value),
        severity=picture.severity,
        category=picture.category,
        title=picture.title,
        affects=[Dependency(*hit) for hit in picture.affects],
        opened_at=picture.opened_at,
        source=origin.source,
        source_event=origin.event_id,
        expected_end=picture.expected_end,
        resolved_at=picture.resolved_at,
        public_title=picture.public_title,
    )
    return _message(origin, picture.incident_id, seen.version, data)


def _message(origin: Origin, key: str, version: int, data: Event) -> Message:
    return message(
        origin.event_id,
        f"delivery-svc/{quote(origin.source, safe='')}",
        origin.time,
        key,
        version,
        data,
        historical=origin.historical,
        traceparent=origin.traceparent,
    )
