"""Read routes about parked reports: what they may be about, and how many ended without their promise."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Query
from sqlmodel import col, select
from starlette.requests import Request
from starlette.responses import Response

from candor.intake.routes import intake_of, no_nul
from candor.web.http.answers import shown
from candor.web.http.csv_page import Format, csv_page
from candor.web.http.fields import IdFilter, OriginFilter, PathId
from candor.web.http.listings import counted, each, listed, matching
from candor.web.http.pages import Cursor, Limit, link_header
from candor.web.http.problems import Problem
from candor.web.security.auth import Viewer
from delivery_svc.api.responses import MatchItem, MatchPage, ParkedArchivePage, ParkedItem, SuggestionsOut
from delivery_svc.api.routes.listings import presented
from delivery_svc.domain.likeness import Suggestion, suggest
from delivery_svc.store import like_rows
from delivery_svc.store.tables import MatchRow, ParkedArchiveRow, ParkedRow

MOST_ALIKE: Final = 10_000
COLUMNS: Final = ("day", "source", "system", "reports")
Since = Annotated[date | None, Query(description="From this day on, such as 2026-11-30.")]
Until = Annotated[date | None, Query(description="Up to this day, such as 2026-11-30.")]
FormatParameter = Annotated[Format, Query(description="json, or csv for spreadsheets: the same page, as text/csv.")]
router: Final = APIRouter(tags=["delivery"])


@router.get("/v1/parked/archive", responses={200: {"model": ParkedArchivePage}})
async def archive(
    request: Request,
    _principal: Viewer,
    limit: Limit = 50,
    cursor: Cursor = None,
    source: OriginFilter = None,
    system: IdFilter = None,
    since: Since = None,
    until: Until = None,
    format: FormatParameter = "json",
) -> Response:
    """How many parked reports ended because their promise never came, by day, source and reference system."""
    no_nul(source=source)
    query = matching(select(ParkedArchiveRow), (ParkedArchiveRow.source, source), (ParkedArchiveRow.system, system))
    if since is not None:
        query = query.where(col(ParkedArchiveRow.day) >= since)
    if until is not None:
        query = query.where(col(ParkedArchiveRow.day) <= until)
    order = ((ParkedArchiveRow.day, date), (ParkedArchiveRow.source, str), (ParkedArchiveRow.system, str))
    found = await listed(intake_of(request).database, query, order, cursor, limit, each(_counted))
    if format == "csv":
        return csv_page(request, COLUMNS, map(_line, found.items), found.next)
    return shown(found.document(), link_header(request, found.next))


@router.get("/v1/matches", responses={200: {"model": MatchPage}})
async def matches(
    request: Request, _principal: Viewer, limit: Limit = 50, cursor: Cursor = None, promise_id: IdFilter = None
) -> Response:
    """Matches by hand that can be undone, the newest first; each for PARKED_KEPT_DAYS."""
    query = matching(select(MatchRow), (MatchRow.promise_id, promise_id))
    order = ((MatchRow.born, int),)
    found = await listed(intake_of(request).database, query, order, cursor, limit, each(_match), falling=True)
    return shown(found.document(), link_header(request, found.next))


@router.get("/v1/parked/{parked_id}", responses={200: {"model": ParkedItem}})
async def one_parked(request: Request, parked_id: PathId, _principal: Viewer) -> Response:
    """One parked report."""
    async with intake_of(request).database.reading() as session:
        row = await session.get(ParkedRow, parked_id)
    if row is None:
        raise Problem.not_found("nothing is parked under this id")
    return shown(presented(row))


@router.get("/v1/parked/{parked_id}/suggestions", responses={200: {"model": SuggestionsOut}})
async def suggestions(request: Request, parked_id: PathId, _principal: Viewer) -> Response:
    """Promises that a parked report may be about, the likeliest first: each with a score in [0, 1], and why."""
    async with intake_of(request).database.reading() as session:
        row = await session.get(ParkedRow, parked_id)
        if row is None:
            raise Problem.not_found("nothing is parked under this id")
        name = row.ref_id if row.ref_id is not None else row.promise_id or ""
        found = suggest(name, row.planned or row.at, await like_rows.near(session, name))
        same = matching(
            select(ParkedRow),
            *((ParkedRow.system, row.system), (ParkedRow.ref_id, row.ref_id), (ParkedRow.promise_id, row.promise_id)),
        )
        alike = await counted(session, same, MOST_ALIKE)
    document = {"parked_id": parked_id, "items": [_suggestion(one) for one in found]}
    return shown(document | {"alike": alike.total, "alike_exact": alike.total_exact})


def _match(row: MatchRow) -> dict[str, Any]:
    reference = None if row.system is None else {"system": row.system, "id": row.ref_id}
    return row.model_dump(include={*MatchItem.model_fields} - {"reference"}) | {"reference": reference}


def _suggestion(one: Suggestion) -> dict[str, Any]:
    return {**one.candidate._asdict(), "score": one.score, "why": one.why}


def _counted(row: ParkedArchiveRow) -> dict[str, Any]:
    return row.model_dump()


def _line(item: msgspec.Raw) -> dict[str, Any]:
    return msgspec.json.decode(item, type=dict[str, Any])
