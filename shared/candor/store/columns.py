"""Column definitions that the services' tables share."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import Column, DateTime
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field


def moment(*, nullable: bool = False) -> Any:
    """A point in time with its zone; without one PostgreSQL would shift it by the session's zone."""
    return Field(sa_column=Column(DateTime(timezone=True), nullable=nullable))


def document(*, nullable: bool = False) -> Any:
    """JSON that no query filters by."""
    return Field(sa_column=Column(JSONB, nullable=nullable))


def shared_moment(*, nullable: bool = False) -> Any:
    """The same for columns that the tables of several services have: each of them makes its own."""
    return Field(sa_type=cast(Any, DateTime(timezone=True)), nullable=nullable)
