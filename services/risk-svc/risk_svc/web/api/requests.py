"""HTTP requests: queries for lists and forecast accuracy, and draft promises to check."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from candor.contracts import Standing
from candor.web.http.csv_page import Format
from candor.web.http.fields import PLACE_PATTERN, Body, Id, Labels, Moment, Name, Seconds
from candor.web.http.pages import LARGEST, LONGEST_CURSOR
from risk_svc.forecast.view import View, labels
from risk_svc.forecasting.live import TICK


class GapQuery(BaseModel):
    """The query for a list of gaps; a cursor is valid only for the sort that it was issued with."""

    limit: int = Field(default=50, ge=1, le=LARGEST)
    cursor: str | None = Field(default=None, max_length=LONGEST_CURSOR)
    sort: Literal["score", "due"] = "score"
    band: Literal["none", "low", "medium", "high", "severe"] | None = None
    standing: Standing | None = None
    customer: Id | None = None
    kind: str | None = Field(default=None, max_length=256)
    min_score: float | None = Field(default=None, ge=0, le=100)
    search: Id | None = Field(
        default=None,
        description="How the promise's or the customer's id begins, in upper or lower case.",
    )
    owner: str | None = Field(
        default=None, max_length=256, description="Whose promises they are, exactly; as far as insight has read."
    )
    place: str | None = Field(
        default=None,
        max_length=513,
        pattern=PLACE_PATTERN,
        description="What they depend on, as kind:id, e.g. site:LEJ; open promises alone, as far as insight has read.",
    )
    format: Format = Field(default="json", description="json, or csv for spreadsheets: the same page, as text/csv.")

    @model_validator(mode="after")
    def _place_is_of_open_ones(self) -> Self:
        if self.place is not None and self.standing not in (None, Standing.OPEN):
            raise ValueError("place finds open promises alone: leave standing out, or ask for open")
        return self


class TrackRecordQuery(BaseModel):
    """Which scored forecasts: `class` and `kind` mean the same; `since` and `until` bound the time of settlement."""

    kind: str | None = Field(default=None, max_length=256)
    class_: str | None = Field(default=None, max_length=256, alias="class")
    lead: str | None = Field(default=None, max_length=64)
    since: Moment | None = None
    until: Moment | None = None


class Draft(Body):
    """A body of promise-svc, or part of one: fields that no forecast uses are ignored, the rest has the same bounds."""

    model_config = ConfigDict(extra="ignore")


class StepIn(Draft):
    """A step on the way to the promise."""

    name: Annotated[Name, Field(max_length=200)]
    planned: Moment | None = None


class DependencyIn(Draft):
    """Something the promise would depend on."""

    kind: Id
    id: Id


def _differ(steps: list[StepIn]) -> list[StepIn]:
    if len({step.name for step in steps}) != len(steps):
        raise ValueError("milestones must have different names")
    return steps


class CheckIn(Draft):
    """A draft: what a forecast may know of a promise, as in `POST /v1/promises`; other fields are ignored."""

    kind: Id
    due: Moment
    tolerance_s: Seconds = 0
    labels: Labels = {}
    milestones: Annotated[list[StepIn], Field(max_length=100), AfterValidator(_differ)] = []
    depends_on: Annotated[list[DependencyIn], Field(max_length=100)] = []

    def view(self, now: datetime) -> View:
        """The promise as the model would see it, made `now`: a step planned for an earlier time has slipped."""
        texts, numbers = labels(dict(self.labels), frozenset())
        made = now.timestamp()
        view = View(
            promise_id="",
            kind=self.kind,
            made=made,
            deadline=self.due.timestamp() + self.tolerance_s + TICK,
            order=[step.name for step in self.milestones],
            plans={step.name: step.planned.timestamp() for step in self.milestones if step.planned is not None},
            texts=texts,
            numbers=numbers,
            last_at=made,
            stages=[(-1, made)],
            places=[f"{on.kind}:{on.id}" for on in self.depends_on],
        )
        view.slipped = [name for at, name in view.slips() if at <= made]
        return view
