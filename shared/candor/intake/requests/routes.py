"""Routes of stored requests: the list, one with its content, and its replay as it is or mended."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal, cast

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from sqlmodel import col, select
from starlette.requests import Request
from starlette.responses import Response

from candor.intake.requests.content import Content
from candor.intake.requests.replaying import Replaying
from candor.intake.requests.table import RequestColumns, State
from candor.intake.routes import EventRefused, MendedAt, MendedTo, intake_of, no_nul
from candor.web.http.answers import shown
from candor.web.http.body import accepts, read
from candor.web.http.fields import Body, Moment, PathId
from candor.web.http.listings import ListTotals, each, listed, matching
from candor.web.http.pages import Cursor, Limit, link_header
from candor.web.security.auth import Operator, Viewer, act_of

Since = Annotated[Moment | None, Query(description="Requests that came at or after this time.")]
Until = Annotated[Moment | None, Query(description="Requests that came before this time.")]
LONGEST_BODY: Final = 200_000


class RequestItem(BaseModel):
    """A stored request, without its content; `times`: how often the same bytes came under the same id."""

    request_id: str
    source: str
    read_as: str
    state: State
    reason: str
    times: int
    size: int
    received_at: datetime
    mended_from: str
    mended_by: str
    mended_at: MendedAt
    mended_to: MendedTo
    tries: int
    next_at: datetime | None


class RequestPage(ListTotals):
    """A page of stored requests, newest first unless asked otherwise; the Link header leads to the next one."""

    items: list[RequestItem]


class ContentOut(BaseModel):
    """What a sender sent. `exact` is false if the body is no UTF-8: the bytes that are none stand as `\\xNN`."""

    webhook_id: str
    media_type: str
    headers: dict[str, str]
    body: str
    exact: bool


class RequestOut(BaseModel):
    """A stored request with its content: `sent` as it came, `completed` as a call to its system made it, else null."""

    request_id: str
    source: str
    received_at: datetime
    sent: ContentOut
    completed: ContentOut | None


class MendIn(Body):
    """The body with which a request is processed instead of its own."""

    body: str = Field(max_length=LONGEST_BODY)


class ReplayOut(BaseModel):
    """What became of a replay; of a request that waits for its completion nothing is known yet."""

    request_id: str
    state: State
    accepted: int
    replayed: int
    rejected: list[EventRefused]


def stored(table: type[RequestColumns]) -> APIRouter:
    """The routes; `table` is the service's own table of stored requests."""
    router = APIRouter(tags=["intake"])

    @router.get("/v1/requests", responses={200: {"model": RequestPage}})
    async def requests(
        request: Request,
        _principal: Viewer,
        limit: Limit = 50,
        cursor: Cursor = None,
        source: Annotated[str | None, Query(max_length=64)] = None,
        state: Annotated[State | None, Query()] = None,
        since: Since = None,
        until: Until = None,
        order: Annotated[Literal["newest", "oldest"], Query()] = "newest",
    ) -> Response:
        """What senders sent and what became of it, without its content, which is sealed."""
        no_nul(source=source)
        query = matching(select(table), (table.source, source), (table.state, state))
        query = query if since is None else query.where(col(table.received_at) >= since)
        query = query if until is None else query.where(col(table.received_at) < until)
        by = ((table.received_at, datetime), (table.request_id, str))
        database, falling = intake_of(request).database, order == "newest"
        found = await listed(database, query, by, cursor, limit, each(table.model_dump), falling=falling)
        return shown(found.document(), link_header(request, found.next))

    @router.get("/v1/requests/{request_id}", responses={200: {"model": RequestOut}})
    async def content(request: Request, request_id: PathId, principal: Operator) -> Response:
        """One request with its content; that somebody looked is in the audit log."""
        act = act_of(request, principal, "request.read")
        row, sent, completed = await replaying_of(request).look(request_id, act)
        document = {"request_id": row.request_id, "source": row.source, "received_at": row.received_at}
        return shown(document | {"sent": _text(sent), "completed": None if completed is None else _text(completed)})

    @router.post("/v1/requests/{request_id}/replay", responses={200: {"model": ReplayOut}})
    async def replay(request: Request, request_id: PathId, principal: Operator) -> Response:
        """Process a request again as it came, as its source is understood now; what was taken is not taken twice."""
        act = act_of(request, principal, "request.replay")
        return shown((await replaying_of(request).replay(request_id, act)).document())

    @router.put("/v1/requests/{request_id}/body", responses={200: {"model": ReplayOut}}, openapi_extra=accepts(MendIn))
    async def mend(request: Request, request_id: PathId, principal: Operator) -> Response:
        """Process a request with another body, as a request of its own; the original stays and is called mended."""
        _, said = await read(MendIn, request)
        act = act_of(request, principal, "request.mend")
        found = await replaying_of(request).mend(request_id, said.body.encode(), principal.name, act)
        return shown(found.document())

    return router


def replaying_of(request: Request) -> Replaying:
    """What replays in this service."""
    return cast(Replaying, request.app.state.replaying)


def _text(content: Content) -> dict[str, Any]:
    try:
        body, exact = content.body.decode(), True
    except UnicodeDecodeError:
        body, exact = content.body.decode(errors="backslashreplace"), False
    named = {"webhook_id": content.webhook_id, "media_type": content.media_type, "headers": content.headers}
    return named | {"body": body, "exact": exact}
