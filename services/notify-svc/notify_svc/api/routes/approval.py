"""HTTP routes for letters that wait for a person: their list, and what may be decided about each; no logic."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from sqlmodel import col, or_, select
from starlette.requests import Request
from starlette.responses import Response

from candor.contracts import NoticeState
from candor.store import audit
from candor.store.db import Database
from candor.store.unit_of_work import UnitOfWork, unit_of_work
from candor.web.http.answers import shown
from candor.web.http.body import accepts, read
from candor.web.http.fields import IdFilter, PathId, not_ahead
from candor.web.http.listings import listed, matching
from candor.web.http.pages import Cursor, Limit, link_header
from candor.web.http.problems import FieldError, Problem
from candor.web.security.auth import Operator, Principal, act_of
from notify_svc.api.presenters import notice_out
from notify_svc.api.requests import Act, ApproveIn, EditIn, HoldIn, PhoneIn, SnoozeIn
from notify_svc.api.responses import NoticePage, NoticeWhole
from notify_svc.api.routes.notices import notice_of, whole
from notify_svc.domain.facts import Reason
from notify_svc.service import deciding
from notify_svc.service.deciding import Call, Words
from notify_svc.store import approvals
from notify_svc.store.tables import NoticeRow

LONGEST: Final = timedelta(days=7)
"""For how long a letter may be snoozed."""
NOT_WAITING: Final = "the message does not wait for approval any more, or has changed since it was read"
WENT_OUT: Final = "the message went out, or may have, or is not said any more"
ANSWER: Final[dict[int | str, dict[str, Any]]] = {200: {"model": NoticeWhole}}
router: Final = APIRouter(tags=["notices"])


@router.get("/v1/inbox", responses={200: {"model": NoticePage}})
async def inbox(
    request: Request,
    _principal: Operator,
    limit: Limit = 50,
    cursor: Cursor = None,
    snoozed: Annotated[bool, Query(description="Also those that are snoozed.")] = False,
    promise_id: IdFilter = None,
    customer_id: IdFilter = None,
) -> Response:
    """Messages to customers that wait for approval, the oldest first."""
    query = select(NoticeRow).where(
        NoticeRow.state == NoticeState.PENDING, NoticeRow.reason == Reason.AWAITS_APPROVAL.value
    )
    if not snoozed:
        until, now = col(NoticeRow.snoozed_until), request.app.state.clock.now()
        query = query.where(or_(until.is_(None), until <= now))
    query = matching(query, (NoticeRow.promise_id, promise_id), (NoticeRow.customer_id, customer_id))

    async def present(rows: Sequence[NoticeRow]) -> Iterable[dict[str, Any]]:
        return [notice_out(row, []) for row in rows]

    found = await listed(_database(request), query, ((NoticeRow.seq, int),), cursor, limit, present)
    return shown(found.document(), link_header(request, found.next))


@router.post("/v1/notices/{notice_id}/approve", responses=ANSWER, openapi_extra=accepts(ApproveIn))
async def approve(request: Request, notice_id: PathId, principal: Operator) -> Response:
    """Let a message go out as it was read; it is checked once more against the newest facts before it goes."""
    _, body = await read(ApproveIn, request)
    now = request.app.state.clock.now()

    async def act(uow: UnitOfWork) -> bool:
        return await approvals.approve(uow, notice_id, body.version, _who(principal, body), now)

    return await _decided(request, principal, notice_id, "notice.approve", act)


@router.post("/v1/notices/{notice_id}/edit", responses=ANSWER, openapi_extra=accepts(EditIn))
async def edit(request: Request, notice_id: PathId, principal: Operator) -> Response:
    """Change a message's words; it waits on. 422 `letter_refused` says what may not stand in it, or must."""
    _, body = await read(EditIn, request)
    now = request.app.state.clock.now()

    async def act(uow: UnitOfWork) -> bool:
        words, who = Words(body.subject, body.text), _who(principal, body)
        found = await deciding.edit(uow, request.app.state.reach, notice_id, body.version, words, who, now)
        if found:
            errors = [FieldError(f"{one.rule.value}: {one.detail}", pointer="/text") for one in found]
            raise Problem("letter_refused", "; ".join(one.detail for one in errors), errors=errors)
        return found is not None

    return await _decided(request, principal, notice_id, "notice.edit", act)


@router.post("/v1/notices/{notice_id}/hold", responses=ANSWER, openapi_extra=accepts(HoldIn))
async def hold(request: Request, notice_id: PathId, principal: Operator) -> Response:
    """Do not say this; what else there is to say of the promise is decided as ever."""
    _, body = await read(HoldIn, request)
    row = await notice_of(request, notice_id)
    now = request.app.state.clock.now()

    async def act(uow: UnitOfWork) -> bool:
        why = f"{_who(principal, body)}: {body.reason}"
        return await deciding.hold(uow, notice_id, row.promise_id, body.version, why, now)

    return await _decided(request, principal, notice_id, "notice.hold", act)


@router.post("/v1/notices/{notice_id}/snooze", responses=ANSWER, openapi_extra=accepts(SnoozeIn))
async def snooze(request: Request, notice_id: PathId, principal: Operator) -> Response:
    """Leave a message out of the inbox for a while; nobody is reminded of it until then."""
    _, body = await read(SnoozeIn, request)
    await notice_of(request, notice_id)
    now = request.app.state.clock.now()
    if not now < body.until <= now + LONGEST:
        raise Problem.invalid_field("/until", "must lie ahead, by seven days at most")

    async def act(uow: UnitOfWork) -> bool:
        return await approvals.snooze(uow, notice_id, body.until)

    return await _decided(request, principal, notice_id, "notice.snooze", act)


@router.post("/v1/notices/{notice_id}/said", responses=ANSWER, openapi_extra=accepts(PhoneIn))
async def said(request: Request, notice_id: PathId, principal: Operator) -> Response:
    """Record that a person told the customer by phone: it counts as told, and no message goes out."""
    _, body = await read(PhoneIn, request)
    row = await notice_of(request, notice_id)
    now = request.app.state.clock.now()
    if body.at is not None:
        not_ahead(body.at, now, "/at")

    async def act(uow: UnitOfWork) -> bool:
        call = Call(body.said, body.answered, body.at or now)
        return await deciding.phone(uow, notice_id, row.promise_id, _who(principal, body), call, now)

    return await _decided(request, principal, notice_id, "notice.said", act, WENT_OUT)


async def _decided(
    request: Request,
    principal: Principal,
    notice_id: str,
    action: str,
    act: Callable[[UnitOfWork], Awaitable[bool]],
    against: str = NOT_WAITING,
) -> Response:
    await notice_of(request, notice_id)
    async with unit_of_work(_database(request)) as uow:
        done = await act(uow)
        await audit.write(uow, [act_of(request, principal, action, audit.DONE if done else "conflict")])
    if not done:
        raise Problem.conflict("conflict", against)
    return shown(await whole(request, notice_id))


def _who(principal: Principal, act: Act) -> str:
    """Who decided: the key's name, and the person for whom it says that it asks."""
    return f"{act.by} by {principal.name}" if act.by else principal.name


def _database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database
