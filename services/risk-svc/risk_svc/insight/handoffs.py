"""Hand-offs between who promises and who delivers, with what either side knows."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, Literal, NamedTuple

from sqlmodel.ext.asyncio.session import AsyncSession

from candor.web.http.listings import Total
from risk_svc.insight.asking import OPEN, Listing, Place, given, page
from risk_svc.insight.forgetting import LIVING, living

State = Literal["all", "open", "requested", "countered", "accepted", "declined", "withdrawn", "expired"]
Sort = Literal["due", "age", "newest"]
ITEM: Final = (
    *("handoff_id", "promise_id", "customer_id", "department", "deliverer", "state", "at", "changed_at"),
    *("due", "expires_at", "scope", "promise_kind", "promise_standing", "promise_due", "days_apart", "score"),
    *("p_slip", "deliverer_open", "reason"),
)
"""The columns of a hand-off in the list."""
FAR: Final = 1e12
"""The place of a hand-off without a date, in epoch seconds: after all others."""
MOST_OPEN: Final = 100
"""Open hand-offs of a deliverer that are counted."""


class HandoffFilter(NamedTuple):
    """Which hand-offs; None does not filter. What is open at its `expires_at` has expired."""

    state: State = "all"
    promise_id: str | None = None
    customer_id: str | None = None
    department: str | None = None
    deliverer: str | None = None


async def handoffs(
    session: AsyncSession, wanted: HandoffFilter, sort: Sort, now: datetime, place: Place
) -> tuple[list[dict[str, Any]], Total]:
    """A page of hand-offs at a moment: by date, oldest first or newest first; and how many there are."""
    where, values = given(wanted, COLUMNS)
    listing = Listing(_COLUMNS, _FROM, *_ORDERS[sort], _KNOWN)
    in_state = STATES.get(wanted.state, f" AND one.state = '{wanted.state}'")
    return await page(session, listing, in_state + where, {**values, "now": now}, place)


def rank(item: dict[str, Any], sort: Sort) -> tuple[float, str]:
    """The place of a hand-off in the list, for a cursor."""
    moment = item["due"] if sort == "due" else item["at"]
    return (FAR if moment is None else moment.timestamp()), item["handoff_id"]


COLUMNS: Final = {
    "promise_id": "one.promise_id = CAST(:promise_id AS text)",
    "customer_id": "one.customer_id = CAST(:customer_id AS text)",
    "department": "one.department = CAST(:department AS text)",
    "deliverer": "one.deliverer = CAST(:deliverer AS text)",
}
STATES: Final = {
    "all": "",
    "open": f" AND one.state IN {OPEN} AND coalesce(one.ends_at > :now, true)",
    "requested": " AND one.state = 'requested' AND coalesce(one.ends_at > :now, true)",
    "countered": " AND one.state = 'countered' AND coalesce(one.ends_at > :now, true)",
    "expired": f" AND one.state IN {OPEN} AND one.ends_at <= :now",
}
_DUE: Final = "coalesce(one.due, 'infinity')"
_PLACE: Final = f"CASE WHEN :place >= {FAR:.0f} THEN 'infinity'::timestamptz ELSE to_timestamp(:place) END"
_ORDERS: Final[dict[Sort, tuple[str, str]]] = {
    "due": (f"{_DUE}, one.matter_id", f"({_DUE}, one.matter_id) > ({_PLACE}, :name)"),
    "age": ("one.at, one.matter_id", "(one.at, one.matter_id) > (to_timestamp(:place), :name)"),
    "newest": ("one.at DESC, one.matter_id DESC", "(one.at, one.matter_id) < (to_timestamp(:place), :name)"),
}
_COLUMNS: Final = f"""one.matter_id AS handoff_id, one.promise_id, one.customer_id, one.department, one.deliverer,
  CASE WHEN one.state IN {OPEN} AND one.ends_at <= :now THEN 'expired' ELSE one.state END AS state, one.at,
  CASE WHEN one.state IN {OPEN} AND one.ends_at <= :now THEN one.ends_at ELSE one.changed_at END AS changed_at,
  one.due, one.ends_at AS expires_at,
  ARRAY(SELECT jsonb_array_elements_text(one.content->'scope')) AS scope, one.content->>'reason' AS reason,
  known.kind AS promise_kind,
  known.standing AS promise_standing, known.held_due AS promise_due,
  extract(epoch FROM one.due - known.held_due)::float8 / 86400 AS days_apart,
  round(known.score::numeric, 2)::float8 AS score, round(known.p_slip::numeric, 4)::float8 AS p_slip,
  (SELECT count(*) FROM (SELECT FROM insight_matter AS other
    WHERE other.kind = 'handoff' AND other.state IN {OPEN} AND other.deliverer = one.deliverer
      AND coalesce(other.ends_at > :now, true) LIMIT {MOST_OPEN}) AS asked)::int AS deliverer_open"""  # noqa: S608
_FROM: Final = f"FROM insight_matter AS one WHERE one.kind = 'handoff' AND {living('one')}"
_KNOWN: Final = f"""LEFT JOIN (
  SELECT promise_id, kind, standing, held_due, score, p_slip FROM insight_promise
  WHERE standing <> 'placeholder' AND {LIVING}) AS known USING (promise_id)"""  # noqa: S608
