"""HTTP routes for links to the customer's page: their list and their end; no logic."""

from __future__ import annotations

from typing import Any, Final, cast

from fastapi import APIRouter
from sqlmodel import select
from starlette.requests import Request
from starlette.responses import Response

from candor.store import audit
from candor.store.unit_of_work import unit_of_work
from candor.web.http.answers import shown
from candor.web.http.fields import IdFilter, PathId
from candor.web.http.listings import each, listed, matching
from candor.web.http.pages import Cursor, Limit, link_header
from candor.web.http.problems import Problem
from candor.web.security.auth import Operator, act_of
from notify_svc.api.responses import PageLinkOut, PageLinkPage
from notify_svc.page.links import Links
from notify_svc.store import page_links
from notify_svc.store.tables import PageLinkRow

router: Final = APIRouter(tags=["notices"])


@router.get("/v1/page-links", responses={200: {"model": PageLinkPage}})
async def listing(
    request: Request,
    _principal: Operator,
    limit: Limit = 50,
    cursor: Cursor = None,
    promise_id: IdFilter = None,
    customer_id: IdFilter = None,
) -> Response:
    """Links to the customer's page, newest first; the address itself stands in the customer's messages alone."""
    query = matching(select(PageLinkRow), (PageLinkRow.promise_id, promise_id), (PageLinkRow.customer_id, customer_id))
    found = await listed(
        request.app.state.database, query, ((PageLinkRow.seq, int),), cursor, limit, each(_out), falling=True
    )
    return shown(found.document(), link_header(request, found.next))


@router.post("/v1/page-links/{link_id}/revoke", responses={200: {"model": PageLinkOut}})
async def revoke(request: Request, link_id: PathId, principal: Operator) -> Response:
    """End a link at once; the promise's next message has a new one. 409 for one that was revoked already."""
    links = cast("Links | None", request.app.state.links)
    now = request.app.state.clock.now() if links is None else links.clock.now()
    async with unit_of_work(request.app.state.database) as uow:
        ended = await page_links.revoke(uow, link_id, principal.name, now)
        if ended is not None:
            outcome = audit.DONE if ended else "conflict"
            await audit.write(uow, [act_of(request, principal, "page_link.revoke", outcome)])
    if ended is None:
        raise Problem.not_found("there is no such link")
    if not ended:
        raise Problem.conflict("conflict", "the link was revoked already")
    async with request.app.state.database.reading() as session:
        row = await session.get(PageLinkRow, link_id)
    return shown(_out(row))


def _out(row: PageLinkRow) -> dict[str, Any]:
    return PageLinkOut(**row.model_dump()).model_dump()
