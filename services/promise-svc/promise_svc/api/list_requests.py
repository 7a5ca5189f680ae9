"""Queries of promise-svc's longer lists."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

from pydantic import BaseModel, Field

from candor.contracts import Component
from candor.web.http.csv_page import Format
from candor.web.http.fields import Id, Moment
from candor.web.http.pages import LARGEST, LONGEST_CURSOR
from promise_svc.domain import Kind


class ListQuery(BaseModel):
    """What every such list takes; a cursor is valid only for the list that it was issued with."""

    limit: int = Field(default=50, ge=1, le=LARGEST)
    cursor: str | None = Field(default=None, max_length=LONGEST_CURSOR)
    format: Format = Field(default="json", description="json, or csv for spreadsheets: the same page, as text/csv.")
    customer_id: Id | None = None


class PromiseQuery(ListQuery):
    """Which promises."""

    kind: Id | None = None
    state: Literal["made", "kept", "broken", "disputed", "withdrawn"] | None = None
    due_from: Moment | None = Field(default=None, description="Held date, RFC 3339 with its zone.")
    due_before: Moment | None = Field(default=None, description="Held date, RFC 3339 with its zone.")


class MatterQuery(ListQuery):
    """Which matters of a kind that may be about a promise."""

    promise_id: Id | None = None
    state: str | None = Field(default=None, pattern="^[a-z]{1,20}$", description="Only those in this state.")
    said_from: Moment | None = Field(default=None, description="Said at this time or later, RFC 3339 with its zone.")
    said_before: Moment | None = Field(default=None, description="Said before this time, RFC 3339 with its zone.")
    sort: Literal["newest", "age"] = Field(default="newest", description="age: the one that began first comes first.")


class DepartmentQuery(MatterQuery):
    """The same of matters that a department began."""

    department: Id | None = Field(default=None, description="Only those of this department.")


class HandoffQuery(DepartmentQuery):
    """Which hand-offs."""

    deliverer: Id | None = Field(default=None, description="Only those to this deliverer.")


class OfferQuery(DepartmentQuery):
    """Which offers."""

    option: Literal["goodwill", "revised_terms", "other"] | None = Field(
        default=None, description="Only those with an option of this sort."
    )


class ChallengeQuery(DepartmentQuery):
    """Which challenges."""

    outcome: Literal["upheld", "dismissed"] | None = Field(default=None, description="Only those that were settled so.")
    about: Literal["promise", "claim", "statement"] | None = Field(
        default=None, description="Only those about things of this sort."
    )
    about_id: Id | None = Field(default=None, description="Only those about this one.")


class PlanQuery(DepartmentQuery):
    """Which plans."""

    driver: Component | None = Field(default=None, description="Only those for this component of the gap.")
    action: Id | None = Field(default=None, description="Only those with this action.")


QUERIES: Final[Mapping[Kind, type[MatterQuery]]] = MappingProxyType(
    {
        Kind.HANDOFF: HandoffQuery,
        Kind.STATEMENT: MatterQuery,
        Kind.CHALLENGE: ChallengeQuery,
        Kind.OFFER: OfferQuery,
        Kind.PLAN: PlanQuery,
        Kind.CLARIFICATION: DepartmentQuery,
        Kind.WISH: DepartmentQuery,
    }
)
"""What the lists of these kinds are asked by, which are filtered alike."""
IN_CONTENT: Final = ("department", "outcome", "about", "about_id", "driver", "action")
"""Filters by what a matter says under the same name."""
