"""Public reviews beside the promises that they are about, and what they complain of."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, Literal, NamedTuple

from sqlmodel.ext.asyncio.session import AsyncSession

from candor.web.http.listings import Total
from risk_svc.insight.asking import Listing, Place, given, page
from risk_svc.insight.forgetting import LIVING, living

Tag = Literal["failure", "not_told", "too_late", "contradictory", "unreachable", "none", "untagged"]
ITEM: Final = (
    *("review_id", "source", "at", "rating", "worst", "best", "tags", "tagged_by", "evidence", "language", "product"),
    *("place", "labels", "customer_id", "promise_id", "promise_kind", "promise_standing", "promise_due", "warned"),
)
"""The columns of a review in the list."""


class ReviewFilter(NamedTuple):
    """Which reviews; None does not filter.

    `tag` failure: any of the four; none: of none of them; untagged: nobody has read it. `beside_promise`: whether it
    names a promise. Times are those of `at`, until before `before`.
    """

    tag: Tag | None = None
    source: str | None = None
    product: str | None = None
    place: str | None = None
    customer_id: str | None = None
    promise_id: str | None = None
    beside_promise: bool | None = None
    since: datetime | None = None
    before: datetime | None = None


async def reviews(session: AsyncSession, wanted: ReviewFilter, place: Place) -> tuple[list[dict[str, Any]], Total]:
    """A page of reviews, newest first, and how many there are."""
    where, values = conditions(wanted)
    return await page(session, _REVIEWS, where, values, place)


def rank(item: dict[str, Any]) -> tuple[float, str]:
    """The place of a review in the list, for a cursor."""
    return item["at"].timestamp(), item["review_id"]


def conditions(wanted: ReviewFilter) -> tuple[str, dict[str, Any]]:
    """The conditions of a filter, and their values."""
    where, values = given(wanted, _COLUMNS)
    if "place" in values:
        # A page's cursor has a :place too.
        values["about_place"] = values.pop("place")
    if wanted.tag in _VERDICTS:
        where += f" AND one.verdict {_VERDICTS[wanted.tag]}"
    elif wanted.tag is not None:
        # Those that complain of anything are few: they are found by their index.
        where += " AND one.verdict = 'failure' AND one.content->'tags' ? CAST(:tag AS text)"
        values |= {"tag": wanted.tag}
    if wanted.beside_promise is not None:
        where += f" AND one.promise_id IS {'NOT ' if wanted.beside_promise else ''}NULL"
    return where, values


_COLUMNS: Final = {
    "source": "one.said = CAST(:source AS text)",
    "product": "one.content->>'product' = CAST(:product AS text)",
    "place": "one.content->>'place' = CAST(:about_place AS text)",
    "customer_id": "one.customer_id = CAST(:customer_id AS text)",
    "promise_id": "one.promise_id = CAST(:promise_id AS text)",
    "since": "one.at >= CAST(:since AS timestamptz)",
    "before": "one.at < CAST(:before AS timestamptz)",
}
_VERDICTS: Final = {"failure": "= 'failure'", "none": "= 'none'", "untagged": "IS NULL"}
SOURCE: Final = f"""FROM insight_matter AS one
WHERE one.kind = 'review' AND one.state <> 'removed' AND one.words_since IS NOT NULL AND {living("one")}"""
"""The reviews that there are; those whose names have ended are in no list and no figure."""
WARNED_AT: Final = "coalesce({0}.warned_at, {0}.last_told_at)"
"""When a customer was warned first; of promises of before 0035 the last that they were told."""
_REVIEWS: Final = Listing(
    f"""one.matter_id AS review_id, one.said AS source, one.at, (one.content->>'rating')::float8 AS rating,
  (one.content->>'worst')::float8 AS worst, (one.content->>'best')::float8 AS best,
  one.content->'tags' AS tags, one.content->>'tagged_by' AS tagged_by, one.content->'evidence' AS evidence,
  one.content->>'language' AS language, one.content->>'product' AS product, one.content->>'place' AS place,
  one.content->'labels' AS labels, one.customer_id, one.promise_id, known.kind AS promise_kind,
  known.standing AS promise_standing, known.held_due AS promise_due,
  CASE WHEN known.promise_id IS NOT NULL THEN coalesce({WARNED_AT.format("known")} <= known.held_due, false) END
    AS warned""",
    SOURCE,
    "one.at DESC, one.matter_id DESC",
    "(one.at, one.matter_id) < (to_timestamp(:place), :name)",
    f"""LEFT JOIN (
  SELECT promise_id, kind, standing, held_due, warned_at, last_told_at FROM insight_promise
  WHERE standing <> 'placeholder' AND {LIVING}) AS known USING (promise_id)""",  # noqa: S608
)
