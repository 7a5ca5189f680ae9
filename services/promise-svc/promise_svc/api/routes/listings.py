"""Read routes: the current state of promises, through a read-only session."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query
from sqlmodel import col, select
from starlette.requests import Request
from starlette.responses import Response

from candor.intake.routes import intake_of
from candor.web.http.answers import shown
from candor.web.http.fields import IdFilter, Moment, PathId
from candor.web.http.listings import each, listed, matching
from candor.web.http.pages import Cursor, Limit, link_header
from candor.web.http.problems import Problem
from candor.web.security.auth import Viewer
from promise_svc.api import presenters
from promise_svc.api.responses import ErasureOut, PromisePage, PromiseWithHistory
from promise_svc.store.tables import LIVING, ChangeRow, CustomerRow, ErasureRow, PromiseRow

StateFilter = Annotated[Literal["made", "kept", "broken", "disputed", "withdrawn"] | None, Query()]
Bound = Annotated[Moment | None, Query(description="Held date, RFC 3339 with its zone.")]
MOST_CHANGES: Final = 200
EARLIEST: Final = ((PromiseRow.held_due, datetime), (PromiseRow.promise_id, str))
router: Final = APIRouter(tags=["promises"])


@router.get("/v1/promises", responses={200: {"model": PromisePage}})
async def promises(
    request: Request,
    _principal: Viewer,
    limit: Limit = 50,
    cursor: Cursor = None,
    customer_id: IdFilter = None,
    kind: IdFilter = None,
    state: StateFilter = None,
    due_from: Bound = None,
    due_before: Bound = None,
) -> Response:
    """Promises by promised date, earliest first."""
    query = matching(
        select(PromiseRow).where(LIVING),
        (PromiseRow.customer_id, customer_id),
        (PromiseRow.kind, kind),
        (PromiseRow.state, state),
    )
    if due_from is not None:
        query = query.where(col(PromiseRow.held_due) >= due_from)
    if due_before is not None:
        query = query.where(col(PromiseRow.held_due) < due_before)
    found = await listed(intake_of(request).database, query, EARLIEST, cursor, limit, each(presenters.stored))
    return shown(found.document(), link_header(request, found.next))


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
    """One promise with all its dates and its history, of which the newest 200 changes."""
    history = select(ChangeRow).where(ChangeRow.promise_id == promise_id)
    async with intake_of(request).database.reading() as session:
        row = (await session.exec(select(PromiseRow).where(PromiseRow.promise_id == promise_id, LIVING))).one_or_none()
        if row is None:
            raise Problem.not_found("there is no such promise")
        # A change committed between two reads must not show a version newer than the promise's.
        history = history.where(col(ChangeRow.version) <= row.version)
        changes = (await session.exec(history)).all()
    document = presenters.stored(row)
    story = presenters.history(row, changes)
    document["changes"] = story[-MOST_CHANGES:]
    document["changes_older"] = max(0, len(story) - MOST_CHANGES)
    return shown(document, {"ETag": f'"{row.version}"'})
