"""Queries of promise-svc's longer lists."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from candor.web.http.csv_page import Format
from candor.web.http.fields import ID_PATTERN, Moment
from candor.web.http.pages import LARGEST, LONGEST_CURSOR


class ListQuery(BaseModel):
    """What every such list takes; a cursor is valid only for the list that it was issued with."""

    limit: int = Field(default=50, ge=1, le=LARGEST)
    cursor: str | None = Field(default=None, max_length=LONGEST_CURSOR)
    format: Format = Field(default="json", description="json, or csv for spreadsheets: the same page, as text/csv.")
    customer_id: str | None = Field(default=None, pattern=ID_PATTERN)


class PromiseQuery(ListQuery):
    """Which promises."""

    kind: str | None = Field(default=None, pattern=ID_PATTERN)
    state: Literal["made", "kept", "broken", "disputed", "withdrawn"] | None = None
    due_from: Moment | None = Field(default=None, description="Held date, RFC 3339 with its zone.")
    due_before: Moment | None = Field(default=None, description="Held date, RFC 3339 with its zone.")


class MatterQuery(ListQuery):
    """Which matters of a kind that may be about a promise."""

    promise_id: str | None = Field(default=None, pattern=ID_PATTERN)
    state: str | None = Field(default=None, pattern="^[a-z]{1,20}$", description="Only those in this state.")
    said_from: Moment | None = Field(default=None, description="Said at this time or later, RFC 3339 with its zone.")
    said_before: Moment | None = Field(default=None, description="Said before this time, RFC 3339 with its zone.")
