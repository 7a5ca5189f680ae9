"""Read routes that count over matters: whom a false claim reached, and what customers asked for and got."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from sqlalchemy import text
from sqlmodel import col, select
from starlette.requests import Request
from starlette.responses import Response

from candor.contracts.matters import Check
from candor.intake.routes import intake_of
from candor.web.http.answers import shown
from candor.web.http.fields import ID_PATTERN, PathId
from candor.web.http.listings import COUNTED
from candor.web.http.pages import Cursor, Limit, link_header
from candor.web.security.auth import Viewer
from promise_svc.api.matter_responses import RecallPage, RequestedGot
from promise_svc.api.routes.matter_lists import page_of
from promise_svc.domain import Kind
from promise_svc.store.tables import LIVING, LIVING_CLAIM, LIVING_MATTER, ClaimRow

Capability = Annotated[str, Query(pattern=ID_PATTERN, description="The id of the capability.")]
FALSE: Final = (Check.OVER_CLAIM, Check.UNDER_CLAIM)
router: Final = APIRouter(tags=["matters"])


@router.get("/v1/claims/recall", responses={200: {"model": RecallPage}})
async def recall(
    request: Request, _principal: Viewer, capability: Capability, limit: Limit = 50, cursor: Cursor = None
) -> Response:
    """Whom false claims of a capability reached, and who is left to be corrected; nobody is written to.

    The counts are over all pages; at most 100,000 claims are counted.
    """
    query = select(ClaimRow).where(ClaimRow.capability_id == capability, col(ClaimRow.verdict).in_(FALSE), LIVING_CLAIM)
    found = await page_of(request, Kind.CLAIM, query, cursor, limit)
    async with intake_of(request).database.reading() as session:
        told, corrected = (await session.exec(_REACH, params={"capability": capability})).one()  # type: ignore[call-overload]
    people = {"told": told, "corrected": corrected, "left": told - corrected}
    return shown(found.document() | people, link_header(request, found.next))


@router.get("/v1/customers/{customer_id}/requested-against-got", responses={200: {"model": RequestedGot}})
async def requested_against_got(request: Request, customer_id: PathId, _principal: Viewer) -> Response:
    """What a customer asked for and what they got, counted over their promises and offers."""
    wanted = {"customer": customer_id}
    async with intake_of(request).database.reading() as session:
        promises = (await session.exec(_PROMISES, params=wanted)).mappings().one()  # type: ignore[call-overload]
        offers = (await session.exec(_OFFERS, params=wanted)).mappings().all()  # type: ignore[call-overload]
    exact = promises["promises"] <= COUNTED and sum(row["offered"] for row in offers) <= COUNTED
    counts: dict[str, Any] = dict(promises) | {"promises": min(promises["promises"], COUNTED)}
    return shown({"customer_id": customer_id, **counts, "offers": [dict(row) for row in offers], "exact": exact})


_REACH: Final = text(
    f"""
SELECT coalesce(sum(told), 0)::bigint, coalesce(sum(least(told, reached)), 0)::bigint FROM (
  SELECT coalesce((content->>'recipients')::bigint, 1) AS told,
    CASE WHEN state <> 'corrected' THEN 0
      ELSE coalesce((content->>'reached')::bigint, (content->>'recipients')::bigint, 1) END AS reached
  FROM claim WHERE capability_id = :capability AND verdict IN ('over_claim', 'under_claim') AND {LIVING_CLAIM}
  LIMIT {COUNTED}) AS counted"""  # noqa: S608 - constants
)
_PROMISES: Final = text(
    f"""
SELECT count(*) AS promises, count(requested_due) AS requested,
  count(*) FILTER (WHERE first_due <= requested_due) AS promised_as_requested,
  count(*) FILTER (WHERE requested_due IS NOT NULL AND completed_at IS NOT NULL) AS completed,
  count(*) FILTER (WHERE completed_at <= requested_due + make_interval(secs => tolerance_s)) AS completed_as_requested
FROM (SELECT requested_due, first_due, completed_at, tolerance_s
  FROM promise WHERE customer_id = :customer AND {LIVING} LIMIT {COUNTED + 1}) AS promise"""  # noqa: S608
)
_OFFERS: Final = text(
    f"""
SELECT one->>'kind' AS kind, count(*) AS offered,
  count(*) FILTER (WHERE state = 'taken' AND one->>'name' = content->>'taken') AS taken
FROM (SELECT state, content FROM matter WHERE customer_id = :customer AND kind = 'offer' AND {LIVING_MATTER}
  LIMIT {COUNTED + 1}) AS offer, jsonb_array_elements(content->'options') AS one
GROUP BY 1 ORDER BY 1"""  # noqa: S608
)
