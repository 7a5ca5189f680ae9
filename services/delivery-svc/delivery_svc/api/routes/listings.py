"""Read routes: parked reports, milestones passed on, and incidents, through a read-only session."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query
from sqlmodel import col, select
from starlette.requests import Request
from starlette.responses import Response

from candor.intake.routes import intake_of, no_nul
from candor.web.http.answers import shown
from candor.web.http.fields import Id, IdFilter, OriginFilter, PathId
from candor.web.http.listings import counted, each, listed, matching
from candor.web.http.pages import Cursor, Limit, link_header
from candor.web.http.problems import Problem
from candor.web.security.auth import Viewer
from delivery_svc.api.presenters import waiting
from delivery_svc.api.responses import IncidentOut, IncidentPage, MilestonePage, ParkedPage
from delivery_svc.domain import ParkReason
from delivery_svc.store.tables import IncidentRow, MilestoneRow, ParkedRow, SightingRow

WaitsFor = Annotated[Literal["awaiting_promise", "awaiting_reference", "ambiguous_reference"] | None, Query()]
IncidentStatus = Annotated[Literal["opened", "changed", "resolved"] | None, Query()]
MAX_REPORTS: Final = 1000
router: Final = APIRouter(tags=["delivery"])


@router.get("/v1/parked", responses={200: {"model": ParkedPage}})
async def parked(
    request: Request,
    _principal: Viewer,
    limit: Limit = 50,
    cursor: Cursor = None,
    waits_for: WaitsFor = None,
    source: OriginFilter = None,
    system: IdFilter = None,
    promise_id: IdFilter = None,
) -> Response:
    """Parked reports that wait for their promise, oldest first."""
    no_nul(source=source)
    query = matching(
        select(ParkedRow),
        (ParkedRow.waits_for, waits_for),
        (ParkedRow.source, source),
        (ParkedRow.system, system),
        (ParkedRow.promise_id, promise_id),
    )
    found = await listed(intake_of(request).database, query, ((ParkedRow.seq, int),), cursor, limit, each(presented))
    return shown(found.document(), link_header(request, found.next))


@router.get("/v1/milestones", responses={200: {"model": MilestonePage}})
async def milestones(
    request: Request,
    _principal: Viewer,
    promise_id: Annotated[Id, Query()],
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """One promise's milestones as they were passed on."""
    query = select(MilestoneRow).where(MilestoneRow.promise_id == promise_id)
    order = ((MilestoneRow.version, int),)
    found = await listed(intake_of(request).database, query, order, cursor, limit, each(_milestone))
    return shown(found.document(), link_header(request, found.next))


@router.get("/v1/incidents", responses={200: {"model": IncidentPage}})
async def incidents(
    request: Request, _principal: Viewer, limit: Limit = 50, cursor: Cursor = None, status: IncidentStatus = None
) -> Response:
    """The current state of incidents, ordered by id."""
    query = matching(select(IncidentRow), (IncidentRow.status, status))
    order = ((IncidentRow.incident_id, str),)
    found = await listed(intake_of(request).database, query, order, cursor, limit, each(_incident))
    return shown(found.document(), link_header(request, found.next))


@router.get("/v1/incidents/{incident_id}", responses={200: {"model": IncidentOut}})
async def incident(request: Request, incident_id: PathId, _principal: Viewer) -> Response:
    """One incident's current state, its reports (the first 1,000, newest arrivals last) and their total number."""
    reports = select(SightingRow).where(SightingRow.incident_id == incident_id).order_by(col(SightingRow.seq))
    async with intake_of(request).database.reading() as session:
        row = await session.get(IncidentRow, incident_id)
        if row is None:
            raise Problem.not_found("there is no such incident")
        sightings = (await session.exec(reports.limit(MAX_REPORTS))).all()
        count = await counted(session, reports)
    document = _incident(row) | {"reports_total": count.total, "reports_total_exact": count.total_exact}
    document["reports"] = [seen.model_dump(include={"status", "at", "source", "source_event"}) for seen in sightings]
    return shown(document, {"ETag": f'"{row.version}"'})


def _milestone(row: MilestoneRow) -> dict[str, Any]:
    return row.model_dump() | {"delivered": _parts(row.delivered)}


def _incident(row: IncidentRow) -> dict[str, Any]:
    affects = [{"kind": kind, "id": name} for kind, name in row.picture["affects"]]
    # An incident stored before public titles existed has none.
    return {"public_title": None} | row.picture | {"version": row.version, "affects": affects}


def presented(row: ParkedRow) -> dict[str, Any]:
    """A parked report, as it is shown."""
    hidden = {"seq", "system", "ref_id", "correction", "time", "traceparent"}
    reference = {"system": row.system, "id": row.ref_id} if row.system is not None else None
    detail = waiting(ParkReason(row.waits_for), row.parked_id)
    return row.model_dump(exclude=hidden) | {
        "detail": detail,
        "reference": reference,
        "delivered": _parts(row.delivered),
    }


def _parts(delivered: list[Any]) -> list[dict[str, Any]]:
    return [{"item": item, "share": share} for item, share in delivered]
