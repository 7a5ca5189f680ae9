"""HTTP queries about plans."""

from __future__ import annotations

from pydantic import Field

from candor.contracts import Component
from candor.web.http.fields import Id
from risk_svc.insight.plans import PlanFilter, Sort, State
from risk_svc.web.api.insight_requests import PageQuery


class ActionQuery(PageQuery):
    """For which driver."""

    driver: Component | None = Field(default=None, description="Only what was tried for this component of the gap.")


class PlanQuery(ActionQuery):
    """Which plans, and in which order."""

    state: State = Field(default="all", description="Open plans, overdue ones among them, those that ended, or all.")
    sort: Sort = Field(default="due", description="due: the first date first; newest: the last opened first.")
    promise: Id | None = Field(default=None, description="Only those about this promise.")
    customer: Id | None = None
    department: Id | None = Field(default=None, description="Only those of this department.")
    action: Id | None = Field(default=None, description="Only those with this action.")

    def wanted(self) -> PlanFilter:
        """The filter."""
        return PlanFilter(self.state, self.promise, self.customer, self.department, self.driver, self.action)
