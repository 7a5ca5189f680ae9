"""Read routes: the current state of promises, through a read-only session."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Query
from sqlmodel import col, select
from starlette.requests import Request
from starlette.responses import Response

from candor.intake.routes import intake_of
from candor.web.http.answers import shown
from candor.web.http.fields import PathId
from candor.web.http.listings import each, listed, matching
from candor.web.http.problems import Problem
from candor.web.security.auth import Viewer
from promise_svc.api import presenters
from promise_svc.api.list_examples import answers
from promise_svc.api.list_requests import PromiseQuery
from promise_svc.api.responses import ErasureOut, PromisePage, PromiseWithHistory
from promise_svc.api.routes.clarifications import open_clarifications
from promise_svc.api.routes.list_pages import columns_of, page_answer
from promise_svc.store.tables import LIVING, ChangeRow, CustomerRow, ErasureRow, PromiseRow

MOST_CHANGES: Final = 200
EARLIEST: Final = ((PromiseRow.held_due, datetime), (PromiseRow.promise_id, str))
router: Final = APIRouter(tags=["promises"])


@router.get("/v1/promises", responses=answers(PromisePage))
async def promises(request: Request, _principal: Viewer, asked: Annotated[PromiseQuery, Query()]) -> Response:
    """Promises by promised date, earliest first."""
    query = matching(
        select(PromiseRow).where(LIVING),
        (PromiseRow.customer_id, asked.customer_id),
        (PromiseRow.kind, asked.kind),
        (PromiseRow.state, asked.state),
    )
    if asked.due_from is not None:
        query = query.where(col(PromiseRow.held_due) >= asked.due_from)
    if asked.due_before is not None:
        query = query.where(col(PromiseRow.held_due) < asked.due_before)
    database, show = intake_of(request).database, each(presenters.stored)
    found = await listed(database, query, EARLIEST, asked.cursor, asked.limit, show)
    return page_answer(request, found, columns_of(PromisePage), asked.format)


@router.get("/v1/customers/{customer_id}/erasure", responses={200: {"model": ErasureOut}})
async def erasure(request: Request, customer_id: PathId, _principal: Viewer) -> Response:
    """How far the last erasure of a customer is: `erased` once this service has no row of before left."""
    async with intake_of(request).database.reading() as session:
        # The mark is read first: once it is gone it does not come back without a newer time in the customer's row.
        mark = await session.get(ErasureRow, customer_id)
        row = await session.get(CustomerRow, customer_id)
    if row is None or row.erased_at is None:
        raise Problem.not_found("no erasure of this customer is known")
    return shown({"customer_id": customer_id, "erased_at": row.erased_at, **presenters.standing(mark is None)})


@router.get("/v1/promises/{promise_id}", responses={200: {"model": PromiseWithHistory}})
async def promise(request: Request, promise_id: PathId, _principal: Viewer) -> Response:
    """One promise with all its dates, its newest 200 changes, and what is still asked about the need."""
    history = select(ChangeRow).where(ChangeRow.promise_id == promise_id)
    async with intake_of(request).database.reading() as session:
        row = (await session.exec(select(PromiseRow).where(PromiseRow.promise_id == promise_id, LIVING))).one_or_none()
        if row is None:
            raise Problem.not_found("there is no such promise")
        # A change committed between two reads must not show a version newer than the promise's.
        history = history.where(col(ChangeRow.version) <= row.version)
        changes = (await session.exec(history)).all()
        asked = await open_clarifications(session, promise_id)
    document = presenters.stored(row)
    story = presenters.history(row, changes)
    document["changes"] = story[-MOST_CHANGES:]
    document["changes_older"] = max(0, len(story) - MOST_CHANGES)
    document |= asked
    return shown(document, {"ETag": f'"{row.version}"'})
