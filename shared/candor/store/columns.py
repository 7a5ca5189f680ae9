"""Column definitions that the services' tables share."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, DateTime
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field


def moment(*, nullable: bool = False) -> Any:
    """A point in time with its zone; without one PostgreSQL would shift it by the session's zone."""
    return Field(sa_column=Column(DateTime(timezone=True), nullable=nullable))


def document(*, nullable: bool = False) -> Any:
    """JSON that no query filters by."""
    return Field(sa_column=Column(JSONB, nullable=nullable))
