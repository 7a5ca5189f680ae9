"""HTTP queries of what `insight` keeps."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import BaseModel, Field

from candor.web.http.csv_page import Format
from candor.web.http.fields import Id
from candor.web.http.pages import LARGEST, LONGEST_CURSOR
from risk_svc.insight.durations import Verdict
from risk_svc.insight.incident_lists import IncidentFilter, State
from risk_svc.insight.words import Verdict as Contact

PLACES: Final = r"^[A-Za-z0-9._:-]{3,257}$"
"""A kind and an id with a colon between."""


class PageQuery(BaseModel):
    """What every list takes; a cursor is valid only for the order that it was issued with."""

    limit: int = Field(default=50, ge=1, le=LARGEST)
    cursor: str | None = Field(default=None, max_length=LONGEST_CURSOR)
    format: Format = Field(default="json", description="json, or csv for spreadsheets: the same page, as text/csv.")


class HitQuery(PageQuery):
    """Which promises that an incident hits, and in which order."""

    sort: Literal["gap", "value"] = Field(
        default="gap",
        description="value: the largest first by what it is worth in the currency of the figures (RATES of the insight "
        "process, as of its last figures); then those of each currency without a rate, then those without a value.",
    )
    customer: Id | None = None
    kind: Id | None = None
    min_score: float | None = Field(default=None, ge=0, le=100)


class IncidentQuery(PageQuery):
    """Which incidents."""

    state: State | None = Field(default=None, description="open: it goes on; ended: it is over; all without it.")
    category: Id | None = Field(default=None, description="Only those of this category.")
    place: str | None = Field(
        default=None, pattern=PLACES, description="Only those that affect this, as kind:id, such as site:EWR."
    )

    def wanted(self) -> IncidentFilter:
        """The filter."""
        return IncidentFilter(self.state, self.category, self.place)


class SheetQuery(PageQuery):
    """A page of figures; `name` for the row of one alone."""

    name: str | None = Field(default=None, max_length=512, description="Only the row of this name.")


class RollUpQuery(SheetQuery):
    """Which roll-up."""

    by: Literal["customer", "department", "kind", "hop", "label"] = Field(
        default="customer",
        description="What promises are put together by; a label is name=value, a hop the first past its threshold.",
    )
    search: str | None = Field(default=None, max_length=512, description="Only groups whose name begins so.")
    min_score: float | None = Field(default=None, ge=0, le=100, description="Only groups with this gap or more.")


class PunctualityQuery(SheetQuery):
    """Whose punctuality."""

    by: Literal["team", "kind", "customer", "month", "all"] = Field(
        default="team",
        description="What promises are put together by: a team is the department that answers for them, a month that "
        "of the first promised date, such as 2026-03.",
    )


class AccountQuery(PageQuery):
    """Which accounts, and in which order; the largest always comes first."""

    sort: Literal["loss", "value_at_risk", "gap"] = "loss"
    customer: Id | None = None
    search: Id | None = Field(default=None, description="Only customers whose id begins so.")
    min_score: float | None = Field(default=None, ge=0, le=100)
    renews_within: float | None = Field(
        default=None, ge=0, le=36_500, description="Only accounts whose renewal lies at most so many days ahead."
    )
    contact: Contact | None = Field(
        default=None, description="Only customers with an open gap of 25 or more whose words are of this verdict."
    )


class BiasQuery(SheetQuery):
    """Whose bias."""

    by: Literal["team", "deliverer", "person"] = Field(
        default="team",
        description="Teams that make promises, who delivers them, or persons that answer for them; persons only where "
        "SHOW_PERSONS is on.",
    )
    verdict: Verdict | None = Field(default=None, description="Only those with this verdict.")


class BriefQuery(BaseModel):
    """Whose brief, and its form."""

    department: Id | None = Field(
        default=None, description="Only what this department has to know; without it, all do."
    )
    format: Literal["json", "markdown"] = Field(default="json", description="json, or markdown to send by mail.")


Question = Literal["well", "improve", "others", "onward"]


class PerceptionQuery(PageQuery):
    """Which answers."""

    question: Question | None = Field(default=None, description="Only this question.")


class PairQuery(PerceptionQuery):
    """Which pairs of sides."""

    verdict: Literal["disparity", "similarity", "unclear", "suppressed"] | None = Field(
        default=None, description="Only pairs of this verdict."
    )
