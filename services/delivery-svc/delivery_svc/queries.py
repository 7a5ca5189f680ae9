"""HTTP out: what waits, what was passed on, incidents; through the session that cannot write."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Path, Query
from sqlmodel import col, select
from starlette.requests import Request
from starlette.responses import Response

from candor.intake.routes import Viewer, door, no_nul, shown
from candor.web.pages import Cursor, Limit, decode_cursor, encode_cursor, link_header
from candor.web.problems import Problem
from delivery_svc.shapes import IncidentOut, MilestonePage, ParkedPage
from delivery_svc.tables import IncidentRow, MilestoneRow, ParkedRow, SightingRow

WaitsFor = Annotated[Literal["awaiting_promise", "awaiting_reference", "ambiguous_reference"] | None, Query()]
Filter = Annotated[str | None, Query(pattern=r"^[A-Za-z0-9._:-]{1,128}$")]
Source = Annotated[str | None, Query(max_length=256)]
MOST_REPORTS: Final = 1000
router: Final = APIRouter(tags=["delivery"])


@router.get("/v1/parked", responses={200: {"model": ParkedPage}})
async def parked(
    request: Request,
    _principal: Viewer,
    limit: Limit = 50,
    cursor: Cursor = None,
    waits_for: WaitsFor = None,
    source: Source = None,
    system: Filter = None,
    promise_id: Filter = None,
) -> Response:
    """Reports that wait for their promise, oldest first."""
    no_nul(source=source)
    query = select(ParkedRow)
    for column, wanted in (
        (ParkedRow.waits_for, waits_for),
        (ParkedRow.source, source),
        (ParkedRow.system, system),
        (ParkedRow.promise_id, promise_id),
    ):
        if wanted is not None:
            query = query.where(col(column) == wanted)
    after = decode_cursor(cursor, int)
    if after is not None:
        query = query.where(col(ParkedRow.seq) > after[0])
    async with door(request).database.reading() as session:
        rows = (await session.exec(query.order_by(col(ParkedRow.seq)).limit(limit + 1))).all()
    following = encode_cursor(rows[limit - 1].seq) if len(rows) > limit else None
    return shown({"items": [_parked(row) for row in rows[:limit]]}, link_header(request, following))


@router.get("/v1/milestones", responses={200: {"model": MilestonePage}})
async def milestones(
    request: Request,
    _principal: Viewer,
    promise_id: Annotated[str, Query(pattern=r"^[A-Za-z0-9._:-]{1,128}$")],
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """One promise's milestones as they were passed on."""
    query = select(MilestoneRow).where(MilestoneRow.promise_id == promise_id)
    after = decode_cursor(cursor, int)
    if after is not None:
        query = query.where(col(MilestoneRow.version) > after[0])
    async with door(request).database.reading() as session:
        rows = (await session.exec(query.order_by(col(MilestoneRow.version)).limit(limit + 1))).all()
    following = encode_cursor(rows[limit - 1].version) if len(rows) > limit else None
    items = [row.model_dump() | {"delivered": _parts(row.delivered)} for row in rows[:limit]]
    return shown({"items": items}, link_header(request, following))


@router.get("/v1/incidents/{incident_id}", responses={200: {"model": IncidentOut}})
async def incident(
    request: Request, incident_id: Annotated[str, Path(pattern=r"^[A-Za-z0-9._:-]{1,128}$")], _principal: Viewer
) -> Response:
    """One incident as it stands, with the reports behind it (at most 1,000, newest arrivals last)."""
    reports = select(SightingRow).where(SightingRow.incident_id == incident_id).order_by(col(SightingRow.seq))
    async with door(request).database.reading() as session:
        row = await session.get(IncidentRow, incident_id)
        if row is None:
            raise Problem.not_found("there is no such incident")
        sightings = (await session.exec(reports.limit(MOST_REPORTS))).all()
    document = row.picture | {"version": row.version}
    document["affects"] = [{"kind": kind, "id": name} for kind, name in row.picture["affects"]]
    document["reports"] = [seen.model_dump(include={"status", "at", "source", "source_event"}) for seen in sightings]
    return shown(document, {"ETag": f'"{row.version}"'})


def _parked(row: ParkedRow) -> dict[str, Any]:
    hidden = {"seq", "system", "ref_id", "correction", "time", "traceparent"}
    reference = {"system": row.system, "id": row.ref_id} if row.system is not None else None
    return row.model_dump(exclude=hidden) | {"reference": reference, "delivered": _parts(row.delivered)}


def _parts(delivered: list[Any]) -> list[dict[str, Any]]:
    return [{"item": item, "share": share} for item, share in delivered]
