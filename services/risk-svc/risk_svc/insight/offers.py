"""Offers to customers about promises: what was offered, what was taken, and what was requested beside what there is."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, Final, Literal, NamedTuple

from sqlmodel.ext.asyncio.session import AsyncSession

from candor.web.http.listings import Total
from risk_svc.insight.asking import Listing, Place, given, page
from risk_svc.insight.forgetting import LIVING, living

State = Literal["offered", "taken", "declined", "withdrawn"]
ITEM: Final = (
    *("offer_id", "promise_id", "customer_id", "department", "state", "at", "changed_at", "options", "taken"),
    *("promise_kind", "promise_standing", "requested_due", "promise_due", "completed_at", "days_apart", "score"),
)
"""The columns of an offer in the list."""


class OfferFilter(NamedTuple):
    """Which offers; None does not filter. `option`: the sort of one of the options."""

    state: State | None = None
    promise_id: str | None = None
    customer_id: str | None = None
    department: str | None = None
    option: str | None = None


async def offers(session: AsyncSession, wanted: OfferFilter, place: Place) -> tuple[list[dict[str, Any]], Total]:
    """A page of offers, newest first, and how many there are."""
    where, values = given(wanted, COLUMNS)
    rows, number = await page(session, _OFFERS, where, values, place)
    return [{**row, "options": _options(row["options"])} for row in rows], number


def words(options: list[dict[str, Any]]) -> str:
    """Options in one line, such as `half price (goodwill, 250 EUR)`."""
    return "; ".join(f"{one['name']} ({', '.join(_beside(one))})" for one in options)


def _beside(option: dict[str, Any]) -> list[str]:
    parts = [str(option["kind"]).replace("_", " ")]
    if option["value"] is not None:
        parts.append(f"{option['value']:,.10g} {option['currency']}")
    if option["due"] is not None:
        parts.append(f"by {option['due']:%Y-%m-%d}")
    return parts


def _options(text: str | None) -> list[dict[str, Any]]:
    """Options as they are kept, with times for epoch seconds; none once their names have ended."""
    found = json.loads(text or "[]")
    return [{**one, "due": None if one["due"] is None else datetime.fromtimestamp(one["due"], UTC)} for one in found]


COLUMNS: Final = {
    "state": "one.state = CAST(:state AS text)",
    "promise_id": "one.promise_id = CAST(:promise_id AS text)",
    "customer_id": "one.customer_id = CAST(:customer_id AS text)",
    "department": "one.department = CAST(:department AS text)",
    "option": "one.content @> jsonb_build_object('options', jsonb_build_array("
    "jsonb_build_object('kind', CAST(:option AS text))))",
}
PROMISE: Final = f"""LEFT JOIN (
  SELECT promise_id, kind, standing, requested_due, held_due, completed_at, score FROM insight_promise
  WHERE standing <> 'placeholder' AND {LIVING}) AS known USING (promise_id)"""  # noqa: S608
"""The promise that a matter is about, as far as it is known."""
NEWEST: Final = "one.at DESC, one.matter_id DESC"
PAST: Final = "(one.at, one.matter_id) < (to_timestamp(CAST(:place AS float8)), :name)"
_OFFERS: Final = Listing(
    """one.matter_id AS offer_id, one.promise_id, one.customer_id, one.department, one.state, one.at, one.changed_at,
  one.content->>'options' AS options, one.content->>'taken' AS taken, known.kind AS promise_kind,
  known.standing AS promise_standing, known.requested_due, known.held_due AS promise_due, known.completed_at,
  extract(epoch FROM coalesce(known.completed_at, known.held_due) - known.requested_due)::float8 / 86400 AS days_apart,
  round(known.score::numeric, 2)::float8 AS score""",
    f"FROM insight_matter AS one WHERE one.kind = 'offer' AND {living('one')}",
    NEWEST,
    PAST,
    PROMISE,
)
