"""The tables, declared once; `read_model` and `notices` write rows, queries read them through these classes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, Column, MetaData, Text
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from candor.store.columns import document, moment


class Base(SQLModel, registry=registry(metadata=MetaData())):
    """Base with its own registry because other services have tables of the same names."""


class PromiseRow(Base, table=True):
    """A promise and its newest gap; `check_at` (business time) is when time alone may change the decision."""

    __tablename__ = "promise"

    promise_id: str = Field(primary_key=True)
    customer_id: str
    partition: int
    promise_version: int
    promise: dict[str, Any] | None = document(nullable=True)
    gap_version: int
    gap: dict[str, Any] | None = document(nullable=True)
    check_at: datetime | None = moment(nullable=True)


class CustomerRow(Base, table=True):
    """A sealed contact, or the marker of an erasure; `refused_on`: channels on which it was refused."""

    __tablename__ = "customer"

    customer_id: str = Field(primary_key=True)
    contact_version: int
    sealed: str | None
    refused_on: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    erased_at: datetime | None = moment(nullable=True)
    erased_version: int


class EpisodeRow(Base, table=True):
    """The state of a promise's episode, and up to which gap it was decided."""

    __tablename__ = "episode"

    promise_id: str = Field(primary_key=True)
    customer_id: str
    gap_version: int
    state: dict[str, Any] = document()


class NoticeRow(Base, table=True):
    """One message to one customer, or to the owner ahead of it: what was decided, why, and the text.

    One that only asks a customer for what is open about their need has the audience `asked`, and no episode (0).

    `spoken_for` is why it was decided, `reason` why it is in its `state`; `state` and `reason` are those of its
    delivery, if it has one. An owner's notice names the customer's in `ahead_of`; a customer's notice has the outcome
    of the owner's in `owner` (OwnerWord), and how long it waits. `update_state` (UpdateState): what became of the next
    update that it names, "" as long as that is open. Without `public_words` it was composed when messages still
    contained internal reasons. `about` is the one event that it tells of, such as another date. `joint` is the id of
    the letter that told it with others, "" if it went alone. `awaits`: for what it waits or waited for a person
    (Awaits, by commas). Business time: told_*, next_update_by, owner_wait_until, decided_at, changed_at, approved_at,
    waits_since, snoozed_until, taken_until; the database's clock: everything else.
    """

    __tablename__ = "notice"

    notice_id: str = Field(primary_key=True)
    seq: int
    customer_id: str
    promise_id: str
    episode: int
    statement: str
    state: str
    reason: str
    spoken_for: str
    version: int
    closing: bool
    told_low: datetime | None = moment(nullable=True)
    told_high: datetime | None = moment(nullable=True)
    next_update_by: datetime | None = moment(nullable=True)
    subject: str
    body: str
    html: str
    evidence: dict[str, Any] = document()
    findings: list[dict[str, str]] = document()
    gap_version: int
    reply_to: str
    decided_at: datetime = moment()
    changed_at: datetime = moment()
    created_at: datetime = moment()
    audience: str
    addressee: str
    ahead_of: str | None
    owner: str
    owner_wait_until: datetime | None = moment(nullable=True)
    traceparent: str
    public_words: bool
    update_state: str
    awaits: str
    approved_by: str
    approved_at: datetime | None = moment(nullable=True)
    edited_by: str
    waits_since: datetime | None = moment(nullable=True)
    snoozed_until: datetime | None = moment(nullable=True)
    withheld_for: str
    joint: str
    taken_by: str
    taken_until: datetime | None = moment(nullable=True)


class DeliveryRow(Base, table=True):
    """Delivery of a notice over one channel: the address (keyed hash), how far it got, and the provider's answer.

    `outcome` is why it is in its state; an `urgent` one goes before others.

    `said_at`: when its words were first decided on, None if that was before it was kept.

    Business time: said_at, changed_at; the database's clock: everything else.
    """

    __tablename__ = "delivery"

    delivery_id: str = Field(primary_key=True)
    notice_id: str
    channel: str
    recipient: str
    state: str
    outcome: str
    phase: str
    epoch: int
    claimed_by: str
    lease_until: datetime | None = moment(nullable=True)
    attempts: int
    next_at: datetime = moment()
    urgent: bool
    provider_code: str | None = None
    provider_id: str
    unknown_since: datetime | None = moment(nullable=True)
    said_at: datetime | None = moment(nullable=True)
    created_at: datetime = moment()
    changed_at: datetime = moment()


class MailReportRow(Base, table=True):
    """What a mail in our mailbox said of a notice (Said), with the code of RFC 3463; the database's clock."""

    __tablename__ = "mail_report"

    report_id: str = Field(primary_key=True)
    notice_id: str
    promise_id: str
    customer_id: str
    said: str
    code: str
    created_at: datetime = moment()


class SwitchRow(Base, table=True):
    """Whether messages are sent at all: one row."""

    __tablename__ = "switch"

    one: bool = Field(primary_key=True)
    sending: bool
    killed: bool
    changed_at: datetime = moment()
    changed_by: str


class TemplateRow(Base, table=True):
    """One version of a company's template; system time throughout.

    Only the columns of its approval, its withdrawal and its first failure ever change, each once.
    """

    __tablename__ = "letter_template"

    statement: str = Field(primary_key=True)
    language: str = Field(primary_key=True)
    number: int = Field(primary_key=True)
    seq: int
    subject: str
    body: str
    written_by: str
    written_at: datetime = moment()
    approved_by: str
    approved_at: datetime | None = moment(nullable=True)
    withdrawn_by: str
    withdrawn_at: datetime | None = moment(nullable=True)
    failed_at: datetime | None = moment(nullable=True)
    failed_why: str


class PageLinkRow(Base, table=True):
    """A link to the customer's page of a promise; system time throughout."""

    __tablename__ = "page_link"

    link_id: str = Field(primary_key=True)
    seq: int
    promise_id: str
    customer_id: str
    created_at: datetime = moment()
    ends_at: datetime = moment()
    revoked_at: datetime | None = moment(nullable=True)
    revoked_by: str


class AnswerRow(Base, table=True):
    """What a customer answered on their page; without words once these have come to their end.

    Business time: at; the database's clock: created_at.
    """

    __tablename__ = "answer"

    answer_id: str = Field(primary_key=True)
    seq: int
    promise_id: str
    customer_id: str
    link_id: str
    kind: str
    choice: str
    offer_id: str
    clarification_id: str
    words: str
    at: datetime = moment()
    created_at: datetime = moment()


class RecordRow(Base, table=True):
    """One entry of a customer's record, a view: what was said, answered or not said, over which way, and who it was.

    `approved_by`: who let a message go, or called. `due`: that of the option that was taken. `reason`: why it was not
    said, "" if it was. Business time: at, due.
    """

    __tablename__ = "customer_record"

    entry_id: str = Field(primary_key=True)
    customer_id: str
    promise_id: str
    at: datetime = moment()
    direction: str
    way: str
    kind: str
    choice: str
    subject: str
    words: str
    state: str
    approved_by: str
    edited_by: str
    due: datetime | None = moment(nullable=True)
    reason: str
