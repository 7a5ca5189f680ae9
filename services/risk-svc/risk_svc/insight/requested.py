"""What a customer asked for beside what they got: dates of their promises, and options that they were offered."""

from __future__ import annotations

from typing import Any, Final, cast

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from candor.web.http.listings import COUNTED
from risk_svc.insight.forgetting import LIVING, living


async def against_got(session: AsyncSession, customer_id: str) -> dict[str, Any]:
    """The counts of a customer; `exact` is false where they have more promises or offers than are counted."""
    wanted = {"customer": customer_id}
    [promises] = (await session.exec(cast(Any, _PROMISES.bindparams(**wanted)))).mappings().all()
    offers = (await session.exec(cast(Any, _OFFERS.bindparams(**wanted)))).mappings().all()
    exact = promises["promises"] <= COUNTED and sum(row["offered"] for row in offers) <= COUNTED
    counts = {**promises, "promises": min(promises["promises"], COUNTED)}
    return {"customer_id": customer_id, **counts, "offers": [dict(row) for row in offers], "exact": exact}


# A verdict that names no time says that it came by the date that was held.
_PROMISES: Final = text(f"""
SELECT count(*)::int AS promises, count(requested_due)::int AS requested,
  count(*) FILTER (WHERE first_due <= requested_due)::int AS promised_as_requested,
  count(*) FILTER (WHERE requested_due IS NOT NULL AND came IS NOT NULL)::int AS completed,
  count(*) FILTER (WHERE came <= requested_due + tolerance_s * interval '1 second')::int AS completed_as_requested
FROM (SELECT requested_due, first_due, tolerance_s,
    coalesce(completed_at, CASE standing WHEN 'kept' THEN held_due END) AS came
  FROM insight_promise WHERE customer_id = :customer AND standing <> 'placeholder' AND {LIVING}
  LIMIT {COUNTED + 1}) AS promise""")  # noqa: S608 - constants
_OFFERS: Final = text(f"""
SELECT one->>'kind' AS kind, count(*)::int AS offered,
  (count(*) FILTER (WHERE state = 'taken' AND one->>'name' = content->>'taken'))::int AS taken
FROM (SELECT state, content FROM insight_matter
  WHERE customer_id = :customer AND kind = 'offer' AND {living("insight_matter")}
  LIMIT {COUNTED + 1}) AS offer, jsonb_array_elements(content->'options') AS one
GROUP BY 1 ORDER BY 1""")  # noqa: S608 - constants
