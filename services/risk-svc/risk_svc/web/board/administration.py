"""For administrators: who is signed in to the board, and ending all sessions of one person."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, cast

import structlog
from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.requests import Request

from candor.web.http.body import accepts, read
from candor.web.http.fields import Body
from candor.web.security.auth import Admin, act_of
from risk_svc.web.board.sign_in_store import StaffSessions

log: Final = structlog.get_logger("candor.sessions")
router: Final = APIRouter(tags=["sessions"])


class SessionOut(BaseModel):
    """One session: `id` is its beginning, as in the log; `person` is whom the identity provider or key vouched for."""

    id: str
    person: str
    role: str
    began: datetime
    seen: datetime


class SessionList(BaseModel):
    """The sessions that are not over, at most a thousand."""

    items: list[SessionOut]


class EndIn(Body):
    """Whose sessions end: a name exactly as `GET /v1/sessions` says it, whoever gave it."""

    person: Annotated[str, Field(pattern=r"^[^\x00]+$")]


class Ended(BaseModel):
    """How many sessions ended."""

    ended: int


@router.get("/v1/sessions")
async def sessions(request: Request, _principal: Admin) -> SessionList:
    """Who is signed in to the board."""
    return SessionList(items=[SessionOut(**one._asdict()) for one in await _staff(request).live()])


@router.post("/v1/sessions/end", openapi_extra=accepts(EndIn))
async def end(request: Request, principal: Admin) -> Ended:
    """End all sessions of one person: pages and sockets are refused within seconds, in every process."""
    _, body = await read(EndIn, request)
    by = act_of(request, principal).actor
    ended = await _staff(request).end_person(body.person, "ended by an administrator", by)
    log.info("sessions ended by an administrator", sessions=ended, person=body.person, by=principal.name)
    return Ended(ended=ended)


def _staff(request: Request) -> StaffSessions:
    return cast(StaffSessions, request.app.state.staff)
