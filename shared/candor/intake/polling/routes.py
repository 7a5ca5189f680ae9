"""The route that shows staff how far polls are."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field
from sqlmodel import select
from starlette.requests import Request
from starlette.responses import Response

from candor.intake.polling.book import PollColumns
from candor.intake.routes import intake_of
from candor.web.http.answers import shown
from candor.web.http.listings import ListTotals, each, listed
from candor.web.http.pages import Cursor, Limit, link_header
from candor.web.security.auth import Viewer


class PollItem(BaseModel):
    """One poll: up to which change of the system (`reached`) it has read, and what its pages brought.

    `state`: `failing` until its next page, `running` between the pages of a run, else `waiting`. `new` events were
    unknown: no webhook had brought them. Requests are those of the hour that began at `hour`.
    """

    source: str
    state: Literal["waiting", "running", "failing"]
    reached: datetime | None = Field(description="The latest change that was read, in the other system's time.")
    next_at: datetime = Field(description="When the next page is asked for.")
    last_page_at: datetime | None
    last_run_at: datetime | None
    failures: int
    error: str
    error_at: datetime | None
    new: int
    known: int
    refused: int
    hour: datetime
    requests: int


class PollPage(ListTotals):
    """A page of polls, by source."""

    items: list[PollItem]


def polls(table: type[PollColumns]) -> APIRouter:
    """The route; `table` is the service's own table of polls."""
    router = APIRouter(tags=["intake"])

    @router.get("/v1/polls", responses={200: {"model": PollPage}})
    async def listed_polls(request: Request, _principal: Viewer, limit: Limit = 50, cursor: Cursor = None) -> Response:
        """How far the polls of SOURCES_FILE are; a source that is polled no more keeps its place."""
        order = ((table.name, str),)
        found = await listed(intake_of(request).database, select(table), order, cursor, limit, each(_item))
        return shown(found.document(), link_header(request, found.next))

    return router


def _item(row: PollColumns) -> dict[str, Any]:
    state: Literal["waiting", "running", "failing"] = "waiting"
    if row.failures:
        state = "failing"
    elif row.page:
        state = "running"
    return PollItem(
        source=row.name,
        state=state,
        reached=row.reached,
        next_at=row.due,
        last_page_at=row.taken_at,
        last_run_at=row.ended_at,
        **row.model_dump(include={"failures", "error", "error_at", "new", "known", "refused", "hour", "requests"}),
    ).model_dump()
