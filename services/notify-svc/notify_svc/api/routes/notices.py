"""HTTP routes for notices, with their reasons and states, and for the switches; no logic."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from sqlmodel import col, select
from starlette.requests import Request
from starlette.responses import Response

from candor.contracts import NoticeState, Statement
from candor.store import audit
from candor.store.db import Database
from candor.store.unit_of_work import unit_of_work
from candor.web.http.answers import shown
from candor.web.http.body import accepts, read
from candor.web.http.fields import IdFilter, PathId
from candor.web.http.listings import listed, matching
from candor.web.http.pages import Cursor, Limit, link_header
from candor.web.http.problems import Problem
from candor.web.security.auth import Admin, Operator, Principal, Viewer, act_of
from notify_svc.api.presenters import notice_out, notice_whole
from notify_svc.api.requests import ResolveIn, SwitchIn
from notify_svc.api.responses import NoticePage, NoticeWhole, SwitchOut
from notify_svc.delivery import resolve, switches
from notify_svc.domain.owner import Audience
from notify_svc.store.tables import DeliveryRow, MailReportRow, NoticeRow, SwitchRow

MOST_REPORTS: Final = 100
"""Mails about one message that are shown."""
router: Final = APIRouter(tags=["notices"])


@router.get("/v1/notices", responses={200: {"model": NoticePage}})
async def notices(
    request: Request,
    _principal: Viewer,
    limit: Limit = 50,
    cursor: Cursor = None,
    audience: Annotated[Audience | None, Query()] = None,
    state: Annotated[NoticeState | None, Query()] = None,
    statement: Annotated[Statement | None, Query()] = None,
    promise_id: IdFilter = None,
    customer_id: IdFilter = None,
) -> Response:
    """Notices, newest first, each with its reason and full message; without `audience`, owners' notices as well."""
    query = matching(
        select(NoticeRow),
        (NoticeRow.audience, audience),
        (NoticeRow.state, state),
        (NoticeRow.statement, statement),
        (NoticeRow.promise_id, promise_id),
        (NoticeRow.customer_id, customer_id),
    )
    order = ((NoticeRow.seq, int),)

    async def present(rows: Sequence[NoticeRow]) -> Iterable[dict[str, Any]]:
        by_notice = await _deliveries(request, [row.notice_id for row in rows])
        return [notice_out(row, by_notice[row.notice_id]) for row in rows]

    found = await listed(_database(request), query, order, cursor, limit, present, falling=True)
    return shown(found.document(), link_header(request, found.next))


@router.get("/v1/notices/{notice_id}", responses={200: {"model": NoticeWhole}})
async def notice(request: Request, notice_id: PathId, _principal: Viewer) -> Response:
    """One notice with its evidence and its deliveries."""
    return shown(await whole(request, notice_id))


@router.post(
    "/v1/notices/{notice_id}/resolve", responses={200: {"model": NoticeWhole}}, openapi_extra=accepts(ResolveIn)
)
async def resolve_notice(request: Request, notice_id: PathId, principal: Operator) -> Response:
    """Record whether an unknown, failed, held or withheld message reached the customer.

    `not_sent`: the promise is decided again, and the customer is notified if there is still something to say.
    """
    _, body = await read(ResolveIn, request)
    row = await notice_of(request, notice_id)
    async with unit_of_work(_database(request)) as uow:
        now = request.app.state.clock.now()
        settled = await resolve.resolve(uow, notice_id, row.promise_id, now, sent=body.outcome == "sent")
        outcome = audit.DONE if settled else "conflict"
        await audit.write(uow, [act_of(request, principal, f"notice.{body.outcome}", outcome)])
    if not settled:
        raise Problem.conflict("conflict", "only a notice that is unknown, failed, held or withheld can be resolved")
    return shown(await whole(request, notice_id))


@router.get("/v1/sending", responses={200: {"model": SwitchOut}})
async def sending(request: Request, _principal: Viewer) -> Response:
    """Whether messages are sent."""
    async with _database(request).reading() as session:
        row = (await session.exec(select(SwitchRow))).one_or_none()
    return shown({"sending": bool(row and row.sending), "kill_switch": bool(row and row.killed)})


@router.put("/v1/sending", responses={200: {"model": SwitchOut}}, openapi_extra=accepts(SwitchIn))
async def turn_sending(request: Request, principal: Admin) -> Response:
    """Switch sending on or off; while it is off, messages are composed and kept as previews.

    Previews are never sent, even after sending is switched on: what is still true is decided again.
    """
    _, body = await read(SwitchIn, request)
    return await _turned(request, principal, "sending", enabled=body.enabled)


@router.put("/v1/kill-switch", responses={200: {"model": SwitchOut}}, openapi_extra=accepts(SwitchIn))
async def turn_kill_switch(request: Request, principal: Admin) -> Response:
    """Stop every message that has not begun its DATA; queued ones are checked again when the switch is lifted."""
    _, body = await read(SwitchIn, request)
    return await _turned(request, principal, "kill_switch", enabled=body.enabled)


async def _turned(request: Request, principal: Principal, name: str, *, enabled: bool) -> Response:
    async with unit_of_work(_database(request)) as uow:
        if name == "sending":
            switch = await switches.turn(uow, principal.name, sending=enabled)
        else:
            switch = await switches.turn(uow, principal.name, killed=enabled)
        await audit.write(uow, [act_of(request, principal, f"{name} {'on' if enabled else 'off'}")])
    return shown({"sending": switch.sending, "kill_switch": switch.killed})


async def whole(request: Request, notice_id: str) -> dict[str, Any]:
    """A notice as `NoticeWhole`. Raises Problem 404."""
    row = await notice_of(request, notice_id)
    query = select(MailReportRow).where(MailReportRow.notice_id == notice_id).order_by(col(MailReportRow.created_at))
    async with _database(request).reading() as session:
        reports = (await session.exec(query.limit(MOST_REPORTS))).all()
    return notice_whole(row, (await _deliveries(request, [notice_id]))[notice_id], reports)


async def _deliveries(request: Request, notice_ids: Collection[str]) -> Mapping[str, Sequence[DeliveryRow]]:
    """Deliveries by notice id, each list oldest to newest."""
    found = defaultdict[str, list[DeliveryRow]](list)
    if notice_ids:
        query = select(DeliveryRow).where(col(DeliveryRow.notice_id).in_(notice_ids))
        async with _database(request).reading() as session:
            rows = await session.exec(query.order_by(col(DeliveryRow.created_at), col(DeliveryRow.delivery_id)))
        for row in rows:
            found[row.notice_id].append(row)
    return found


async def notice_of(request: Request, notice_id: str) -> NoticeRow:
    """The row of a notice. Raises Problem 404."""
    async with _database(request).reading() as session:
        row = await session.get(NoticeRow, notice_id)
    if row is None:
        raise Problem.not_found("there is no such notice")
    return row


def _database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database
