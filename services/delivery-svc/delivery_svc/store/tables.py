"""The tables of delivery-svc, declared once; `store` writes rows, queries read these models."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Column, MetaData
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from candor.intake.polling.book import PollColumns
from candor.intake.rejected import RejectedColumns
from candor.intake.requests.table import RequestColumns
from candor.intake.silence.book import RhythmColumns
from candor.store.columns import document, moment


class Base(SQLModel, registry=registry(metadata=MetaData())):
    """Has its own registry because other services have tables of the same names."""


class PromiseRow(Base, table=True):
    """A promise seen on `promises`: its customer, how many milestones were passed on, and its scope items."""

    __tablename__ = "promise"

    promise_id: str = Field(primary_key=True)
    customer_id: str = Field(index=True)
    version: int
    scope: list[str] = document()
    due: datetime | None = moment(nullable=True)


class ReferenceRow(Base, table=True):
    """A promise's name in a foreign system; if several promises share one, none is guessed."""

    __tablename__ = "reference"

    system: str = Field(primary_key=True)
    ref_id: str = Field(primary_key=True)
    promise_id: str = Field(primary_key=True, index=True)


class MilestoneRow(Base, table=True):
    """A report that was passed on; `version` counts per promise in order of acceptance, `at` is when it happened."""

    __tablename__ = "milestone"

    promise_id: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    milestone: str
    status: str
    at: datetime = moment()
    planned: datetime | None = moment(nullable=True)
    final: bool
    reason: str | None
    source: str
    source_event: str
    delivered: list[Any] = document()
    public_reason: str | None
    correction: bool | None
    """None: stored before corrections were."""


class ParkedRow(Base, table=True):
    """A report that waits for its promise, and why; `seq` is the order of arrival."""

    __tablename__ = "parked"

    parked_id: str = Field(primary_key=True)
    seq: int
    waits_for: str
    promise_id: str | None
    system: str | None
    ref_id: str | None
    milestone: str
    status: str
    at: datetime = moment()
    planned: datetime | None = moment(nullable=True)
    final: bool
    reason: str | None
    correction: bool
    source: str
    source_event: str
    time: datetime = moment()
    historical: bool
    traceparent: str
    parked_at: datetime = moment()
    delivered: list[Any] = document()
    public_reason: str | None


class MatchRow(Base, table=True):
    """A match by hand, which can be undone; `match_id` is the id of the report that was parked."""

    __tablename__ = "match"

    match_id: str = Field(primary_key=True)
    born: int
    promise_id: str
    system: str | None
    ref_id: str | None
    waits_for: str
    alike: bool
    source: str
    matched_by: str
    matched_at: datetime = moment()


class ParkedArchiveRow(Base, table=True):
    """How many parked reports of a day, source and system ended because their promise never came."""

    __tablename__ = "parked_archive"

    day: date = Field(primary_key=True)
    source: str = Field(primary_key=True)
    system: str = Field(primary_key=True)
    reports: int


class UnknownLabelRow(Base, table=True):
    """A label of incidents that no rule knew, how often and when it was seen last."""

    __tablename__ = "unknown_label"

    source: str = Field(primary_key=True)
    label: str = Field(primary_key=True)
    value: str = Field(primary_key=True)
    seen: int
    last_seen: datetime = moment()


class IncidentRow(Base, table=True):
    """The current state of an incident: the report with the latest `at`, as JSON."""

    __tablename__ = "incident"

    incident_id: str = Field(primary_key=True)
    version: int
    status: str
    at: datetime = moment()
    picture: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))


class SightingRow(Base, table=True):
    """Every report of an incident, including late ones, in order of arrival."""

    __tablename__ = "sighting"

    seq: int = Field(primary_key=True)
    incident_id: str = Field(index=True)
    status: str
    at: datetime = moment()
    source: str
    source_event: str
    picture: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))


class RequestRow(RequestColumns, Base, table=True):
    """A request as a sender sent it; its content is sealed."""

    __tablename__ = "request"


class RejectedRow(RejectedColumns, Base, table=True):
    """A signed webhook that could not be used, or a parked report that contradicts its promise's history."""

    __tablename__ = "rejected"


class PollRow(PollColumns, Base, table=True):
    """How far the poll of a source is."""

    __tablename__ = "poll"


class RhythmRow(RhythmColumns, Base, table=True):
    """The rhythm in which a sender is heard."""

    __tablename__ = "source_rhythm"
