"""Read routes of incidents and of what they hit."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, cast

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from candor.web.http.answers import shown
from candor.web.http.csv_page import csv_page
from candor.web.http.fields import PathId
from candor.web.http.pages import decode_cursor, encode_cursor, link_header
from candor.web.http.problems import Problem
from candor.web.security.auth import Viewer
from risk_svc.insight import incident_lists, incidents
from risk_svc.web.api import incident_csv, incident_responses, insight_requests, insight_responses
from risk_svc.web.api.insight_examples import answers
from risk_svc.web.api.responses import IncidentOut
from risk_svc.web.api.routes.gaps import database

router: Final = APIRouter(tags=["insight"])


@router.get("/v1/incidents", responses=answers(incident_responses.IncidentPage))
async def incident_list(
    request: Request, _principal: Viewer, asked: Annotated[insight_requests.IncidentQuery, Query()]
) -> Response:
    """Incidents, open ones first, then the latest ended, each with what it hits; those that hit nothing too."""
    after = cast(incident_lists.After | None, decode_cursor(asked.cursor, int, datetime, str))
    async with database(request).reading() as session:
        found, number = await incident_lists.incidents(session, asked.wanted(), asked.limit + 1, after)
    items = found[: asked.limit]
    more = encode_cursor(*incident_lists.rank(items[-1])) if len(found) > asked.limit else None
    if asked.format == "csv":
        return csv_page(request, incident_lists.ITEM, incident_csv.rows(items), more)
    return shown({"items": items, **number._asdict()}, link_header(request, more))


@router.get("/v1/incidents/{incident_id}/promises", responses=answers(insight_responses.IncidentPromises))
async def incident_promises(
    request: Request, incident_id: PathId, _principal: Viewer, asked: Annotated[insight_requests.HitQuery, Query()]
) -> Response:
    """Open promises that an incident hits, largest gap or value first, with the customers and the value it hits."""
    after = decode_cursor(asked.cursor, float, str, float, str)
    wanted = incidents.HitFilter(asked.customer, asked.kind, asked.min_score)
    async with database(request).reading() as session:
        incident = await incidents.find(session, incident_id)
        if incident is None:
            raise Problem.not_found("there is no such incident")
        found = await incidents.hits(session, incident, wanted, asked.sort, after, asked.limit + 1)
    items = found.items[: asked.limit]
    more = encode_cursor(*incidents.rank(items[-1])) if len(found.items) > asked.limit else None
    if asked.format == "csv":
        return csv_page(request, incidents.ITEM, items, more)
    document: dict[str, Any] = {
        "incident": IncidentOut.model_validate(incident).model_dump(mode="json"),
        "customers": found.customers,
        "values": found.values,
        "items": [{name: item[name] for name in incidents.ITEM} for item in items],
        **found.number._asdict(),
    }
    return shown(document, link_header(request, more))
