"""HTTP request bodies. Field names equal the contract's, and each body converts itself to its report."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from candor.web.http.fields import Body, EventId, Id, InternalText, Moment, Name, PublicText, ReferenceId, Share
from candor.web.http.problems import Problem
from delivery_svc.domain import DeliveredShare, IncidentStatus, MilestoneStatus, NamespacedId, Report, Sighting, limits

Short = Annotated[Name, Field(max_length=200)]
InternalTitle = Annotated[Short, Field(description="Internal: staff read it, customers never do.")]
PublicTitle = Annotated[
    Short, Field(description="Goes to customers word for word. Without it they never learn the title.")
]
Severity = Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)]


class ReferenceIn(Body):
    """The promise's name in a foreign system."""

    system: Id
    id: ReferenceId


class AffectedIn(Body):
    """Something the incident affects, named as in the promises' dependencies."""

    kind: Id
    id: Id


class DeliveredIn(Body):
    """How much of one of the promise's scope items has been delivered so far."""

    item: Short
    share: Share


def _once(parts: list[DeliveredIn]) -> list[DeliveredIn]:
    if len({part.item for part in parts}) != len(parts):
        raise ValueError("each item must be named once")
    return parts


class MilestoneIn(Body):
    """A step of the work as reported by a field system. It names its promise or a reference to it.

    `at` is when it happened; `correction` allows reopening a finished step. `paused`: it waits for the customer, at the
    longest until `planned`; `resumed`: no longer. `delivered` applies from `at` on to the
    items it names. Customers see `public_reason`, never `reason`.
    """

    event_id: EventId | None = None
    promise_id: Id | None = None
    reference: ReferenceIn | None = None
    milestone: Short
    status: Literal["planned", "started", "reached", "redated", "missed", "cancelled", "paused", "resumed"]
    at: Moment
    planned: Moment | None = None
    final: bool = False
    reason: InternalText | None = None
    public_reason: PublicText | None = None
    correction: bool = False
    delivered: Annotated[list[DeliveredIn], Field(max_length=limits.DELIVERED), AfterValidator(_once)] = []

    def report(self, pointer: str = "") -> Report:
        """The report. Raises Problem 422 unless exactly one of promise_id and reference is given."""
        if (self.promise_id is None) == (self.reference is None):
            raise Problem.invalid_field(f"{pointer}/promise_id", "give either promise_id or reference")
        return Report(
            promise_id=self.promise_id,
            reference=NamespacedId(self.reference.system, self.reference.id) if self.reference else None,
            milestone=self.milestone,
            status=MilestoneStatus(self.status),
            at=self.at,
            planned=self.planned,
            final=self.final,
            reason=self.reason,
            correction=self.correction,
            delivered=tuple(DeliveredShare(part.item, part.share) for part in self.delivered),
            public_reason=self.public_reason,
        )


class IncidentIn(Body):
    """The full state of an incident as of `at`; severity is the share of a promise's delivery at stake.

    Customers see `public_title`, never `title` or `category`.
    """

    event_id: EventId | None = None
    incident_id: Id
    status: Literal["opened", "changed", "resolved"]
    severity: Severity
    category: Id
    title: InternalTitle
    public_title: PublicTitle | None = None
    affects: Annotated[list[AffectedIn], Field(max_length=limits.AFFECTED)]
    opened_at: Moment
    expected_end: Moment | None = None
    resolved_at: Moment | None = None
    at: Moment | None = None

    def sighting(self, time: datetime) -> Sighting:
        """The report; `at` and a resolution's time default to `time`, when the report was made."""
        at = self.at or time
        resolved = self.status == "resolved"
        return Sighting(
            incident_id=self.incident_id,
            status=IncidentStatus(self.status),
            severity=self.severity,
            category=self.category,
            title=self.title,
            affects=tuple(NamespacedId(hit.kind, hit.id) for hit in self.affects),
            opened_at=self.opened_at,
            at=at,
            expected_end=self.expected_end,
            resolved_at=(self.resolved_at or at) if resolved else self.resolved_at,
            public_title=self.public_title,
        )


class MatchIn(Body):
    """The promise that a parked report is about; `correction` works as in a report.

    `alike` false matches this report alone; else all that wait for its reference, and those that come.
    """

    promise_id: Id
    correction: bool = False
    alike: Annotated[bool, Field(description="Match all that wait for the same reference, now and later.")] = True
