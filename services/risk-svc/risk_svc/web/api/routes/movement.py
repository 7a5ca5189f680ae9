"""Read route of what moved the score of a promise."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, cast

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from candor.ops.clock import Clock
from candor.web.http.answers import shown
from candor.web.http.csv_page import csv_page
from candor.web.http.fields import PathId
from candor.web.http.problems import Problem
from candor.web.security.auth import Viewer
from risk_svc.insight import scores
from risk_svc.insight.courses import Course
from risk_svc.insight.scores import Movement
from risk_svc.web.api import movement_responses as responses
from risk_svc.web.api.insight_examples import answers
from risk_svc.web.api.routes.gaps import database

router: Final = APIRouter(tags=["insight"])
USUAL: Final = timedelta(hours=24)
COLUMNS: Final = ("at", "score", "component", "points", "cause", "name", "event_id")
_MOVED: Final = {"component": "incidents", "points": -12.0}
_COURSE: Final[dict[str, Any]] = {
    **{"since": "2026-03-01T06:00:00Z", "whole": True, "score_before": 62.4, "change": -12.0, "parts": [_MOVED]},
    "moves": [
        {
            **{"at": "2026-03-01T11:20:05Z", "score": 50.4, "change": -12.0},
            "parts": [{**_MOVED, "cause": "incident_ended", "name": "outage", "event_id": "ops-311"}],
        }
    ],
}
EXAMPLE: Final[dict[str, Any]] = {
    **{"promise_id": "PR-1001", "customer_id": "acme", "standing": "open", "score": 50.4},
    **{"as_of": "2026-03-01T11:20:05Z", "course": _COURSE, "told": "warning", "told_at": "2026-03-01T07:30:00Z"},
    "course_since_told": _COURSE,
}


@router.get("/v1/gaps/{promise_id}/movement", responses=answers(responses.MovementOut, EXAMPLE))
async def movement(
    request: Request, promise_id: PathId, _principal: Viewer, asked: Annotated[responses.MovementQuery, Query()]
) -> Response:
    """Which component moved the score by how much since a time, and since the customer was told last, and why."""
    since = asked.since or cast(Clock, request.app.state.clock).now() - USUAL
    async with database(request).reading() as session:
        found = await scores.movement(session, promise_id, since.timestamp())
    if found is None:
        raise Problem.not_found("there is no such promise")
    if asked.format == "csv":
        return csv_page(request, COLUMNS, _rows(found.since), None)
    return shown(document(promise_id, found))


def document(promise_id: str, found: Movement) -> dict[str, Any]:
    """What moved a score as `MovementOut`."""
    return {
        "promise_id": promise_id,
        "customer_id": found.customer_id,
        "standing": found.standing,
        "score": round(found.score, 2),
        "as_of": _moment(found.as_of),
        "course": _course(found.since),
        "told": found.told,
        "told_at": _moment(found.told_at),
        "course_since_told": _course(found.since_told),
    }


def _course(found: Course | None) -> dict[str, Any] | None:
    if found is None:
        return None
    moves = [
        {
            "at": _moment(one.at),
            "score": round(one.score, 2),
            "change": round(one.change, 4),
            "parts": [
                {"component": part.component, "points": round(part.points, 4), **part.reason._asdict()}
                for part in one.parts
            ],
        }
        for one in reversed(found.moves)
    ]
    return {
        "since": _moment(found.begin),
        "whole": found.whole,
        "score_before": round(found.before, 2),
        "change": round(found.change, 4),
        "parts": [{"component": name, "points": round(points, 4)} for name, points in found.parts.items()],
        "moves": moves,
    }


def _rows(found: Course | None) -> list[dict[str, Any]]:
    return [
        {
            **{"at": _moment(one.at), "score": round(one.score, 2), "component": part.component},
            **{"points": round(part.points, 4), **part.reason._asdict()},
        }
        for one in reversed(found.moves if found else [])
        for part in one.parts
    ]


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
