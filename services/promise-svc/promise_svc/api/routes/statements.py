"""Write routes for statements about promises and customers; no logic."""

from __future__ import annotations

import re
from typing import Annotated, Final, cast

import msgspec
from fastapi import APIRouter, Header
from starlette.requests import Request
from starlette.responses import Response

from candor.contracts import staff_key
from candor.intake import Submission
from candor.intake.routes import identity, intake_of, read_command, respond
from candor.web.http.body import accepts
from candor.web.http.fields import PathId, not_ahead
from candor.web.http.problems import Problem
from candor.web.http.public import public_path
from candor.web.security.auth import Admin, Operator, Principal
from promise_svc.api import presenters
from promise_svc.api.neutral_events import CONTACT, ERASED, MADE, REVISED, SETTLED, WITHDRAWN
from promise_svc.api.requests import ContactIn, PromiseIn, RevisionIn, StaffContactIn, VerdictIn, WithdrawalIn
from promise_svc.api.responses import ContactOut, ErasedOut, PromiseOut, StaffContactOut, StaffErasedOut
from promise_svc.domain import SetContact
from promise_svc.service.sealing import Sealer
from promise_svc.service.use_cases import Command, Erase


class _Tag(msgspec.Struct):
    promise_id: str
    version: int


IfMatch = Annotated[str | None, Header(max_length=40, description='Version that was read, such as "3".')]
router: Final = APIRouter(tags=["promises"])
_ANSWERS: Final = {status: presenters.whole(status) for status in (200, 201)}
_tag: Final = msgspec.json.Decoder(_Tag)
_etag: Final = re.compile(r'"([0-9]{1,9})"')


@router.post("/v1/promises", status_code=201, responses={201: {"model": PromiseOut}}, openapi_extra=accepts(PromiseIn))
async def make(request: Request, principal: Operator) -> Response:
    """Make a promise; it is saved before the response."""
    raw, body = await read_command(PromiseIn, request, principal)
    now = intake_of(request).clock.now()
    if body.made_at is not None:
        not_ahead(body.made_at, now, "/made_at")
    return await _state(request, principal, raw, MADE, body.command(now), 201)


@router.post(
    "/v1/promises/{promise_id}/revisions",
    responses={200: {"model": PromiseOut}},
    openapi_extra=accepts(RevisionIn),
)
async def revise(request: Request, promise_id: PathId, principal: Operator, if_match: IfMatch = None) -> Response:
    """Record a new date; it becomes the promised date only if the customer asked for it or agreed to it."""
    raw, body = await read_command(RevisionIn, request, principal, promise_id)
    return await _state(request, principal, raw, REVISED, body.command(promise_id, version_of(if_match)))


@router.post(
    "/v1/promises/{promise_id}/withdraw",
    responses={200: {"model": PromiseOut}},
    openapi_extra=accepts(WithdrawalIn),
)
async def withdraw(request: Request, promise_id: PathId, principal: Operator, if_match: IfMatch = None) -> Response:
    """Withdraw a promise."""
    raw, body = await read_command(WithdrawalIn, request, principal, promise_id)
    return await _state(request, principal, raw, WITHDRAWN, body.command(promise_id, version_of(if_match)))


@router.post(
    "/v1/promises/{promise_id}/verdict", responses={200: {"model": PromiseOut}}, openapi_extra=accepts(VerdictIn)
)
async def settle(request: Request, promise_id: PathId, principal: Operator, if_match: IfMatch = None) -> Response:
    """Record how a promise ended; a later verdict corrects an earlier one."""
    raw, body = await read_command(VerdictIn, request, principal, promise_id)
    if body.settled_at is not None:
        not_ahead(body.settled_at, intake_of(request).clock.now(), "/settled_at")
    return await _state(request, principal, raw, SETTLED, body.command(promise_id, version_of(if_match)))


@router.put(
    "/v1/customers/{customer_id}/contact", responses={200: {"model": ContactOut}}, openapi_extra=accepts(ContactIn)
)
async def set_contact(request: Request, customer_id: PathId, principal: Operator) -> Response:
    """Set how to reach a customer; stored sealed and never shown again."""
    raw, body = await read_command(ContactIn, request, principal, customer_id)
    sealed = cast(Sealer, request.app.state.sealer).seal(body)
    return await _state(request, principal, raw, CONTACT, SetContact(customer_id, sealed))


@router.put(
    "/v1/staff/{staff_id}/contact", responses={200: {"model": StaffContactOut}}, openapi_extra=accepts(StaffContactIn)
)
async def set_staff_contact(request: Request, staff_id: PathId, principal: Operator) -> Response:
    """Set how to reach a promise's `owner`, notified before the customer; stored sealed.

    Customers read the owner's `name`, and `reach` if it is given, in letters about their promises.
    """
    staff = staff_key(staff_id)
    raw, body = await read_command(StaffContactIn, request, principal, staff)
    sealed = cast(Sealer, request.app.state.sealer).seal(body)
    return await _state(request, principal, raw, CONTACT, SetContact(staff, sealed))


@router.delete(
    "/v1/staff/{staff_id}/contact", responses={200: {"model": StaffErasedOut}, 202: {"model": StaffErasedOut}}
)
async def remove_staff_contact(request: Request, staff_id: PathId, principal: Admin) -> Response:
    """Erase a staff member's contact; promises still name them. 202: copies in the log are still being removed."""
    return await _state(request, principal, b"", ERASED, Erase(staff_key(staff_id)))


@router.delete("/v1/customers/{customer_id}", responses={200: {"model": ErasedOut}, 202: {"model": ErasedOut}})
async def erase(request: Request, customer_id: PathId, principal: Admin) -> Response:
    """Erase a customer here and in every service that knows them.

    From this answer on nothing said before is taken or shown. 200: no row of before is left here. 202: rows are being
    deleted; `GET /v1/customers/{customer_id}/erasure` says when none is left. Other services follow the event.
    """
    return await _state(request, principal, b"", ERASED, Erase(customer_id))


async def _state(
    request: Request, principal: Principal, raw: bytes, kind: str, command: Command, status: int = 200
) -> Response:
    origin, receipts = identity(request, principal, raw)
    taken = await intake_of(request).submit(Submission(kind, command, origin, _ANSWERS[status], receipts))
    return respond(taken, link_to(taken.answer.body) if kind not in (CONTACT, ERASED) else None)


def link_to(body: bytes) -> dict[str, str]:
    """The headers of an answer with a promise: where it is, and its version."""
    # Read from the response body, not the command: a replayed response names the promise made the first time.
    tag = _tag.decode(body)
    return {"Location": public_path(f"/v1/promises/{tag.promise_id}"), "ETag": f'"{tag.version}"'}


def version_of(if_match: str | None) -> int | None:
    """The version that an If-Match header names; None for any. Raises Problem 412 for what is no ETag of ours."""
    if if_match is None or if_match.strip() == "*":
        return None
    found = _etag.fullmatch(if_match.strip())
    if found is None:
        raise Problem("version_changed", 'If-Match must be an ETag as we gave it, such as "3"')
    return int(found[1])
