"""The weekly brief, as JSON and as Markdown."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from candor.web.http.answers import shown
from candor.web.http.problems import Problem
from candor.web.http.public import Public
from candor.web.security.auth import Viewer
from risk_svc.insight import brief, brief_reading
from risk_svc.web.api.insight_requests import BriefQuery
from risk_svc.web.api.insight_responses import BriefOut
from risk_svc.web.api.routes.gaps import database

EXAMPLE: Final = {
    "made_at": "2026-03-01T07:30:12Z",
    "sections": [
        {
            "title": "Largest gaps",
            "sentences": [
                {
                    "text": "acme has a gap of 62 of 100 over 14 open promises. Its widest is PR-1001.",
                    "evidence": "/board/promises/PR-1001",
                }
            ],
        }
    ],
}
_CONTENT: Final = {
    "application/json": {"example": EXAMPLE},
    "text/markdown": {"schema": {"type": "string"}},
}
ANSWERS: Final[dict[int | str, dict[str, Any]]] = {200: {"model": BriefOut, "content": _CONTENT}}
router: Final = APIRouter(tags=["brief"])


@router.get("/v1/brief", responses=ANSWERS)
async def weekly(request: Request, _principal: Viewer, asked: Annotated[BriefQuery, Query()]) -> Response:
    """What heads of functions have to know: gaps, what to align, money at risk, what went well; each with evidence."""
    known, made_at = await brief_reading.known(database(request), request.app.state.clock.now(), asked.department)
    # Before figures were worked out nothing says which departments there are.
    if (
        asked.department
        and made_at
        and not await brief_reading.is_department(database(request), known, asked.department)
    ):
        raise Problem.not_found("there is no such department")
    sections = brief.brief(known)
    base = base_of(request.app.state.settings.public_url)
    if asked.format == "markdown":
        # What is read elsewhere opens only by a whole address: where nobody said it, by the one that was asked.
        base = base or f"{request.scope['scheme']}://{request.headers.get('host', '')}{request.scope['root_path']}"
        return Response(
            brief.markdown(sections, base, made_at, asked.department), media_type="text/markdown; charset=utf-8"
        )
    document = [
        {"title": one.title, "sentences": [{"text": said.text, "evidence": base + said.path} for said in one.sentences]}
        for one in sections
    ]
    return shown({"made_at": made_at, "sections": document})


def base_of(public_url: str) -> str:
    """What stands before a path of ours outside; "" where nobody said it."""
    public = Public.of(public_url)
    return public.origin + public.prefix
