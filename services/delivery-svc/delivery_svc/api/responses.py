"""HTTP bodies out, for the API's description."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel

from candor.web.http.listings import Counted
from delivery_svc.api.requests import AffectedIn, DeliveredIn, ReferenceIn

Status = Literal["planned", "started", "reached", "redated", "missed", "cancelled"]


class ReportTaken(BaseModel):
    """What became of a milestone report: `matched` to a promise and passed on, or `parked` and what it waits for.

    `detail` says in words why it waits, and what happens next.
    """

    state: Literal["matched", "parked"]
    promise_id: str | None = None
    version: int | None = None
    parked_id: str | None = None
    waits_for: str | None = None
    detail: str | None = None


class IncidentTaken(BaseModel):
    """What became of an incident report: it stands (`recorded`), or is older than what stands (`late`)."""

    state: Literal["recorded", "late"]
    incident_id: str
    version: int


class EventTaken(BaseModel):
    """What became of a CloudEvent, as of a report; a batch counts `accepted`, `replayed` and `rejected`."""

    state: str | None = None
    accepted: int | None = None
    replayed: int | None = None
    rejected: list[dict[str, Any]] | None = None


class MatchTaken(BaseModel):
    """A parked report found its promise, with everything that waited for the same reference."""

    state: Literal["matched"]
    promise_id: str
    matched: int
    rejected: int


class ParkedItem(BaseModel):
    """A report that waits; `waits_for` says what for, `detail` in words and what happens next."""

    parked_id: str
    waits_for: Literal["awaiting_promise", "awaiting_reference", "ambiguous_reference"]
    detail: str
    promise_id: str | None
    reference: ReferenceIn | None
    milestone: str
    status: Status
    at: datetime
    planned: datetime | None
    final: bool
    reason: str | None
    public_reason: str | None
    source: str
    source_event: str
    delivered: list[DeliveredIn]
    historical: bool
    parked_at: datetime


class ParkedPage(Counted):
    """A page of them, oldest first; `Link` has the next."""

    items: list[ParkedItem]


class MilestoneItem(BaseModel):
    """A milestone as it was passed on."""

    promise_id: str
    version: int
    milestone: str
    status: Status
    at: datetime
    planned: datetime | None
    final: bool
    reason: str | None
    public_reason: str | None
    source: str
    source_event: str
    delivered: list[DeliveredIn]


class MilestonePage(Counted):
    """A page of one promise's milestones, in the order in which they were passed on."""

    items: list[MilestoneItem]


class SightingItem(BaseModel):
    """One report of an incident, as it came."""

    status: Literal["opened", "changed", "resolved"]
    at: datetime
    source: str
    source_event: str


class IncidentItem(BaseModel):
    """An incident as it stands."""

    incident_id: str
    version: int
    status: Literal["opened", "changed", "resolved"]
    severity: float
    category: str
    title: str
    public_title: str | None
    affects: list[AffectedIn]
    opened_at: datetime
    at: datetime
    expected_end: datetime | None
    resolved_at: datetime | None


class IncidentOut(IncidentItem):
    """An incident as it stands, with its reports, late ones too: the first 1,000 of `reports_total`."""

    reports: list[SightingItem]
    reports_total: int
    reports_total_exact: bool


class IncidentPage(Counted):
    """A page of incidents by id; `Link` has the next."""

    items: list[IncidentItem]
