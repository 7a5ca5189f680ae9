"""Wishes of customers: what they asked for and do not get yet, by the day on which it is looked at again."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from sqlmodel.ext.asyncio.session import AsyncSession

from candor.web.http.listings import COUNTED, Total
from risk_svc.insight.asking import Listing, Place, given, page
from risk_svc.insight.forgetting import LIVING, living

if TYPE_CHECKING:
    from candor.store.db import Database

State = Literal["open", "due", "met", "declined", "all"]
ITEM: Final = (
    *("wish_id", "promise_id", "customer_id", "department", "state", "at", "changed_at", "look_again_on"),
    *("public_text", "workaround", "promise_kind", "promise_standing", "promise_due", "score"),
)
"""The columns of a wish in the list."""


class WishFilter(NamedTuple):
    """Which wishes; None does not filter. One that is open on its day or later is due."""

    state: State = "all"
    promise_id: str | None = None
    customer_id: str | None = None
    department: str | None = None


async def wishes(
    session: AsyncSession, wanted: WishFilter, now: datetime, place: Place
) -> tuple[list[dict[str, Any]], Total]:
    """A page of wishes at a moment, the first day first, so that those due come first, and how many there are."""
    where, values = given(wanted, COLUMNS)
    return await page(session, _WISHES, STATES[wanted.state] + where, {**values, "moment": now}, place)


async def number_due(database: Database, now: datetime) -> int:
    """How many wishes are due to be looked at again, counted up to COUNTED. Raises StoreUnavailable."""
    return int(await database.pool.fetchval(_DUE, now))


def rank(item: dict[str, Any]) -> tuple[float, str]:
    """The place of a wish in the list, for a cursor."""
    return datetime.combine(item["look_again_on"], time(), UTC).timestamp(), item["wish_id"]


COLUMNS: Final = {name: f"one.{name} = CAST(:{name} AS text)" for name in ("promise_id", "customer_id", "department")}
STATES: Final[dict[State, str]] = {
    "open": " AND one.state = 'open'",
    "due": " AND one.state = 'open' AND one.due <= :moment",
    "met": " AND one.state = 'met'",
    "declined": " AND one.state = 'declined'",
    "all": "",
}
_FROM: Final = f"FROM insight_matter AS one WHERE one.kind = 'wish' AND {living('one')}"
_WISHES: Final = Listing(
    """one.matter_id AS wish_id, one.promise_id, one.customer_id, one.department,
  CASE WHEN one.state = 'open' AND one.due <= :moment THEN 'due' ELSE one.state END AS state, one.at, one.changed_at,
  CAST(one.due AT TIME ZONE 'UTC' AS date) AS look_again_on, one.content->>'public_text' AS public_text,
  one.content->>'workaround' AS workaround, known.kind AS promise_kind, known.standing AS promise_standing,
  known.held_due AS promise_due, round(known.score::numeric, 2)::float8 AS score""",
    _FROM,
    "one.due, one.matter_id",
    "(one.due, one.matter_id) > (to_timestamp(CAST(:place AS float8)), :name)",
    f"""LEFT JOIN (
  SELECT promise_id, kind, standing, held_due, score FROM insight_promise
  WHERE standing <> 'placeholder' AND {LIVING}) AS known USING (promise_id)""",  # noqa: S608 - constants only
)
_DUE: Final = f"""
SELECT count(*) FROM (
  SELECT {_FROM} AND one.state = 'open' AND one.due <= $1 LIMIT {COUNTED}) AS found"""  # noqa: S608 - constants only
