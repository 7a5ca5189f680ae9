"""HTTP queries about wishes."""

from __future__ import annotations

from pydantic import Field

from candor.web.http.fields import Id
from risk_svc.insight.wishes import State, WishFilter
from risk_svc.web.api.insight_requests import PageQuery


class WishQuery(PageQuery):
    """Which wishes."""

    state: State = Field(
        default="all", description="In this state; open: due ones among them; due: open and to be looked at again."
    )
    promise: Id | None = Field(default=None, description="Only those about this promise.")
    customer: Id | None = None
    department: Id | None = Field(default=None, description="Only those of this department.")

    def wanted(self) -> WishFilter:
        """The filter."""
        return WishFilter(self.state, self.promise, self.customer, self.department)
