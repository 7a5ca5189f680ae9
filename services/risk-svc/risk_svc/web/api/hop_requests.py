"""HTTP queries about hops."""

from __future__ import annotations

from pydantic import BaseModel, Field

from candor.web.http.csv_page import Format
from candor.web.http.fields import Id
from risk_svc.insight.paths import HopFilter
from risk_svc.web.api.insight_requests import PageQuery


class HopQuery(PageQuery):
    """Which statements; kinds of hops are of the newest 10,000 of them."""

    promise: Id | None = Field(default=None, description="Only what was said of this promise.")
    kind: Id | None = Field(default=None, description="Only of promises of this type.")
    department: Id | None = Field(default=None, description="Only what this department said.")
    min_distortion: float | None = Field(default=None, ge=0, le=1, description="Only from this distortion on.")

    def wanted(self) -> HopFilter:
        """The filter."""
        return HopFilter(self.promise, self.kind, self.department, self.min_distortion)


class PathQuery(BaseModel):
    """How a path comes."""

    format: Format = Field(default="json", description="json, or csv for spreadsheets: its hops, as text/csv.")
