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
    MilestonesRestated,
    MilestoneStatus,
    RestatedItem,
    RestatedStep,
    StepReport,
    message,
)
from candor.intake import Origin
from delivery_svc.domain import Incident, Report
from delivery_svc.domain.match import Left, Passed


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


def restated(promise_id: str, customer_id: str, version: int, left: Left, origin: Origin) -> Message:
    """The event by which reports are taken back: what the steps and items that they were of are without them."""
    data = MilestonesRestated(
        promise_id=promise_id,
        customer_id=customer_id,
        steps=[RestatedStep(name, [_report(one) for one in reports]) for name, reports in sorted(left.steps.items())],
        items=[
            RestatedItem(item, None, None) if stands is None else RestatedItem(item, stands[0].share, stands[1])
            for item, stands in sorted(left.items.items())
        ],
        reporters=left.reporters,
    )
    return _message(origin, customer_id, version, data)


def _report(one: Passed) -> StepReport:
    report = one.report
    return StepReport(
        status=MilestoneStatus(report.status.value),
        at=report.at,
        known=one.said or report.at,
        source_event=one.source_event,
        planned=report.planned,
        final=report.final,
        reason=report.reason,
        public_reason=report.public_reason,
        correction=report.correction,
    )


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
