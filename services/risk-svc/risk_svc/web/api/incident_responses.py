"""Responses of the list of incidents."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from candor.web.http.listings import ListTotals
from risk_svc.insight.incidents import MOST_HIT
from risk_svc.web.api.insight_responses import MoneyOut


class ListedIncidentOut(BaseModel):
    """An incident and what it hits: open promises, made before it ended, that depend on what it affects."""

    incident_id: str
    category: str
    title: str = Field(description="Its internal title; empty once texts have ended.")
    severity: float
    opened_at: datetime
    resolved_at: datetime | None
    expected_end: datetime | None
    affects: list[str] = Field(description="What it affects, each as kind:id; nothing else can be hit.")
    promises: int = Field(description=f"How many open promises it hits; at most {MOST_HIT:,} are counted.")
    promises_exact: bool = Field(description="False: there are more, and customers and values are of that many.")
    customers: int = Field(description="How many customers the promises are to.")
    values: list[MoneyOut] = Field(description="Their value by currency.")


class IncidentPage(ListTotals):
    """Incidents: open ones first, the newest first, then those that ended, the latest first."""

    items: list[ListedIncidentOut]
