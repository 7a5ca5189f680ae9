"""Read routes of what is not part of the ledger yet: what waits for its promise, whoever said it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query
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
from promise_svc.store.waiting_list import WAITS, all_of_them

KindFilter = Annotated[Literal["revised", "withdrawn", "settled", "statement", "challenge"] | None, Query()]
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
    """What was said of promises that are not known yet, oldest arrival first.

    What other systems said is applied in the order of its time with the making of its promise; statements between
    departments, and challenges to them, are heard from then on. All of it ends after PARKED_KEPT_DAYS.
    """
    no_nul(source=source)
    query = matching(all_of_them(), (WAITS.promise_id, promise_id), (WAITS.kind, kind), (WAITS.source, source))
    order = ((WAITS.waiting_at, datetime), (WAITS.waiting_id, str), (WAITS.kind, str))
    found = await listed(intake_of(request).database, query, order, cursor, limit, each(presenters.waiting))
    return page_answer(request, found, columns_of(WaitingPage), format)
