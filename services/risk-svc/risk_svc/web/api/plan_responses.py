"""HTTP response bodies about plans."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from candor.contracts import Component
from candor.web.http.listings import ListTotals
from risk_svc.insight.measures.drivers import Outcome


class PlanOut(BaseModel):
    """A plan, and what the component that it is to close did; that is not said to be its effect."""

    plan_id: str
    promise_id: str | None
    customer_id: str | None
    department: str | None = Field(description="The department that owns the plan; null once names have ended.")
    driver: Component = Field(description="The component of the gap that it is to close.")
    action: str = Field(description="What is to be done, as a short code.")
    state: str = Field(description="open, overdue, done or dropped.")
    at: datetime = Field(description="When it was opened.")
    changed_at: datetime
    since: datetime = Field(description="When it came to its state.")
    due: datetime = Field(description="When it is to be done.")
    promise_kind: str | None = Field(description="The type of the promise; null while the promise is not known.")
    promise_standing: str | None = Field(description="Where the promise stands.")
    promise_due: datetime | None = Field(description="The date that the customer holds.")
    score: float | None = Field(description="The gap of the promise, 0 to 100.")
    now: float | None = Field(description="How strong the driver is now, 0 to 1.")
    before: float | None = Field(description="How strong it was when the plan was opened; null: not known.")
    after: float | None = Field(description="How strong it was last, up to 7 days after the plan ended.")
    fall: float | None = Field(description="By how much it fell from the one to the other; below 0 it rose.")
    outcome: Outcome | None = Field(
        description="What the driver did, once the plan has ended: it fell by .1 or more, did not, will be known, was "
        "below .1 from the beginning, or nobody knows."
    )
    beside: Outcome | None = Field(
        description="The same of a promise like it about which there was no such plan; null: none was found."
    )


class PlanPage(ListTotals):
    """Plans, in the order that was asked for."""

    items: list[PlanOut]


class TriedFigure(BaseModel):
    """A figure from `n` plans with its 95 % interval; null with too little history (fewer than 5)."""

    value: float | None = Field(description="The figure; null with too little history.")
    low: float | None = Field(description="The lower end of its 95 % interval.")
    high: float | None = Field(description="The upper end of its 95 % interval.")
    n: int = Field(description="How many plans it rests on.")


class ActionOut(BaseModel):
    """An action that was tried for a driver, and how often the driver fell afterwards; not the effect of the action."""

    driver: Component = Field(description="The component of the gap that it was to close.")
    action: str = Field(description="What was done, as a short code.")
    plans: int = Field(description="How many such plans were done, of the newest 5,000 that a filter finds.")
    awaited: int = Field(description="Of how many it is not known yet what their driver does.")
    too_little_history: str | None = Field(description="That there is too little history, in words.")
    fell: TriedFigure = Field(description="The share of plans whose driver fell by .1 or more.")
    fall: TriedFigure = Field(description="By how much of its scale the driver fell on average.")
    beside: TriedFigure = Field(description="The share that fell in the same time where nothing was planned.")


class ActionPage(ListTotals):
    """Actions, the best lower end of the share that fell first; those with too little history last."""

    items: list[ActionOut]
