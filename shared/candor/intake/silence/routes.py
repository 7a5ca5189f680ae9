"""The route that shows staff which sources are heard, and which have gone silent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field
from sqlmodel import select
from starlette.requests import Request
from starlette.responses import Response

from candor.intake.routes import intake_of
from candor.intake.silence import book, rhythm
from candor.intake.silence.book import RhythmColumns
from candor.ops.clock import SystemClock
from candor.web.http.answers import shown
from candor.web.http.listings import ListTotals, listed
from candor.web.http.pages import Cursor, Limit, link_header
from candor.web.security.auth import Viewer

COUNTED: Final = 1_000


class SourceItem(BaseModel):
    """One sender of webhooks. Times are system time.

    `state`: `learning` until a week and 50 gaps of it are known, `stale` while it is silent for longer than its rhythm
    explains, else `heard`.
    """

    source: str
    state: Literal["learning", "heard", "stale"]
    first_event_at: datetime
    last_event_at: datetime
    silent_since: datetime | None = Field(description="Its last word, while it is stale; nothing later is known of it.")
    usual_minutes: float | None = Field(
        description="In how many minutes of an hour it is usually heard at this hour of the week; null if not known."
    )
    refused: int = Field(description=f"Its webhooks under `GET /v1/rejected`; at most {COUNTED:,} are counted.")


class SourcePage(ListTotals):
    """A page of senders, by name."""

    items: list[SourceItem]


def sources(table: type[RhythmColumns]) -> APIRouter:
    """The route; `table` is the service's own table of rhythms."""
    router = APIRouter(tags=["intake"])

    @router.get("/v1/sources", responses={200: {"model": SourcePage}})
    async def listed_sources(
        request: Request, _principal: Viewer, limit: Limit = 50, cursor: Cursor = None
    ) -> Response:
        """Who sends here: when last, how often at this hour, and whether its silence is unusual."""
        database = intake_of(request).database

        async def present(rows: Sequence[RhythmColumns]) -> Iterable[Any]:
            async with database.pool.acquire(timeout=5) as connection:
                found = await connection.fetch(_REFUSED, [row.source for row in rows], COUNTED)
            refused = {row["source"]: row["refused"] for row in found}
            return [_item(row, refused.get(row.source, 0)) for row in rows]

        found = await listed(database, select(table), ((table.source, str),), cursor, limit, present)
        return shown(found.document(), link_header(request, found.next))

    return router


def _item(row: RhythmColumns, refused: int) -> dict[str, Any]:
    found, now = book.of_row(row), SystemClock().now()
    stale = rhythm.silent(found, now)
    state: Literal["learning", "heard", "stale"] = "stale" if stale else "heard"
    return SourceItem(
        source=row.source,
        state="learning" if rhythm.limit(found) is None else state,
        first_event_at=found.since,
        last_event_at=found.last,
        silent_since=found.last if stale else None,
        usual_minutes=rhythm.usual(found, now),
        refused=refused,
    ).model_dump()


_REFUSED: Final = """
SELECT name AS source, (SELECT count(*) FROM (
  SELECT FROM rejected WHERE rejected.source = name AND mended_at IS NULL LIMIT $2) AS counted) AS refused
FROM unnest($1::text[]) AS name"""
