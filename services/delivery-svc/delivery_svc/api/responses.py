"""HTTP response bodies, for the API description."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from candor.web.http.listings import ListTotals
from delivery_svc.api.requests import AffectedIn, DeliveredIn, ReferenceIn

Status = Literal["planned", "started", "reached", "redated", "missed", "cancelled", "paused", "resumed"]


class ReportTaken(BaseModel):
    """The outcome of a milestone report: `matched` to a promise and passed on, or `parked` with what it waits for.

    `detail` explains why it waits and what happens next.
    """

    state: Literal["matched", "parked"]
    promise_id: str | None = None
    version: int | None = None
    parked_id: str | None = None
    waits_for: str | None = None
    detail: str | None = None


class IncidentTaken(BaseModel):
    """The outcome of an incident report: `recorded` as the current state, or `late` because it is older than that."""

    state: Literal["recorded", "late"]
    incident_id: str
    version: int


class EventTaken(BaseModel):
    """The outcome of a CloudEvent, as for a report; a batch counts `accepted`, `replayed` and `rejected`."""

    state: str | None = None
    accepted: int | None = None
    replayed: int | None = None
    rejected: list[dict[str, Any]] | None = None


class MatchTaken(BaseModel):
    """A parked report was matched to its promise, with all others that waited for the same reference."""

    state: Literal["matched"]
    promise_id: str
    matched: int
    rejected: int


class MatchItem(BaseModel):
    """A match by hand that can be undone."""

    match_id: str = Field(description="The match, for undoing it: the id of the parked report.")
    promise_id: str
    reference: ReferenceIn | None
    alike: bool = Field(description="Whether all that name the same went to the promise.")
    source: str
    matched_by: str = Field(description="Whose key matched it.")
    matched_at: datetime = Field(description="When it was matched.")


class MatchPage(ListTotals):
    """A page of matches by hand, the newest first."""

    items: list[MatchItem]


class UndoTaken(BaseModel):
    """A match was undone: so many reports wait again, and the promise's steps are told without them."""

    state: Literal["undone"]
    promise_id: str
    reports: int = Field(description="How many reports wait again.")


class ParkedItem(BaseModel):
    """A parked report; `waits_for` is what it waits for, `detail` explains that and what happens next."""

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


class ParkedPage(ListTotals):
    """A page of parked reports, oldest first; the next page is in the `Link` header."""

    items: list[ParkedItem]


class SuggestionItem(BaseModel):
    """A promise that a parked report may be about."""

    promise_id: str
    customer_id: str
    name: str = Field(description="The promise's id or reference that is like what the report names.")
    due: datetime | None = Field(description="The promised date; null where it was not told yet.")
    score: float = Field(description="How likely the report is about this promise, 0 to 1.")
    why: list[str] = Field(description="What the score rests on, in words.")


class SuggestionsOut(BaseModel):
    """The likeliest promises for a parked report, at most ten; `alike` counts the reports under the same name."""

    parked_id: str
    items: list[SuggestionItem]
    alike: int = Field(description="How many parked reports name the same, this one among them.")
    alike_exact: bool = Field(description="False: there are more than `alike`.")


class ParkedArchiveItem(BaseModel):
    """How many parked reports ended because their promise never came."""

    day: date = Field(description="The day, in UTC, on which the reports came.")
    source: str
    system: str = Field(description="The system of the references that they named; empty if they named promises.")
    reports: int = Field(description="How many reports there were.")


class ParkedArchivePage(ListTotals):
    """A page of what parked reports ended, the oldest day first."""

    items: list[ParkedArchiveItem]


class UnknownLabelItem(BaseModel):
    """A label of incidents that no rule knew."""

    source: str
    label: str = Field(description="The label's name.")
    value: str = Field(description="The label's value.")
    seen: int = Field(description="How often an incident had it.")
    last_seen: datetime = Field(description="When an incident had it last.")
    rule: str = Field(description="A rule that would know it, to be pasted under `affects` of sources.yaml and edited.")


class UnknownLabelPage(ListTotals):
    """A page of labels that no rule knew, by source, label and value."""

    items: list[UnknownLabelItem]


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


class MilestonePage(ListTotals):
    """A page of one promise's milestones, in the order they were passed on."""

    items: list[MilestoneItem]


class SightingItem(BaseModel):
    """One report of an incident, as received."""

    status: Literal["opened", "changed", "resolved"]
    at: datetime
    source: str
    source_event: str


class IncidentItem(BaseModel):
    """The current state of an incident."""

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
    """The current state of an incident with its reports, including late ones: the first 1,000 of `reports_total`."""

    reports: list[SightingItem]
    reports_total: int
    reports_total_exact: bool


class IncidentPage(ListTotals):
    """A page of incidents ordered by id; the next page is in the `Link` header."""

    items: list[IncidentItem]
