"""Routes of matters: the same of each kind, made from the table of kinds; no logic."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from candor.intake import Submission
from candor.intake.once import new_id
from candor.intake.routes import identity, intake_of, read_command, respond
from candor.web.http.body import accepts
from candor.web.http.fields import PathId
from candor.web.http.public import public_path
from candor.web.security.auth import Operator, Principal, Viewer
from promise_svc.api import presenters
from promise_svc.api.matter_kinds import VERBS, WAYS, event_type, look
from promise_svc.api.matter_requests import MatterBody, entry
from promise_svc.api.matter_responses import SAID
from promise_svc.api.routes.statements import IfMatch, version_of
from promise_svc.domain import MACHINES, Kind
from promise_svc.matter_events import id_of

PUT: Final = tuple(kind for kind in Kind if not MACHINES[kind].named)
"""Kinds that are put under an id, which their body does not say."""
BY_ANYBODY: Final = (Kind.CHALLENGE,)
"""Kinds that whoever may read may begin."""
_ANSWERS: Final = {status: presenters.whole(status) for status in (200, 201)}


def router() -> APIRouter:
    """The routes by which staff write matters."""
    routes = APIRouter(tags=["matters"])
    for kind in Kind:
        if kind in PUT:
            _put(routes, kind)
            continue
        _post(routes, kind)
        for action, body in WAYS[kind].follows.items():
            _follow(routes, kind, action, body)
    return routes


def _put(routes: APIRouter, kind: Kind) -> None:
    body = WAYS[kind].begins
    path = f"{WAYS[kind].path}/{{matter_id}}"

    @routes.put(
        path,
        responses={200: {"model": SAID[kind]}},
        openapi_extra=accepts(body),
        summary=f"Set {kind.replace('_', ' ')}",
    )
    async def put(request: Request, matter_id: PathId, principal: Operator, if_match: IfMatch = None) -> Response:
        """Say it anew from a time on; what is said of an earlier time undoes nothing newer."""
        return await _said(request, principal, kind, MACHINES[kind].begins, body, matter_id, if_match)


def _post(routes: APIRouter, kind: Kind) -> None:
    body, path = WAYS[kind].begins, WAYS[kind].path
    described: dict[str, Any] = {"responses": {201: {"model": SAID[kind]}}, "openapi_extra": accepts(body)}
    described |= {"status_code": 201, "summary": f"New {kind.words}"}
    begins = MACHINES[kind].begins

    if kind in BY_ANYBODY:

        @routes.post(path, **described)
        async def begin_by_anybody(request: Request, principal: Viewer) -> Response:
            """Begin it; it is saved before the response."""
            return await _said(request, principal, kind, begins, body)

    else:

        @routes.post(path, **described)
        async def begin(request: Request, principal: Operator) -> Response:
            """Begin it; it is saved before the response."""
            return await _said(request, principal, kind, begins, body)


def _follow(routes: APIRouter, kind: Kind, action: str, body: type[MatterBody]) -> None:
    path = f"{WAYS[kind].path}/{{matter_id}}/{VERBS[action]}"
    described: dict[str, Any] = {"responses": {200: {"model": SAID[kind]}}, "openapi_extra": accepts(body)}

    @routes.post(path, **described, summary=f"{kind.words} {action}")
    async def follow(request: Request, matter_id: PathId, principal: Operator, if_match: IfMatch = None) -> Response:
        """Add an entry; 409 `not_now` if it does not follow the present state, which `detail` names."""
        return await _said(request, principal, kind, action, body, matter_id, if_match)


async def _said(
    request: Request,
    principal: Principal,
    kind: Kind,
    action: str,
    model: type[MatterBody],
    matter_id: str = "",
    if_match: str | None = None,
) -> Response:
    about = matter_id if kind is Kind.ACCOUNT else ""
    raw, body = await read_command(model, request, principal, about)
    now = intake_of(request).clock.now()
    look(body, now, request.app.state.hops)
    begun = not matter_id
    name = matter_id or getattr(body, id_of(kind)) or new_id()
    command = entry(kind, name, action, body, now, version=version_of(if_match))
    origin, receipts = identity(request, principal, raw)
    answer = _ANSWERS[201 if begun else 200]
    taken = await intake_of(request).submit(Submission(event_type(kind, action), command, origin, answer, receipts))
    # Read from the response body: a replayed response names the matter begun the first time.
    tag = msgspec.json.decode(taken.answer.body)
    place = public_path(f"{WAYS[kind].path}/{tag[id_of(kind)]}")
    return respond(taken, {"Location": place, "ETag": f'"{tag["version"]}"'})
