"""Endpoints for machines in every process: liveness, readiness, metrics, and the meaning of a problem code."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

import msgspec
from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import Response

from candor.ops import metrics
from candor.ops.edge_settings import Networks
from candor.ops.health import Health
from candor.web.http.codes import CODES
from candor.web.http.forwarded import PROXIED
from candor.web.http.problems import Problem

UNTOLD: Final = "the reason is in the log"


def router(health: Health, scrapers: Sequence[str], key: Callable[[Request], Awaitable[object]]) -> APIRouter:
    """Return routes `/livez` (checks nothing), `/readyz` (names what is wrong), `/metrics` and `/problems/{code}`.

    `/readyz` is 503 with `wrong` if the process cannot do its job, 200 with `degraded` if it still can for now; the
    reasons, which may name files and addresses, are for those who ask from near, as `/metrics` is. `key` lets others
    in to `/metrics`, or refuses them.
    """
    near = Networks(scrapers)

    def asks_from_near(request: Request) -> bool:
        return not request.scope.get(PROXIED) and request.client is not None and request.client.host in near

    def told(request: Request, found: Mapping[str, str]) -> dict[str, str]:
        return dict(found) if asks_from_near(request) else dict.fromkeys(found, UNTOLD)

    routes = APIRouter(include_in_schema=False)

    @routes.get("/livez")
    async def livez() -> Response:
        return Response(b'{"status":"alive"}', media_type="application/json")

    @routes.get("/readyz")
    async def readyz(request: Request) -> Response:
        wrong = await health.problems()
        degraded = told(request, health.degraded)
        if wrong:
            more = {"degraded": degraded} if degraded else {}
            raise Problem.unavailable("not_ready", extensions={"wrong": told(request, wrong), **more})
        if degraded:
            content = msgspec.json.encode({"status": "ready", "degraded": degraded})
            return Response(content, media_type="application/json")
        return Response(b'{"status":"ready"}', media_type="application/json")

    @routes.get("/metrics")
    async def exposition(request: Request) -> Response:
        if not asks_from_near(request):
            await key(request)
        # Asked here as well: otherwise `candor_ready` would be as old as the last probe, if there are probes at all.
        await health.problems()
        return Response(generate_latest(metrics.REGISTRY), media_type=CONTENT_TYPE_LATEST)

    @routes.get("/problems/{code}")
    async def problem(code: str) -> Response:
        if code not in CODES:
            raise Problem.not_found("no such problem code")
        kind = CODES[code]
        content = msgspec.json.encode({"code": code, "status": kind.status, "title": kind.title})
        return Response(content, media_type="application/json")

    return routes
