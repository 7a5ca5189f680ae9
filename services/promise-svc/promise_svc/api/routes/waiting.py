"""Read routes of what is not part of the ledger yet: statements that wait for their promise."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query
from sqlmodel import select
from starlette.requests import Request
from starlette.responses import Response

from candor.intake.routes import intake_of, no_nul
from candor.web.http.fields import IdFilter
from candor.web.http.listings import each, listed, matching
from candor.web.http.pages import Cursor, Limit
from candor.web.security.auth import Viewer
from promise_svc.api import presenters
from promise_svc.api.list_examples import answers
from promise_svc.api.responses import WaitingPage
from promise_svc.api.routes.csv_files import FormatParameter
from promise_svc.api.routes.list_pages import columns_of, page_answer
from promise_svc.store.tables import WaitingRow

KindFilter = Annotated[Literal["revised", "withdrawn", "settled"] | None, Query()]
Source = Annotated[str | None, Query(max_length=256)]
router: Final = APIRouter(tags=["promises"])


@router.get("/v1/waiting", responses=answers(WaitingPage))
async def waiting(
    request: Request,
    _principal: Viewer,
    limit: Limit = 50,
    cursor: Cursor = None,
    promise_id: IdFilter = None,
    kind: KindFilter = None,
    source: Source = None,
    format: FormatParameter = "json",
) -> Response:
    """What other systems said of promises that are not known yet, oldest arrival first.

    Each is applied in the order of its time with the making of its promise, and ends after PARKED_KEPT_DAYS.
    """
    no_nul(source=source)
    query = matching(
        select(WaitingRow), (WaitingRow.promise_id, promise_id), (WaitingRow.kind, kind), (WaitingRow.source, source)
    )
    order = ((WaitingRow.born, int),)
    found = await listed(intake_of(request).database, query, order, cursor, limit, each(presenters.waiting))
    return page_answer(request, found, columns_of(WaitingPage), format)
