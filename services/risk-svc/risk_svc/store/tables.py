"""The tables, declared once and used by queries; rows are written by `store`."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, Double, Float, LargeBinary, MetaData
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from candor.store.columns import moment


class Base(SQLModel, registry=registry(metadata=MetaData())):
    """A base with its own registry because other services have tables of the same names."""


class PromiseStateRow(Base, table=True):
    """A folded promise: `state` holds all of it, the other columns serve filters and sorting.

    `live`: kept in a worker's memory (a placeholder, or open and not given up for long). `shown`: neither history nor a
    placeholder. `p_slip` is null while there is too little history to state it.
    """

    __tablename__ = "promise_state"

    promise_id: str = Field(primary_key=True)
    partition: int
    customer_id: str
    kind: str
    standing: str
    live: bool
    shown: bool
    told: bool
    score: float = Field(sa_column=Column(Float, nullable=False))
    p_slip: float | None = Field(sa_column=Column(Float))
    held_due: datetime = moment()
    state: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    value: float | None = Field(default=None, sa_column=Column(Double))


class IncidentRow(Base, table=True):
    """An incident as known to one partition: each partition reads incidents at its own pace.

    `live`: kept in a worker's memory, because it is open or touches a live promise. `places` are those it affects, as
    `kind:id`.
    """

    __tablename__ = "incident"

    partition: int = Field(primary_key=True)
    incident_id: str = Field(primary_key=True)
    version: int
    data: bytes
    live: bool = True
    places: list[str] = Field(default=[], sa_column=Column(JSONB, nullable=False))


class ErasedRow(Base, table=True):
    """The mark of an erased customer: SHA-256 of the id and the business time (epoch seconds) up to which it counts."""

    __tablename__ = "erased"

    partition: int = Field(primary_key=True)
    customer: bytes = Field(primary_key=True)
    version: int
    at: float


class ForecastScoreRow(Base, table=True):
    """One forecast as issued at a lead, with its outcome: `outcome` is 1 for slipped, 0 for kept.

    A column is null in rows older than itself; a quantile also if the promise might never have completed.
    """

    __tablename__ = "forecast_score"

    promise_id: str = Field(primary_key=True)
    lead: str = Field(primary_key=True)
    kind: str
    p: float
    base: float
    outcome: int
    settled_at: datetime = moment()
    issued_at: datetime | None = moment(nullable=True)
    p50: datetime | None = moment(nullable=True)
    p80: datetime | None = moment(nullable=True)
    p90: datetime | None = moment(nullable=True)
    completed_at: datetime | None = moment(nullable=True)
    made_at: datetime | None = moment(nullable=True)
    model: int | None = None
    n: int | None = None
