"""Events about what is said outside (topic `statements`): public reviews, and lead times that competitors state.

Each event is the whole state of its matter. The words of a review are in none of them.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from candor.contracts.envelope import Event
from candor.contracts.promise import Label


class Tag(StrEnum):
    """A way in which a company fails to communicate, as a review complains of it."""

    NOT_TOLD = "not_told"
    TOO_LATE = "too_late"
    CONTRADICTORY = "contradictory"
    UNREACHABLE = "unreachable"


class Tagger(StrEnum):
    """Who tagged a review."""

    MACHINE = "machine"
    PERSON = "person"


class ReviewState(StrEnum):
    """A review as it was published, with tags that a person corrected, or removed."""

    PUBLISHED = "published"
    TAGGED = "tagged"
    REMOVED = "removed"


class ReviewChanged(Event, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """A public review on the site `source`, published or edited `at`; with a customer only where they are known.

    `rating` lies between `worst` and `best`, of which the lower number may be the best. `tags` None: not tagged, as it
    has no words or none that are read; `evidence` are those of its words that the lexicon knows and tagged it by. Once
    it is removed only its id counts.
    """

    TYPE: ClassVar[str] = "candor.review.changed.v1"
    TOPIC: ClassVar[str] = "statements"
    AGGREGATE: ClassVar[str] = "review_id"

    review_id: str
    state: ReviewState
    at: datetime
    source: str = ""
    customer_id: str | None = None
    promise_id: str | None = None
    rating: float | None = None
    worst: float = 1.0
    best: float = 5.0
    language: str | None = None
    product: str | None = None
    place: str | None = None
    labels: dict[str, Label] = {}
    tags: list[Tag] | None = None
    tagged_by: Tagger | None = None
    evidence: list[str] = []


class LeadTimeState(StrEnum):
    """Whether a stated lead time still counts."""

    STATED = "stated"
    WITHDRAWN = "withdrawn"


class LeadTimeChanged(Event, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """A competitor's usual lead time for a promise type, as `source` stated it `at`; nobody observed it.

    `low`, `typical` and `high` are in `unit`, hours or days. `url` is only ever shown.
    """

    TYPE: ClassVar[str] = "candor.lead_time.changed.v1"
    TOPIC: ClassVar[str] = "statements"
    AGGREGATE: ClassVar[str] = "lead_time_id"

    lead_time_id: str
    state: LeadTimeState
    at: datetime
    competitor: str
    kind: str
    typical: float
    unit: str
    source: str
    low: float | None = None
    high: float | None = None
    labels: dict[str, Label] = {}
    url: str | None = None
