"""Bodies about what is said outside: public reviews, and lead times that competitors state."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, Field

from candor.contracts.market import Tag, Tagger
from candor.web.http.csv_page import Format
from candor.web.http.fields import Id, InternalText, Labels, Moment
from candor.web.http.pages import LARGEST, LONGEST_CURSOR
from promise_svc.api.matter_requests import Fault, MatterBody, Person, Reason, SaidIn
from promise_svc.api.requests import Language, Short
from promise_svc.domain import tagging

_site: Final = re.compile(r"[a-z0-9._-]{1,40}")
_source_id: Final = re.compile(r"[A-Za-z0-9._:-]{1,87}")
_url: Final = re.compile(r"https?://[!-~]{1,490}")


def _a_site(text: str) -> str:
    name = text.strip().lower()
    if not _site.fullmatch(name):
        raise ValueError("must be 1 to 40 of letters, digits, dot, underscore, hyphen, such as reviews.example")
    return name


def _an_id_there(text: str) -> str:
    name = text.strip()
    if not _source_id.fullmatch(name):
        raise ValueError("must be 1 to 87 of letters, digits, dot, underscore, colon, hyphen")
    return name


def _an_address(text: str) -> str:
    if not _url.fullmatch(text):
        raise ValueError("must be an address that begins with https:// or http://, at most 500 characters of ASCII")
    return text


Site = Annotated[str, AfterValidator(_a_site), Field(max_length=100)]
Number = Annotated[float, Field(ge=-1000, le=1000, allow_inf_nan=False)]
Duration = Annotated[float, Field(gt=0, le=87_600, allow_inf_nan=False)]
Url = Annotated[str, AfterValidator(_an_address), Field(max_length=500)]
"""An address that is shown and never fetched."""


def _each_once(tags: list[str]) -> list[str]:
    if len({*tags}) != len(tags):
        raise ValueError("must differ from each other")
    return [tag for tag in Tag if tag in tags]


Tags = Annotated[
    list[Literal["not_told", "too_late", "contradictory", "unreachable"]],
    Field(max_length=len(Tag)),
    AfterValidator(_each_once),
]


class ReviewIn(MatterBody):
    """A public review as it stands on a site; sent again with the same `source` and `source_id` it replaces the former.

    It names no author. `at` is when it was published, or edited last.
    """

    source: Annotated[Site, Field(description="The site that it is on, such as reviews.example.")]
    source_id: Annotated[str, AfterValidator(_an_id_there), Field(max_length=200, description="Its id on that site.")]
    at: Moment
    rating: Annotated[Number, Field(description="The rating, between worst and best.")] | None = None
    worst: Annotated[Number, Field(description="The worst rating of its scale.")] = 1.0
    best: Annotated[Number, Field(description="The best rating of its scale; it may be the lower number.")] = 5.0
    words: Annotated[InternalText, Field(max_length=4000, description="The words of the review.")] | None = None
    language: Annotated[Language, Field(description="The language of the words, a BCP 47 tag.")] | None = None
    product: Id | None = None
    place: Annotated[Id, Field(description="The place that it is about.")] | None = None
    labels: Labels = {}
    customer_id: Id | None = None
    promise_id: Id | None = None

    @property
    def review_id(self) -> str:
        """The id by which it is known here."""
        return f"{self.source}:{self.source_id}"

    def fault(self) -> Fault | None:
        if self.rating is None and not self.words:
            return "/rating", "a rating or words must be given"
        if self.worst == self.best:
            return "/best", "must differ from worst"
        if self.rating is not None and not min(self.worst, self.best) <= self.rating <= max(self.worst, self.best):
            return "/rating", f"must lie between {self.worst:g} and {self.best:g}"
        if self.promise_id is not None and self.customer_id is not None:
            return "/customer_id", "must not be given beside a promise, which has its own customer"
        return None

    def derived(self) -> dict[str, Any]:
        found = tagging.tagged(self.words, self.language)
        return {} if found is None else {**found._asdict(), "tagged_by": Tagger.MACHINE}


class TagsIn(SaidIn):
    """What a review complains of, as a person read it; figures count this instead of what the machine found."""

    tags: Annotated[Tags, Field(description="Of which failures to communicate it complains; empty: of none.")]
    person: Person
    reason: Reason

    def derived(self) -> dict[str, Any]:
        return {"tagged_by": Tagger.PERSON, "evidence": []}


class RemovalIn(MatterBody):
    """Why nothing is to be kept of a review: its site took it down, or its author asked for it."""

    reason: Reason


def _apart(low: float | None, typical: float, high: float | None) -> Fault | None:
    if low is not None and low > typical:
        return "/low", "must be at most typical"
    if high is not None and high < typical:
        return "/high", "must be at least typical"
    return None


class LeadTimeIn(MatterBody):
    """How long a competitor usually takes for promises of a type, as a source states it; nothing here observed it.

    `at` is the day as of which the source states it.
    """

    lead_time_id: Id | None = None
    competitor: Annotated[Short, Field(max_length=100)]
    kind: Annotated[Id, Field(description="The promise type that it is comparable with.")]
    labels: Labels = {}
    low: Annotated[Duration, Field(description="The least that is stated.")] | None = None
    typical: Annotated[Duration, Field(description="What is stated as usual.")]
    high: Annotated[Duration, Field(description="The most that is stated.")] | None = None
    unit: Annotated[Literal["hours", "days"], Field(description="What low, typical and high count.")] = "days"
    source: Annotated[Short, Field(description="Who states it: shown with every figure.")]
    url: Url | None = None
    words: Annotated[InternalText, Field(max_length=1000, description="The words of the source.")] | None = None
    at: Moment

    def fault(self) -> Fault | None:
        return _apart(self.low, self.typical, self.high)


class MarketQuery(BaseModel):
    """Which page of what is said outside."""

    limit: int = Field(default=50, ge=1, le=LARGEST)
    cursor: str | None = Field(default=None, max_length=LONGEST_CURSOR)
    state: str | None = Field(default=None, pattern="^[a-z]{1,20}$", description="Only those in this state.")
    said_from: Moment | None = Field(default=None, description="Said at this time or later, RFC 3339 with its zone.")
    said_before: Moment | None = Field(default=None, description="Said before this time, RFC 3339 with its zone.")
    format: Format = Field(default="json", description="json, or csv for spreadsheets: the same page, as text/csv.")


class ReviewQuery(MarketQuery):
    """Which reviews."""

    source: Site | None = Field(default=None, description="Only reviews on this site.")
    tag: Tag | None = Field(default=None, description="Only reviews with this tag, as it was corrected.")
    customer_id: Id | None = None
    promise_id: Id | None = None


class LeadTimeQuery(MarketQuery):
    """Which lead times."""

    competitor: Short | None = Field(default=None, max_length=100, description="Only those of this competitor.")
