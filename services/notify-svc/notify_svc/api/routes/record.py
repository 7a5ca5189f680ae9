"""HTTP route for a customer's record: what was said to them, what they answered, what was not said; no logic."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Query
from sqlmodel import select
from starlette.requests import Request
from starlette.responses import Response

from candor.web.http.answers import shown
from candor.web.http.csv_page import Format, csv_page
from candor.web.http.fields import IdFilter, PathId
from candor.web.http.listings import each, listed, matching
from candor.web.http.pages import Cursor, Limit, link_header
from candor.web.security.auth import Operator
from notify_svc.api.responses import RecordOut, RecordPage
from notify_svc.api.unsaid import why_unsaid
from notify_svc.store.tables import RecordRow

COLUMNS: Final = tuple(RecordOut.model_fields)
FormatParameter = Annotated[Format, Query(description="json, or csv for spreadsheets: the same page, as text/csv.")]
router: Final = APIRouter(tags=["notices"])


@router.get("/v1/customers/{customer_id}/record", responses={200: {"model": RecordPage}})
async def record(
    request: Request,
    customer_id: PathId,
    _principal: Operator,
    limit: Limit = 50,
    cursor: Cursor = None,
    promise_id: IdFilter = None,
    format: FormatParameter = "json",
) -> Response:
    """All that was said to a customer, all that they answered, and what was not said and why; oldest first."""
    query = matching(select(RecordRow), (RecordRow.customer_id, customer_id), (RecordRow.promise_id, promise_id))
    order = ((RecordRow.at, datetime), (RecordRow.entry_id, str))
    found = await listed(request.app.state.database, query, order, cursor, limit, each(_out))
    if format == "csv":
        return csv_page(request, COLUMNS, map(_line, found.items), found.next)
    return shown(found.document(), link_header(request, found.next))


def _out(row: RecordRow) -> dict[str, Any]:
    return RecordOut(**row.model_dump(), why=why_unsaid(row.reason)).model_dump()


def _line(item: msgspec.Raw) -> dict[str, Any]:
    return msgspec.json.decode(item, type=dict[str, Any])
