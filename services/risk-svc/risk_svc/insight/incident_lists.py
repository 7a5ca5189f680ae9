"""Incidents as a list: open ones first, each with what it hits; those that hit nothing too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal, NamedTuple, cast

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from candor.web.http.listings import COUNTED, Total
from risk_svc.insight.asking import given
from risk_svc.insight.forgetting import LIVING
from risk_svc.insight.incidents import MOST_HIT
from risk_svc.insight.rates import RATED, SUMS

State = Literal["open", "ended"]
After = tuple[int, datetime, str]
ITEM: Final = (
    *("incident_id", "category", "title", "severity", "opened_at", "resolved_at", "expected_end", "affects"),
    *("promises", "promises_exact", "customers", "values"),
)
"""The columns of an incident in the list."""


class IncidentFilter(NamedTuple):
    """Which incidents; None does not filter. `place`: one of what it affects, such as site:EWR."""

    state: State | None = None
    category: str | None = None
    place: str | None = None


async def incidents(
    session: AsyncSession, wanted: IncidentFilter, most: int, after: After | None = None, skip: int = 0
) -> tuple[list[dict[str, Any]], Total]:
    """A page of incidents, open ones first, the newest first, then the latest ended; and how many there are.

    What each hits is counted up to MOST_HIT open promises, made before it ended; customers and values are of those.
    """
    where, values = given(wanted, _FILTERS)
    past = f" AND {_ORDER} < (:open = 1, CAST(:moment AS timestamptz), CAST(:name AS text))" if after else ""
    bound = {**values, "most": most, "skip": skip}
    if after:
        bound |= dict(zip(("open", "moment", "name"), after, strict=True))
    asked = text(_LIST.format(where=where + past)).bindparams(**bound)
    rows: Sequence[Any] = (await session.exec(cast(Any, asked))).all()
    counting = text(_COUNT.format(where=where)).bindparams(**values)
    number = (await session.exec(cast(Any, counting))).one()[0]
    return [_item(row._mapping) for row in rows], Total.of(number)


def rank(item: Mapping[str, Any]) -> After:
    """The place of an incident in the list, for a cursor."""
    ended = item["resolved_at"]
    return (1, item["opened_at"], item["incident_id"]) if ended is None else (0, ended, item["incident_id"])


def _item(row: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(row)
    found["promises_exact"] = found["promises"] <= MOST_HIT
    found["promises"] = min(found["promises"], MOST_HIT)
    return {name: found[name] for name in ITEM}


_FILTERS: Final = {
    "state": "(resolved_at IS NULL) = (CAST(:state AS text) = 'open')",
    "category": "category = CAST(:category AS text)",
    "place": "places @> jsonb_build_array(CAST(:place AS text))",
}
_ORDER: Final = "((resolved_at IS NULL), coalesce(resolved_at, opened_at), incident_id)"
_FALLING: Final = "(resolved_at IS NULL) DESC, coalesce(resolved_at, opened_at) DESC, incident_id DESC"
_LIST: Final = f"""
SELECT incident_id, category, title, round(severity::numeric, 4)::float8 AS severity, opened_at, resolved_at,
  expected_end, ARRAY(SELECT jsonb_array_elements_text(places)) AS affects, found.*
FROM (
  SELECT incident_id, category, title, severity, opened_at, resolved_at, expected_end, places FROM insight_incident
  WHERE true{{where}}
  ORDER BY {_FALLING} LIMIT :most OFFSET :skip) AS one
CROSS JOIN LATERAL (
  WITH hit AS MATERIALIZED (
    SELECT customer_id, insight_promise.currency, value, rate FROM insight_promise {RATED}
    WHERE standing = 'open' AND shown AND places ?| ARRAY(SELECT jsonb_array_elements_text(one.places))
      AND made_at < coalesce(one.resolved_at, 'infinity') AND {LIVING}
    LIMIT {MOST_HIT + 1})
  SELECT count(*)::int AS promises, count(DISTINCT customer_id)::int AS customers,
    {SUMS} AS "values"
  FROM hit) AS found
ORDER BY {_FALLING}"""  # noqa: S608 - constants only
_COUNT: Final = f"""
SELECT count(*) FROM (SELECT FROM insight_incident WHERE true{{where}} LIMIT {COUNTED + 1}) AS found"""  # noqa: S608
