"""The usual service's tables, through an ORM as most teams have them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Column, DateTime, LargeBinary, MetaData
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel


class Base(SQLModel, registry=registry(metadata=MetaData())):
    """A base of its own: the services have tables of the same names."""


class PromiseRow(Base, table=True):
    """A promise as it was sent."""

    __tablename__ = "promise"

    promise_id: str = Field(primary_key=True)
    customer_id: str = Field(index=True)
    kind: str
    due: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    body: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    reports: int = 0


class ReportRow(Base, table=True):
    """A report as it was sent."""

    __tablename__ = "report"

    promise_id: str = Field(primary_key=True, foreign_key="promise.promise_id")
    version: int = Field(primary_key=True)
    body: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))


class GapRow(Base, table=True):
    """What is known and forecast of a promise."""

    __tablename__ = "gap"

    promise_id: str = Field(primary_key=True)
    customer_id: str = Field(index=True)
    score: float = Field(index=True)
    state: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


def engine(url: str, connections: int) -> AsyncEngine:
    """The engine of one process of the usual service."""
    return create_async_engine(
        make_url(url).set(drivername="postgresql+asyncpg"), pool_size=connections, max_overflow=0
    )
