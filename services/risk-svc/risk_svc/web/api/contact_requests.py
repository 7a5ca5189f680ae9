"""HTTP queries about what customers see and say: surprises, silences, standings and how far claims spread."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import Field

from candor.web.http.fields import Id
from risk_svc.insight import reading
from risk_svc.insight import surprises as of_surprises
from risk_svc.insight import words as of_words
from risk_svc.web.api.insight_requests import PageQuery, SheetQuery

SORTS: Final[dict[str, reading.Sort]] = {"newest": "loss", "size": "size"}


class SurpriseQuery(PageQuery):
    """Which surprises, and in which order."""

    sort: Literal["newest", "size"] = Field(default="newest", description="newest: what ended last first.")
    verdict: of_surprises.Verdict | None = Field(default=None, description="Only what ended better, or worse.")
    promise: Id | None = Field(default=None, description="Only this promise.")
    customer: Id | None = None
    department: Id | None = Field(default=None, description="Only what this department promised.")
    announced: bool | None = Field(
        default=None, description="true: only where the customer was told something before the end; false: nothing."
    )


class SilenceQuery(PageQuery):
    """Which customers with an open gap."""

    verdict: of_words.Verdict | None = Field(default=None, description="Only customers of this verdict.")
    customer: Id | None = None
    search: Id | None = Field(default=None, description="Only customers whose id begins so.")
    min_score: float | None = Field(default=None, ge=0, le=100)


class StandingQuery(SheetQuery):
    """Whose standing."""

    by: Literal["team", "deliverer", "customer", "person"] = Field(
        default="team",
        description="Teams that make promises, who delivers them, ours with each customer, or that of persons that "
        "answer for them; persons only where SHOW_PERSONS is on.",
    )


class SpreadQuery(PageQuery):
    """Of which capabilities."""

    capability: Id | None = Field(default=None, description="Only claims of this capability.")
    search: Id | None = Field(default=None, description="How the capability's id begins.")
