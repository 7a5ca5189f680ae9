"""HTTP routes for what customers answered on their pages; no logic."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from sqlmodel import select
from starlette.requests import Request
from starlette.responses import Response

from candor.contracts import AnswerKind
from candor.web.http.answers import shown
from candor.web.http.fields import IdFilter
from candor.web.http.listings import each, listed, matching
from candor.web.http.pages import Cursor, Limit, link_header
from candor.web.security.auth import Operator
from notify_svc.api.responses import AnswerOut, AnswerPage
from notify_svc.store.tables import AnswerRow

KindFilter = Annotated[AnswerKind | None, Query(description="Only answers of this kind.")]
router: Final = APIRouter(tags=["notices"])


@router.get("/v1/answers", responses={200: {"model": AnswerPage}})
async def answers(
    request: Request,
    _principal: Operator,
    limit: Limit = 50,
    cursor: Cursor = None,
    kind: KindFilter = None,
    promise_id: IdFilter = None,
    customer_id: IdFilter = None,
) -> Response:
    """What customers asked and answered on their pages, newest first, to the word."""
    query = matching(
        select(AnswerRow),
        (AnswerRow.kind, kind),
        (AnswerRow.promise_id, promise_id),
        (AnswerRow.customer_id, customer_id),
    )
    order = ((AnswerRow.seq, int),)
    found = await listed(request.app.state.database, query, order, cursor, limit, each(_out), falling=True)
    return shown(found.document(), link_header(request, found.next))


def _out(row: AnswerRow) -> dict[str, Any]:
    return AnswerOut(**row.model_dump()).model_dump()
