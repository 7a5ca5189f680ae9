"""What an incident hits, asked of the tables in one reading however many promises there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal, NamedTuple, cast

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from candor.web.http.listings import COUNTED, Total
from risk_svc.insight.forgetting import LIVING
from risk_svc.insight.rates import RATED, SUMS

Sort = Literal["gap", "value"]
ITEM: Final = (
    "promise_id",
    "customer_id",
    "kind",
    "department",
    "held_due",
    "score",
    "p_slip",
    "value",
    "currency",
    "told",
)
"""The columns of a promise in the list."""
LOOKED_AT: Final = 10
"""Newest open incidents that are looked at for a list of those that hit promises."""
MOST_HIT: Final = 1_000
"""Promises that are counted of each of them."""


class HitFilter(NamedTuple):
    """Which of the promises; None does not filter."""

    customer_id: str | None = None
    kind: str | None = None
    min_score: float | None = None


class Hits(NamedTuple):
    """The promises of a page, how many there are in all, of how many customers, and what they are worth."""

    items: list[dict[str, Any]]
    number: Total
    customers: int
    values: list[dict[str, Any]]


async def find(session: AsyncSession, incident_id: str) -> dict[str, Any] | None:
    """An incident's newest picture."""
    row = (await session.exec(cast(Any, _INCIDENT.bindparams(id=incident_id)))).first()
    return None if row is None else dict(row._mapping)


async def hits(
    session: AsyncSession,
    incident: dict[str, Any],
    wanted: HitFilter,
    sort: Sort,
    after: tuple[Any, ...] | None,
    most: int,
    skip: int = 0,
) -> Hits:
    """Open promises that depend on what it affects, and the figures of all.

    At most `most` of them are listed, after a cursor's place and `skip` further ones.
    """
    place = after or (None, "", 0.0, "")
    asked = _QUERY[sort].bindparams(
        places=incident["places"],
        until=incident["resolved_at"],
        customer=wanted.customer_id,
        kind=wanted.kind,
        least=wanted.min_score,
        rank=place[0],
        apart=place[1],
        bare=place[2],
        name=place[3],
        most=most,
        skip=skip,
    )
    rows: Sequence[Any] = (await session.exec(cast(Any, asked))).all()
    first = rows[0]
    items = [dict(row._mapping) for row in rows if row.promise_id is not None]
    return Hits(items, Total.of(first.all_of_them), first.customers, first.money)


async def still_open(session: AsyncSession, most: int) -> list[dict[str, Any]]:
    """The newest incidents that go on and hit an open promise, each with how many it hits, counted up to MOST_HIT."""
    rows = (await session.exec(cast(Any, _OPEN.bindparams(most=most)))).all()
    return [dict(row._mapping) for row in rows]


def rank(item: dict[str, Any]) -> tuple[float, str, float, str]:
    """The place of a promise in the list, for a cursor."""
    return item["rank"], item["apart"], item["bare"], item["promise_id"]


_INCIDENT: Final = text("""
SELECT incident_id, category, title, round(severity::numeric, 4)::float8 AS severity, opened_at, resolved_at,
  expected_end,
  ARRAY(SELECT jsonb_array_elements_text(places)) AS places
FROM insight_incident WHERE incident_id = :id""")
_OPEN: Final = text(f"""
SELECT incident_id, title, opened_at, hit FROM (
  SELECT incident_id, title, opened_at, places FROM insight_incident WHERE resolved_at IS NULL
  ORDER BY opened_at DESC, incident_id LIMIT {LOOKED_AT}) AS one
CROSS JOIN LATERAL (
  SELECT count(*) AS hit FROM (
    SELECT FROM insight_promise WHERE standing = 'open' AND shown AND {LIVING}
      AND places ?| ARRAY(SELECT jsonb_array_elements_text(one.places)) LIMIT {MOST_HIT + 1}) AS found) AS number
WHERE hit > 0 ORDER BY opened_at DESC, incident_id LIMIT :most""")  # noqa: S608 - constants only
# Columns of four bytes, which have more digits as a float of eight than they hold.
_ROUNDED: Final = {
    "score": "round(score::numeric, 2)::float8 AS score",
    "p_slip": "round(p_slip::numeric, 4)::float8 AS p_slip",
}
_NO_RATE: Final = "value IS NOT NULL AND rate IS NULL"
# By value: what it is worth by the rates; then amounts of each currency without a rate, as a bare number tells nothing
# beside those of another; then what has none. The letters are turned round, as the whole order falls.
_RANKS: Final = {
    "gap": "coalesce(score, -1)::float8 AS rank, '' AS apart, 0::float8 AS bare",
    "value": f"""coalesce(value * rate, CASE WHEN value IS NULL THEN -2 ELSE -1 END) AS rank,
    CASE WHEN {_NO_RATE} THEN translate(coalesce(insight_promise.currency, ''),
      'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'ZYXWVUTSRQPONMLKJIHGFEDCBA') ELSE '' END COLLATE "C" AS apart,
    CASE WHEN {_NO_RATE} THEN value ELSE 0 END AS bare""",
}
_FALLING: Final = "rank DESC, apart DESC, bare DESC, promise_id DESC"
# Read once, and narrow: the page and the figures are taken of the same rows, what is shown is read of the page alone.
_HITS: Final = f"""
WITH hit AS MATERIALIZED (
  SELECT promise_id, customer_id, insight_promise.currency, value, rate, {{rank}}
  FROM insight_promise {RATED}
  WHERE standing = 'open' AND shown AND places ?| CAST(:places AS text[])
    AND made_at < coalesce(CAST(:until AS timestamptz), 'infinity')
    AND (CAST(:customer AS text) IS NULL OR customer_id = :customer)
    AND (CAST(:kind AS text) IS NULL OR kind = :kind)
    AND (CAST(:least AS real) IS NULL OR score >= :least) AND {LIVING}
  LIMIT {COUNTED + 1}),
figures AS (
  SELECT (SELECT count(*) FROM hit) AS all_of_them,
    (SELECT count(*) FROM (SELECT FROM hit GROUP BY customer_id) AS one) AS customers,
    {SUMS} AS money),
page AS (
  SELECT rank, apart, bare, promise_id FROM hit
  WHERE CAST(:rank AS float8) IS NULL OR (rank, apart, bare, promise_id)
    < (CAST(:rank AS float8), CAST(:apart AS text), CAST(:bare AS float8), CAST(:name AS text))
  ORDER BY {_FALLING} LIMIT :most OFFSET :skip),
item AS (
  SELECT {", ".join(_ROUNDED.get(name, name) for name in ITEM)}, rank, apart, bare
  FROM page JOIN insight_promise USING (promise_id))
SELECT figures.*, item.* FROM figures LEFT JOIN item ON true ORDER BY {_FALLING}"""  # noqa: S608
_QUERY: Final = {sort: text(_HITS.format(rank=rank)) for sort, rank in _RANKS.items()}
