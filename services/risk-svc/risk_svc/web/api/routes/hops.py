"""Read routes of where messages change on their way to the customer."""

from __future__ import annotations

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
from risk_svc.insight import paths
from risk_svc.insight.asking import Place
from risk_svc.insight.measures.distortion import Thresholds
from risk_svc.web.api import hop_presenters, hop_responses
from risk_svc.web.api.hop_examples import HOPS, PATH, STATEMENTS
from risk_svc.web.api.hop_requests import HopQuery, PathQuery
from risk_svc.web.api.insight_examples import answers
from risk_svc.web.api.insight_requests import PageQuery
from risk_svc.web.api.routes.figures import flat
from risk_svc.web.api.routes.gaps import database

router: Final = APIRouter(tags=["insight"])


@router.get("/v1/promises/{promise_id}/path", responses=answers(hop_responses.PathOut, PATH))
async def path(
    request: Request, promise_id: PathId, _principal: Viewer, asked: Annotated[PathQuery, Query()]
) -> Response:
    """How what the customer was told came about, hop by hop, with the drift of each slot."""
    async with database(request).reading() as session:
        found = await paths.of_promise(session, promise_id, _thresholds(request))
    if found is None:
        raise Problem.not_found("nothing is known of such a promise")
    if asked.format == "csv":
        return csv_page(request, paths.PASSED, hop_presenters.along(found), None)
    return shown(hop_presenters.path(promise_id, found))


@router.get("/v1/hops", responses=answers(hop_responses.HopPage, HOPS))
async def hops(request: Request, _principal: Viewer, asked: Annotated[HopQuery, Query()]) -> Response:
    """Kinds of hops: mean distortion and drift, and how dates swing; the largest mean distortion first."""
    after = decode_cursor(asked.cursor, float, str)
    async with database(request).reading() as session:
        found = await paths.records(session, asked.wanted())
    rest = [one for one in found.hops if after is None or paths.rank(one) < after]
    more = encode_cursor(*paths.rank(rest[asked.limit - 1])) if len(rest) > asked.limit else None
    items = [hop_presenters.record(one, _thresholds(request)) for one in rest[: asked.limit]]
    document = {
        "messages": found.number.total,
        "messages_exact": found.number.total_exact,
        "total": len(found.hops),
        "total_exact": True,
    }
    return _page(request, asked, items, more, document, [*hop_responses.HopOut.model_fields])


@router.get("/v1/hops/statements", responses=answers(hop_responses.PassedPage, STATEMENTS))
async def statements(request: Request, _principal: Viewer, asked: Annotated[HopQuery, Query()]) -> Response:
    """Statements that passed a message on, the largest distortion first."""
    place = Place(asked.limit + 1, decode_cursor(asked.cursor, float, str))
    async with database(request).reading() as session:
        found, number = await paths.statements(session, asked.wanted(), place, _thresholds(request))
    rows = found[: asked.limit]
    more = encode_cursor(rows[-1]["distortion"], rows[-1]["statement_id"]) if len(found) > asked.limit else None
    items = [hop_presenters.statement(row) for row in rows]
    return _page(request, asked, items, more, number._asdict(), paths.PASSED)


def _thresholds(request: Request) -> Thresholds:
    return cast(Thresholds, request.app.state.hop_thresholds)


def _page(
    request: Request,
    asked: PageQuery,
    items: list[dict[str, Any]],
    more: str | None,
    document: dict[str, Any],
    columns: Any,
) -> Response:
    if asked.format == "csv":
        rows = [flat(item) for item in items]
        return csv_page(request, [*rows[0]] if rows else columns, rows, more)
    return shown({**document, "items": items}, link_header(request, more))
