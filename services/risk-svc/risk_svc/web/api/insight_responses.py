"""HTTP response bodies of what `insight` keeps. Money is in the currency beside it; nothing is converted unsaid."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from candor.web.http.listings import ListTotals
from risk_svc.web.api.responses import IncidentOut


class HitOut(BaseModel):
    """An open promise that depends on what an incident hits."""

    promise_id: str
    customer_id: str
    kind: str
    department: str | None
    held_due: datetime
    score: float
    p_slip: float | None
    value: float | None
    currency: str | None
    told: bool


class MoneyOut(BaseModel):
    """The value of open promises in one currency; `unvalued` of them have none."""

    currency: str | None = Field(description="An ISO 4217 code; null for promises that name none.")
    value: float = Field(description="The sum of their values.")
    promises: int
    unvalued: int = Field(description="How many of them have no value.")


class IncidentPromises(ListTotals):
    """What an incident hits: open promises, largest gap or value first, of how many customers, and their value.

    At most 100,000 promises are looked at; beyond that `total_exact` is false and all figures are of that many.
    """

    incident: IncidentOut = Field(description="The incident.")
    customers: int = Field(description="How many customers the promises are to.")
    values: list[MoneyOut] = Field(description="Their value by currency.")
    items: list[HitOut]
