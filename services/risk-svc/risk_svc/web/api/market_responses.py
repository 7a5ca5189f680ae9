"""HTTP response bodies about public reviews and stated lead times."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from candor.web.http.listings import ListTotals
from risk_svc.insight.measures.quantiles import Beside
from risk_svc.web.api.insight_responses import FigureOut

Labels = dict[str, str | float | bool]


class ReviewOut(BaseModel):
    """A public review and the promise that it is about, if that is known; its words are kept by promise-svc."""

    review_id: str
    source: str = Field(description="The site that it is on.")
    at: datetime = Field(description="When it was published, or edited last.")
    rating: float | None
    worst: float | None = Field(description="The worst rating of its scale.")
    best: float | None = Field(description="The best rating of its scale; it may be the lower number.")
    tags: list[str] | None = Field(description="What it complains of, of the four tags; null: not read by anybody.")
    tagged_by: str | None = Field(description="machine or person; null: not read by anybody.")
    evidence: list[str] = Field(description="Its words by which the machine tagged it, … where others stand between.")
    language: str | None = Field(description="The language of its words, a BCP 47 tag.")
    product: str | None
    place: str | None = Field(description="The place that it is about.")
    labels: Labels = Field(description="Other labels of what it is about.")
    customer_id: str | None
    promise_id: str | None
    promise_kind: str | None = Field(description="The type of the promise; null while the promise is not known.")
    promise_standing: str | None = Field(description="Where the promise stands.")
    promise_due: datetime | None = Field(description="The date that the customer holds.")
    warned: bool | None = Field(description="Whether the customer was warned before that date; null without a promise.")


class ReviewPage(ListTotals):
    """Public reviews, newest first."""

    items: list[ReviewOut]


class MonthOut(BaseModel):
    """A month of reviews, in UTC, beside the promises that customers held for it and that came late."""

    month: str = Field(description="Such as 2026-03.")
    reviews: int = Field(description="How many reviews were published.")
    untagged: int = Field(description="How many of them nobody has read, so that they count in no share.")
    by_machine: int = Field(description="How many of them were tagged by machine and not corrected.")
    failure: FigureOut = Field(description="The share of tagged reviews that complain of failure to communicate.")
    not_told: int = Field(description="How many complain that nobody told them.")
    too_late: int = Field(description="How many complain that they were told too late.")
    contradictory: int = Field(description="How many complain of contradictions.")
    unreachable: int = Field(description="How many complain that they reached nobody.")
    warned: FigureOut = Field(
        description="The share of late promises whose customers were warned before the date that they held."
    )


class TrendPage(ListTotals):
    """Months, newest first: of the newest 20,000 reviews, and the late ones of the 20,000 promises that ended last."""

    exact: bool = Field(description="False: there are more reviews or promises than were counted.")
    items: list[MonthOut]


class CompetitorOut(BaseModel):
    """A competitor's lead time as somebody states it, not observed, beside ours for the same type and labels, in days.

    Ours are the 10 %, 50 % and 90 % quantiles of completed promises, from when they were made: to the first date that
    was promised, and to their completion.
    """

    lead_time_id: str
    competitor: str
    kind: str = Field(description="The promise type that it is compared with.")
    labels: Labels = Field(description="Labels that our promises must have to be compared with it.")
    low_days: float | None = Field(description="The least that is stated.")
    typical_days: float = Field(description="What is stated as usual.")
    high_days: float | None = Field(description="The most that is stated.")
    unit: str = Field(description="The unit in which it was stated: hours or days.")
    stated_by: str = Field(description="Who states it.")
    url: str | None = Field(description="Where it is stated; never fetched.")
    at: datetime = Field(description="As of when it is stated.")
    promised_low: FigureOut = Field(description="What we promised: the 10 % quantile.")
    promised_typical: FigureOut = Field(description="What we promised: the median.")
    promised_high: FigureOut = Field(description="What we promised: the 90 % quantile.")
    actual_low: FigureOut = Field(description="What it took: the 10 % quantile.")
    actual_typical: FigureOut = Field(description="What it took: the median.")
    actual_high: FigureOut = Field(description="What it took: the 90 % quantile.")
    beside: Beside = Field(
        description="Whether our median is longer or shorter than stated, with its whole interval; else unclear."
    )


class CompetitorPage(ListTotals):
    """Stated lead times by competitor; ours are of the 100,000 promises that were completed last."""

    made_at: datetime | None = Field(description="When ours were worked out; null: not once so far.")
    items: list[CompetitorOut]
