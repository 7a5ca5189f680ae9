"""Every route of an app and who may call it; each service's test uses this so that no route is open by mistake."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import RouteContext, iter_route_contexts
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount, WebSocketRoute

from candor.web.security.auth import Guard, Role
from candor.web.security.webhooks import SignatureGuard

PUBLIC: Final = frozenset(
    {"/livez", "/readyz", "/metrics", "/openapi.json", "/docs", "/problems/{code}", "/answers/{token}"}
    | {"/p/{token}", "/p/{token}/stop", "/p/{token}/resume", "/p/{token}/owner", "/v1/callbacks/sms/{token}"}
    | {"/v1/callbacks/mail"}
    | {"/p/{token}/stop/{purpose}", "/p/{token}/resume/{purpose}"}
)
"""Paths open to anybody who reaches the port; they reveal nothing about customers or promises."""


OPAQUE: Final = "*"
"""In place of a method: whatever a mounted app answers that does not tell its routes."""
SOCKET: Final = "WS"
"""In place of a method: a WebSocket."""


class Access(NamedTuple):
    """One method and path with the role, signature or session it requires; with none it is open to everybody.

    `parsed_by_framework`: the route declares a body parameter, which would bypass our strict parser.
    """

    method: str
    path: str
    role: Role | None
    signed: bool
    parsed_by_framework: bool
    session: bool = False

    @property
    def open(self) -> bool:
        return self.role is None and not self.signed and not self.session


def accesses(app: Starlette) -> list[Access]:
    """Return all routes in path order, those of mounted apps too."""
    return sorted(_within(app.routes, "", session=False), key=lambda access: (access.path, access.method))


def _within(routes: Sequence[BaseRoute], prefix: str, *, session: bool) -> Iterator[Access]:
    for route in iter_route_contexts(routes):
        mounted = route.original_route
        if isinstance(mounted, Mount):
            yield from _mounted(mounted, prefix, session=session)
        else:
            yield from _accesses(route, prefix, session=session)


def _mounted(mount: Mount, prefix: str, *, session: bool) -> Iterator[Access]:
    path, app = prefix + mount.path, mount.app
    if isinstance(app, Starlette):
        # A middleware says so of itself: which class it is, this library does not know.
        guarded = any(getattr(one.cls, "requires_session", False) for one in app.user_middleware)
        yield from _within(app.routes, path, session=session or guarded)
    elif mount.routes:
        yield from _within(mount.routes, path, session=session)
    else:
        yield Access(OPAQUE, f"{path}/{{path}}", None, signed=False, parsed_by_framework=False, session=session)


def _accesses(route: RouteContext, prefix: str, *, session: bool) -> Iterator[Access]:
    dependant: Dependant | None = getattr(route, "dependant", None)
    guards = list(calls(dependant)) if dependant else []
    role = max((guard.role for guard in guards if isinstance(guard, Guard)), default=None)
    signed = any(isinstance(guard, SignatureGuard) for guard in guards)
    body = dependant is not None and any(True for _ in _body_params(dependant))
    socket = isinstance(route.original_route, WebSocketRoute)
    for method in {SOCKET} if socket else route.methods or {OPAQUE}:
        yield Access(method, prefix + (route.path or ""), role, signed, body, session)


def methods(app: FastAPI, path: str) -> set[str]:
    """Return the methods of all routes at a path; the framework reports those of one route only."""
    found: set[str] = set()
    for route in iter_route_contexts(app.routes):
        pattern = getattr(route, "path_regex", None)
        if pattern is not None and pattern.match(path):
            found |= route.methods or set()
    return found


def left_open(app: FastAPI, public: frozenset[str] = PUBLIC) -> list[Access]:
    """Return routes that are neither guarded nor on the public list, or that let the framework parse their body."""
    return [one for one in accesses(app) if (one.open and one.path not in public) or one.parsed_by_framework]


def calls(dependant: Dependant) -> Iterator[object]:
    """Yield what is called before a route, at any depth, including guards."""
    for child in dependant.dependencies:
        yield child.call
        yield from calls(child)


def _body_params(dependant: Dependant) -> Iterator[object]:
    yield from dependant.body_params
    for child in dependant.dependencies:
        yield from _body_params(child)
