"""The app factory: what every Candor process answers, around the routes that a service adds."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from typing import Any, Final

import msgspec
from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from candor import __version__
from candor.ops import metrics
from candor.ops.settings import Settings
from candor.web import openapi
from candor.web.auth import parse_keys
from candor.web.backgrounds import Background, Supervisor
from candor.web.codes import CODES, code_of
from candor.web.health import Check, Health
from candor.web.limits import Limits, LimitsMiddleware
from candor.web.observed import ObservedMiddleware
from candor.web.problems import FieldError, Problem, pointer
from candor.web.rates import Rates
from candor.web.secret_files import SecretFile
from candor.web.webhooks import parse_secrets

Parts = Callable[[FastAPI], AbstractAsyncContextManager[Sequence[Background]]]
PUBLIC: Final = ("/livez", "/readyz", "/metrics", "/openapi.json", "/docs", "/problems/{code}")


def create_app(
    title: str,
    settings: Settings,
    parts: Parts | None = None,
    routers: Sequence[APIRouter] = (),
    checks: Mapping[str, Check] | None = None,
    bodies: Mapping[str, int] | None = None,
) -> FastAPI:
    """An app with `/livez`, `/readyz`, `/metrics`, `/openapi.json`, `/docs` and the given routes.

    `parts` opens what the service needs (puts it on `app.state`), yields the backgrounds to run, and closes it again;
    `checks` are asked by `/readyz`; `bodies` raises the body limit of single paths (bytes). Raises ValueError where a
    keys or secrets file is wrong.
    """
    health = Health(checks or {})
    supervisor = Supervisor(health)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with parts(app) if parts else nullcontext(()) as backgrounds:
            supervisor.start(backgrounds)
            health.started = True
            try:
                yield
            finally:
                health.draining = True
                await supervisor.stop()

    docs = settings.docs and bool(routers)
    app = FastAPI(
        title=title,
        version=__version__,
        lifespan=lifespan,
        docs_url="/docs" if docs else None,
        redoc_url=None,
        openapi_url="/openapi.json" if docs else None,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.settings = settings
    app.state.service = settings.service
    app.state.health = health
    app.state.supervisor = supervisor
    app.state.rates = Rates(settings.rate_limit)
    app.state.keys = SecretFile(settings.api_keys_file, parse_keys) if settings.api_keys_file else None
    secrets = settings.webhook_secrets_file
    app.state.webhook_secrets = SecretFile(secrets, parse_secrets) if secrets else None
    metrics.INFO.labels(settings.service, __version__).set(1)
    limits = Limits(
        settings.trusted_hosts,
        bodies=bodies or {},
        body_seconds=settings.body_seconds,
        request_seconds=settings.request_seconds,
    )
    # The last one added is the outermost: it sees what the other refuses.
    app.add_middleware(LimitsMiddleware, limits=limits)
    app.add_middleware(ObservedMiddleware)
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(HTTPException, _http_exception)
    app.add_exception_handler(RequestValidationError, _invalid_request)
    app.include_router(_probes(health))
    for router in routers:
        app.include_router(router)
    openapi.install(app)
    return app


def _probes(health: Health) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/livez")
    async def livez() -> Response:
        return Response(b'{"status":"alive"}', media_type="application/json")

    @router.get("/readyz")
    async def readyz() -> Response:
        wrong = await health.problems()
        if wrong:
            raise Problem.unavailable("not_ready", extensions={"wrong": wrong})
        return Response(b'{"status":"ready"}', media_type="application/json")

    @router.get("/metrics")
    async def exposition() -> Response:
        return Response(generate_latest(metrics.REGISTRY), media_type=CONTENT_TYPE_LATEST)

    @router.get("/problems/{code}")
    async def problem(code: str) -> Response:
        if code not in CODES:
            raise Problem.not_found("no such problem code")
        kind = CODES[code]
        content = msgspec.json.encode({"code": code, "status": kind.status, "title": kind.title})
        return Response(content, media_type="application/json")

    return router


async def _problem(_request: Request, error: Exception) -> Response:
    if not isinstance(error, Problem):
        raise error
    return error.response()


async def _http_exception(_request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    return Problem(code_of(error.status_code), headers=error.headers).response()


async def _invalid_request(_request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    return Problem("invalid_field", errors=[_field_error(item) for item in error.errors()[:20]]).response()


def _field_error(item: dict[str, Any]) -> FieldError:
    place, *path = item["loc"]
    detail = str(item["msg"])[:200]
    if place == "body":
        return FieldError(detail, pointer=pointer(path)[:256])
    return FieldError(detail, parameter=".".join(str(part) for part in path))
