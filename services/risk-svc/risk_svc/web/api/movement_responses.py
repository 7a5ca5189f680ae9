"""HTTP query and response bodies about what moved the score of a promise."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from candor.web.http.csv_page import Format
from candor.web.http.fields import Moment
from risk_svc.insight.courses import Cause


class MovementQuery(BaseModel):
    """Since when, and in which form."""

    since: Moment | None = Field(default=None, description="What moved it since then; else over the last 24 hours.")
    format: Format = Field(default="json", description="json, or csv for spreadsheets: its moves, as text/csv.")


class SumOut(BaseModel):
    """What one component added to a score, or took from it."""

    component: str
    points: float = Field(description="Points of the score; all components sum to its change.")


class MovedOut(SumOut):
    """The part of one component in a move, and what did it."""

    cause: Cause = Field(
        description="What did it: an event, else forecast (its forecast alone changed) or time (time passed)."
    )
    name: str = Field(description="Of which step, incident, message or ending; empty where nothing has a name.")
    event_id: str = Field(
        description="The id of the event that did it, as it was sent: of an incident's end, of the one that ended it. "
        "Empty: nobody sent one, or it is not known."
    )


class MoveOut(BaseModel):
    """A change of the score from one that was published to the next."""

    at: datetime
    score: float
    change: float = Field(description="How many points it changed.")
    parts: list[MovedOut] = Field(description="Its parts, which sum to the change, the largest first.")


class CourseOut(BaseModel):
    """How a score came about since a moment."""

    since: datetime = Field(description="The time of the score that it is compared with.")
    whole: bool = Field(description="False: the score of the time that was asked for is not known any more.")
    score_before: float = Field(description="The score then.")
    change: float = Field(description="How many points it changed since.")
    parts: list[SumOut] = Field(description="What each component moved it, which sum to the change; largest first.")
    moves: list[MoveOut] = Field(description="Each change in between, the newest first; at most 47.")


class MovementOut(BaseModel):
    """What moved the score of a promise since a moment, and since its customer was told last."""

    promise_id: str
    customer_id: str
    standing: str
    score: float
    as_of: datetime | None
    course: CourseOut | None = Field(description="Since the moment that was asked for; null: no score is known so far.")
    told: str | None = Field(description="What the customer was told last, such as warning; null: nothing.")
    told_at: datetime | None = Field(description="When they were told that.")
    course_since_told: CourseOut | None = Field(description="What moved it since then; null: nothing was told.")
