"""HTTP queries of what `insight` keeps."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from candor.web.http.csv_page import Format
from candor.web.http.fields import ID_PATTERN
from candor.web.http.pages import LARGEST, LONGEST_CURSOR


class PageQuery(BaseModel):
    """What every list takes; a cursor is valid only for the order that it was issued with."""

    limit: int = Field(default=50, ge=1, le=LARGEST)
    cursor: str | None = Field(default=None, max_length=LONGEST_CURSOR)
    format: Format = Field(default="json", description="json, or csv for spreadsheets: the same page, as text/csv.")


class HitQuery(PageQuery):
    """Which promises that an incident hits, and in which order."""

    sort: Literal["gap", "value"] = "gap"
    customer: str | None = Field(default=None, pattern=ID_PATTERN)
    kind: str | None = Field(default=None, pattern=ID_PATTERN)
    min_score: float | None = Field(default=None, ge=0, le=100)
