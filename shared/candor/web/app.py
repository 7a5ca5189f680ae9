"""The app factory: what every Candor process serves, in addition to the routes of its service."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any, Final

import structlog
from fastapi import APIRouter, Depends, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from candor import __version__
from candor.ops import metrics
from candor.ops.backgrounds import Background, CannotStartError, Supervisor
from candor.ops.health import Check, Health
from candor.ops.host import HostWatch
from candor.ops.loop_lag import LoopLag
from candor.ops.secret_files import SecretFile, SecretFiles
from candor.ops.settings import Settings
from candor.store.db import Database
from candor.store.errors import StoreUnavailable
from candor.store.fitness import UnfitDatabaseError
from candor.web import openapi, routes
from candor.web.http import docs, probes
from candor.web.http.body import detail_of
from candor.web.http.codes import code_of
from candor.web.http.edge import EdgeMiddleware, safe_headers
from candor.web.http.forwarded import ForwardedMiddleware
from candor.web.http.head import HeadMiddleware
from candor.web.http.limits import Limits, LimitsMiddleware
from candor.web.http.observed import ObservedMiddleware
from candor.web.http.own_host import OwnHostMiddleware
from candor.web.http.problems import FieldError, Problem, pointer
from candor.web.http.rates import ADDRESS, BYTES, CUSTOMER, CUSTOMERS_REPORTED_FROM, Rates
from candor.web.http.running import Running
from candor.web.http.sharing import SharedRates
from candor.web.parameters import ParametersMiddleware
from candor.web.rated import RatedMiddleware
from candor.web.security.auth import Keys, Role, measured_keys, require
from candor.web.security.webhooks import NEUTRAL, Accepted, Senders, read_senders
from candor.web.shortcut import ShortcutMiddleware

EXPLAINED: Final = (CannotStartError, UnfitDatabaseError, StoreUnavailable)
"""Errors whose text says what mends them: a traceback would only hide it."""
log = structlog.get_logger("candor.runtime")
Parts = Callable[[FastAPI], AbstractAsyncContextManager[Sequence[Background]]]


def create_app(
    title: str,
    settings: Settings,
    parts: Parts | None = None,
    routers: Sequence[APIRouter] = (),
    checks: Mapping[str, Check] | None = None,
    bodies: Mapping[str, int] | None = None,
    policies: Mapping[str, str] | None = None,
    webhooks: Accepted = NEUTRAL,
) -> FastAPI:
    """Return an app with `/livez`, `/readyz`, `/metrics`, `/openapi.json`, `/docs` and the given routes.

    `parts` opens what the service needs (stores it on `app.state`), yields the backgrounds to run, and closes it again;
    `checks` are run by `/readyz`; `bodies` sets the body limit of individual paths (bytes); `policies` gives paths with
    a prefix a Content-Security-Policy other than "nothing at all"; `webhooks` are those that it takes.
    Raises ValueError if a file of keys or secrets is wrong.
    """
    app = FastAPI(
        title=title,
        version=__version__,
        lifespan=_lifespan(parts),
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.health = Health(checks or {})
    app.state.supervisor = Supervisor(app.state.health)
    _put_settings(app, settings, webhooks)
    _put_middleware(app, settings, bodies or {}, policies or {})
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(HTTPException, _http_exception)
    app.add_exception_handler(RequestValidationError, _invalid_request)
    # Routes are tried in this order, so the busy ones come first.
    for router in routers:
        app.include_router(router)
    app.include_router(probes.router(app.state.health, settings.metrics_allow_ips, require(Role.VIEWER)))
    if settings.reference != "off" and routers:
        openapi.install(app, settings.public_url)
        app.include_router(docs.router([Depends(require(Role.VIEWER))] if settings.reference == "key" else ()))
    return app


def shared_rates(app: FastAPI, database: Database) -> Background:
    """Return the background that shares an app's rate limits with the service's other processes."""
    return SharedRates(database, [app.state.rates, app.state.addresses, app.state.sizes, app.state.customers])


def _put_middleware(app: FastAPI, settings: Settings, bodies: Mapping[str, int], policies: Mapping[str, str]) -> None:
    limits = Limits(
        (*settings.trusted_hosts, *settings.own_host.names),
        bodies=bodies,
        body_seconds=settings.body_seconds,
        request_seconds=settings.request_seconds,
        max_running=settings.max_running,
    )
    # The middleware added last is the outermost: it sees what the others refuse.
    app.add_middleware(ShortcutMiddleware, owner=app)
    app.add_middleware(ParametersMiddleware, owner=app)
    app.add_middleware(OwnHostMiddleware, own=settings.own_host)
    app.add_middleware(RatedMiddleware, addresses=app.state.addresses, sizes=app.state.sizes, running=app.state.running)
    app.add_middleware(LimitsMiddleware, limits=limits)
    app.add_middleware(EdgeMiddleware, https=settings.https)
    app.add_middleware(ObservedMiddleware, policies=policies, headers=safe_headers(settings))
    app.add_middleware(HeadMiddleware)
    app.add_middleware(ForwardedMiddleware, settings=settings)


def _put_settings(app: FastAPI, settings: Settings, webhooks: Accepted) -> None:
    keys, secrets = settings.api_keys_file, settings.webhook_secrets_file

    def senders(raw: bytes) -> Senders:
        return read_senders(raw, webhooks.sources, settings.service, webhooks.events)

    def own_keys(raw: bytes) -> Keys:
        return measured_keys(raw, settings.service)

    app.state.settings = settings
    app.state.service = settings.service
    app.state.rates = Rates("caller", settings.rate_limit)
    app.state.addresses = Rates(ADDRESS, settings.address_rate_limit)
    app.state.sizes = Rates(BYTES, settings.byte_rate_limit)
    app.state.customers = Rates(CUSTOMER, settings.customer_rate_limit, reported_from=CUSTOMERS_REPORTED_FROM)
    app.state.running = Running(settings.max_running_per_caller)
    closes = settings.secrets_unreadable_seconds
    app.state.keys = (
        SecretFile(keys, own_keys, name="API_KEYS_FILE", closes=closes, partly=Keys.mistakes) if keys else None
    )
    app.state.webhook_secrets = (
        SecretFile(secrets, senders, name="WEBHOOK_SECRETS_FILE", closes=closes, partly=Senders.mistakes)
        if secrets
        else None
    )
    app.state.files = SecretFiles()
    app.state.files.watch(app.state.keys, app.state.webhook_secrets, *settings.kafka_secrets.files)
    webhooks.attach(app.state.files, app.state.webhook_secrets)
    app.state.health.add("secret files", app.state.files.check, needed=False)
    there = {kind for source in webhooks.sources.values() for kind in source.media_types}
    app.state.webhook_types = sorted(there | set(webhooks.media_types))
    metrics.INFO.labels(settings.service, __version__).set(1)


def _lifespan(parts: Parts | None) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        health: Health = app.state.health
        supervisor: Supervisor = app.state.supervisor
        async with AsyncExitStack() as opened:
            try:
                backgrounds = await opened.enter_async_context(parts(app)) if parts else ()
            except Exception as error:
                health.not_started = why_not_started(error)
                if not isinstance(error, EXPLAINED):
                    log.critical("a part of the process failed at its start", exc_info=error)
                raise
            supervisor.start([*backgrounds, LoopLag(), _host_watch(app)])
            health.started = True
            try:
                yield
            finally:
                health.draining = True
                await supervisor.stop()

    return lifespan


def why_not_started(error: Exception) -> str:
    """Why a process could not start, in words; the kind of an error is left out where its text says what mends it."""
    return str(error) if isinstance(error, EXPLAINED) else f"{type(error).__name__}: {error}"[:500]


def _host_watch(app: FastAPI) -> HostWatch:
    settings: Settings = app.state.settings
    return HostWatch(settings.disk_paths, settings.certificate_files, app.state.files)


async def _problem(_request: Request, error: Exception) -> Response:
    if not isinstance(error, Problem):
        raise error
    return error.response()


async def _http_exception(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    headers = dict(error.headers or {})
    if error.status_code == 405:
        headers["Allow"] = ", ".join(sorted(routes.methods(request.app, request.url.path)))
    return Problem(code_of(error.status_code), headers=headers).response()


async def _invalid_request(_request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    return Problem("invalid_field", errors=[_field_error(item) for item in error.errors()[:20]]).response()


def _field_error(item: dict[str, Any]) -> FieldError:
    place, *path = item["loc"]
    detail = detail_of(item)
    if place == "body":
        return FieldError(detail, pointer=pointer(path)[:256])
    return FieldError(detail, parameter=".".join(str(part) for part in path))
