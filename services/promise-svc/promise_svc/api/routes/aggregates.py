"""The read route that counts over matters: whom a false claim reached."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Query
from sqlalchemy import text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from candor.contracts.matters import Check
from candor.intake.routes import intake_of
from candor.web.http.fields import Id
from candor.web.http.listings import COUNTED
from candor.web.http.near_names import looked_up, near_in, or_near
from candor.web.http.pages import Cursor, Limit
from candor.web.http.problems import Problem
from candor.web.security.auth import Viewer
from promise_svc.api.list_examples import answers
from promise_svc.api.matter_responses import RecallPage
from promise_svc.api.routes.csv_files import FormatParameter
from promise_svc.api.routes.list_pages import columns_of, page_answer
from promise_svc.api.routes.matter_lists import page_of
from promise_svc.domain import Kind
from promise_svc.store.tables import LIVING_CLAIM, ClaimRow

Capability = Annotated[Id, Query(description="The id of the capability.")]
FALSE: Final = (Check.OVER_CLAIM, Check.UNDER_CLAIM)
router: Final = APIRouter(tags=["matters"])


@router.get("/v1/claims/recall", responses=answers(RecallPage))
async def recall(
    request: Request,
    _principal: Viewer,
    capability: Capability,
    limit: Limit = 50,
    cursor: Cursor = None,
    format: FormatParameter = "json",
) -> Response:
    """Whom false claims of a capability reached, and who is left to be corrected; nobody is written to.

    The counts are over all pages; at most 100,000 claims are counted. 404 `unknown_capability`, with near names in
    `near`, for what the register does not know.
    """
    async with intake_of(request).database.reading() as session:
        await _refuse_unknown(session, capability)
    query = select(ClaimRow).where(ClaimRow.capability_id == capability, col(ClaimRow.verdict).in_(FALSE), LIVING_CLAIM)
    found = await page_of(request, Kind.CLAIM, query, cursor, limit)
    async with intake_of(request).database.reading() as session:
        told, corrected = (await session.exec(_REACH, params={"capability": capability})).one()  # type: ignore[call-overload]
    people = {"told": told, "corrected": corrected, "left": told - corrected}
    return page_answer(request, found, columns_of(RecallPage), format, **people)


async def _refuse_unknown(session: AsyncSession, capability: str) -> None:
    names = await near_in(session, _REGISTER, capability)
    if names is not None:
        detail = or_near(f"the register has no capability {capability}", names)
        raise Problem("unknown_capability", detail, extensions={"near": names})


_REGISTER: Final = looked_up("SELECT matter_id AS name FROM matter WHERE kind = 'capability'")
_REACH: Final = text(
    f"""
SELECT coalesce(sum(told), 0)::bigint, coalesce(sum(least(told, reached)), 0)::bigint FROM (
  SELECT coalesce((content->>'recipients')::bigint, 1) AS told,
    CASE WHEN state <> 'corrected' THEN 0
      ELSE coalesce((content->>'reached')::bigint, (content->>'recipients')::bigint, 1) END AS reached
  FROM claim WHERE capability_id = :capability AND verdict IN ('over_claim', 'under_claim') AND {LIVING_CLAIM}
  LIMIT {COUNTED}) AS counted"""  # noqa: S608 - constants
)
