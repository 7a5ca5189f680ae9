"""Routes of drafts: promises of which something is missing, listed, completed and withdrawn by people."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query
from sqlmodel import col, select
from starlette.requests import Request
from starlette.responses import Response

from candor.intake import Submission
from candor.intake.routes import identity, intake_of, no_nul, read_command, respond
from candor.web.http.answers import shown
from candor.web.http.body import accepts
from candor.web.http.fields import IdFilter, PathId, not_ahead
from candor.web.http.listings import each, listed, matching
from candor.web.http.pages import Cursor, Limit
from candor.web.http.problems import Problem
from candor.web.security.auth import Operator, Viewer
from promise_svc.api import presenters
from promise_svc.api.list_examples import answers
from promise_svc.api.neutral_events import MADE, WITHDRAWN
from promise_svc.api.requests import DraftIn, WithdrawalIn
from promise_svc.api.responses import DraftOut, DraftPage, DraftWithdrawn, PromiseOut
from promise_svc.api.routes.csv_files import FormatParameter
from promise_svc.api.routes.list_pages import page_answer
from promise_svc.api.routes.statements import link_to
from promise_svc.service.commands import WithdrawDraft
from promise_svc.store.tables import LIVING_DRAFT, DraftRow

Missing = Annotated[Literal["customer_id", "kind", "what", "due"] | None, Query(description="Only what misses this.")]
StateFilter = Annotated[Literal["draft", "withdrawn"] | None, Query(description="Only those in this state.")]
Source = Annotated[str | None, Query(max_length=256)]
COLUMNS: Final = tuple(name for name in DraftOut.model_fields if name not in ("missing", "terms", "said_at"))
router: Final = APIRouter(tags=["promises"])


@router.get("/v1/drafts", responses=answers(DraftPage))
async def drafts(
    request: Request,
    _principal: Viewer,
    limit: Limit = 50,
    cursor: Cursor = None,
    customer_id: IdFilter = None,
    state: StateFilter = None,
    missing: Missing = None,
    source: Source = None,
    format: FormatParameter = "json",
) -> Response:
    """Promises of which something is missing, oldest first; nobody else hears of them before they are complete."""
    no_nul(source=source)
    query = matching(
        select(DraftRow).where(LIVING_DRAFT),
        (DraftRow.customer_id, customer_id),
        (DraftRow.state, state),
        (DraftRow.source, source),
    )
    if missing is not None:
        query = query.where(col(DraftRow.missing).contains([missing]))
    order = ((DraftRow.born, int),)
    found = await listed(intake_of(request).database, query, order, cursor, limit, each(presenters.draft))
    return page_answer(request, found, COLUMNS, format)


@router.get("/v1/drafts/{promise_id}", responses={200: {"model": DraftOut}})
async def draft(request: Request, promise_id: PathId, _principal: Viewer) -> Response:
    """One draft."""
    async with intake_of(request).database.reading() as session:
        query = select(DraftRow).where(DraftRow.promise_id == promise_id, LIVING_DRAFT)
        row = (await session.exec(query)).one_or_none()
    if row is None:
        raise Problem.not_found("there is no such draft")
    return shown(presenters.draft(row))


@router.post(
    "/v1/drafts/{promise_id}",
    status_code=201,
    responses={201: {"model": PromiseOut}},
    openapi_extra=accepts(DraftIn),
)
async def complete(request: Request, promise_id: PathId, principal: Operator) -> Response:
    """Complete a draft with what is missing, which makes the promise; other fields may be corrected with it."""
    raw, body = await read_command(DraftIn, request, principal, promise_id)
    if body.made_at is not None:
        not_ahead(body.made_at, intake_of(request).clock.now(), "/made_at")
    origin, receipts = identity(request, principal, raw)
    command = body.outline(promise_id)
    taken = await intake_of(request).submit(Submission(MADE, command, origin, presenters.whole(201), receipts))
    return respond(taken, link_to(taken.answer.body))


@router.post(
    "/v1/drafts/{promise_id}/withdraw",
    responses={200: {"model": DraftWithdrawn}},
    openapi_extra=accepts(WithdrawalIn),
)
async def withdraw(request: Request, promise_id: PathId, principal: Operator) -> Response:
    """Withdraw a draft: whatever completes it later is withdrawn at once."""
    raw, body = await read_command(WithdrawalIn, request, principal, promise_id)
    origin, receipts = identity(request, principal, raw)
    command = WithdrawDraft(promise_id, body.reason, body.public_reason)
    return respond(
        await intake_of(request).submit(Submission(WITHDRAWN, command, origin, presenters.whole(200), receipts))
    )
