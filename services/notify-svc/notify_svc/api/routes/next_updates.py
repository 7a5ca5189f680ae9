"""HTTP routes for next updates that messages named, and what became of them; no logic."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from sqlmodel import col, select
from starlette.requests import Request
from starlette.responses import Response

from candor.contracts import NoticeState
from candor.web.http.answers import shown
from candor.web.http.fields import IdFilter
from candor.web.http.listings import each, listed, matching
from candor.web.http.pages import Cursor, Limit, link_header
from candor.web.security.auth import Viewer
from notify_svc.api.responses import NextUpdateOut, NextUpdatePage
from notify_svc.domain.owner import Audience
from notify_svc.store.tables import NoticeRow
from notify_svc.store.updates import UpdateState

StateFilter = Annotated[UpdateState | None, Query(description="Only those of which this became.")]
router: Final = APIRouter(tags=["notices"])


@router.get("/v1/next-updates", responses={200: {"model": NextUpdatePage}})
async def next_updates(
    request: Request,
    _principal: Viewer,
    limit: Limit = 50,
    cursor: Cursor = None,
    update_state: StateFilter = None,
    promise_id: IdFilter = None,
    customer_id: IdFilter = None,
) -> Response:
    """Until when customers were told to hear next, newest message first, and whether they did."""
    query = select(NoticeRow).where(
        NoticeRow.audience == Audience.CUSTOMER,
        NoticeRow.state == NoticeState.SENT,
        col(NoticeRow.next_update_by).is_not(None),
    )
    query = matching(
        query,
        (NoticeRow.update_state, update_state),
        (NoticeRow.promise_id, promise_id),
        (NoticeRow.customer_id, customer_id),
    )
    order = ((NoticeRow.seq, int),)
    found = await listed(request.app.state.database, query, order, cursor, limit, each(_out), falling=True)
    return shown(found.document(), link_header(request, found.next))


def _out(row: NoticeRow) -> dict[str, Any]:
    return NextUpdateOut(**row.model_dump()).model_dump()
