"""The tables of the ledger, declared once; `store` writes rows, queries read these models."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Column, DateTime, MetaData, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from candor.intake.polling.book import PollColumns
from candor.intake.rejected import RejectedColumns
from candor.intake.requests.table import RequestColumns
from candor.intake.silence.book import RhythmColumns
from candor.store.columns import moment
from candor.store.erasing import doomed


class Base(SQLModel, registry=registry(metadata=MetaData())):
    """Has its own registry because other services have tables of the same names."""


class PromiseRow(Base, table=True):
    """A promise; `terms` holds what never changes and is never filtered by."""

    __tablename__ = "promise"

    promise_id: str = Field(primary_key=True)
    customer_id: str = Field(index=True)
    kind: str
    what: str
    state: str
    version: int
    made_at: datetime = moment()
    requested_due: datetime | None = moment(nullable=True)
    first_due: datetime = moment()
    latest_due: datetime = moment()
    held_due: datetime = moment()
    latest_at: datetime = moment()
    held_at: datetime = moment()
    tolerance_s: int
    terms: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    historical: bool
    completed_at: datetime | None = moment(nullable=True)


class ChangeRow(Base, table=True):
    """A change to a promise after it was made; `version` gives the order within the promise."""

    __tablename__ = "change"

    promise_id: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    kind: str
    at: datetime = moment()
    due: datetime | None = moment(nullable=True)
    held_due: datetime | None = moment(nullable=True)
    asked_by_customer: bool | None = None
    agreed: bool | None = None
    reason: str | None = None
    verdict: str | None = None
    completed_at: datetime | None = moment(nullable=True)
    public_reason: str | None = None
    deliverer: str | None = None
    accepted: bool | None = None
    said_at: datetime | None = moment(nullable=True)
    known_due: datetime | None = moment(nullable=True)
    stated: bool = False


class DraftRow(Base, table=True):
    """A promise of which something is missing; `fields` holds each as (when it was said, value)."""

    __tablename__ = "draft"

    promise_id: str = Field(primary_key=True)
    born: int
    customer_id: str | None
    state: str
    missing: list[str] = Field(sa_column=Column(JSONB, nullable=False))
    fields: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    source: str
    historical: bool
    newest_at: datetime = moment()
    draft_at: datetime = moment()


class MatterColumns(SQLModel):
    """What a matter has, whether it is read from its table or with what it is checked against."""

    matter_id: str = Field(primary_key=True)
    customer_id: str | None
    promise_id: str | None
    capability_id: str | None
    deliverer: str | None
    state: str
    version: int
    at: datetime = Field(sa_type=DateTime(timezone=True))
    ends_at: datetime | None = Field(sa_type=DateTime(timezone=True))
    content: dict[str, Any] = Field(sa_type=JSONB)
    words: dict[str, Any] = Field(sa_type=JSONB)
    born: int


class MatterRow(MatterColumns, Base, table=True):
    """A matter; `content` and `words` differ by its kind."""

    __tablename__ = "matter"

    kind: str = Field(primary_key=True)


class ClaimRow(MatterColumns, Base, table=True):
    """A view: a claim, and its verdict beside the register as it stood when the claim was made."""

    __tablename__ = "claim"

    verdict: str


class EntryRow(Base, table=True):
    """An entry of a matter; `matter` is the matter's `born`."""

    __tablename__ = "matter_entry"

    matter: int = Field(primary_key=True)
    number: int = Field(primary_key=True)
    action: str
    at: datetime = moment()
    content: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    words: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))


class CustomerRow(Base, table=True):
    """A customer's sealed contact, or the mark of an erasure."""

    __tablename__ = "customer"

    customer_id: str = Field(primary_key=True)
    sealed: str | None
    contact_version: int
    contact_at: datetime | None = moment(nullable=True)
    erased_at: datetime | None = moment(nullable=True)
    erasures: int


class ErasureRow(Base, table=True):
    """A customer of whom rows are still being erased (`candor.store.erasing`)."""

    __tablename__ = "erasure"

    customer_id: str = Field(primary_key=True)


class RequestRow(RequestColumns, Base, table=True):
    """A request as a sender sent it; its content is sealed."""

    __tablename__ = "request"


class RejectedRow(RejectedColumns, Base, table=True):
    """A signed webhook that could not be used."""

    __tablename__ = "rejected"


LIVING = text(f"NOT {doomed('promise')}")
"""Of promises: not one of a customer who is being erased."""
LIVING_DRAFT = text(f"""NOT {doomed("draft")}
  AND NOT EXISTS (SELECT FROM promise WHERE promise.promise_id = draft.promise_id)""")
"""The same of drafts, and that no promise has been made of it at the same moment."""
LIVING_MATTER = text(f"NOT {doomed('matter')}")
"""The same of matters."""
LIVING_CLAIM = text(f"NOT {doomed('claim')}")
"""The same of claims."""


class PollRow(PollColumns, Base, table=True):
    """How far the poll of a source is."""

    __tablename__ = "poll"


class RhythmRow(RhythmColumns, Base, table=True):
    """The rhythm in which a sender is heard."""

    __tablename__ = "source_rhythm"
