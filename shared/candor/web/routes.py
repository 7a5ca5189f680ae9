"""Every route of an app and who may call it; each service's test uses this so that no route is open by mistake."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts

from candor.web.security.auth import Guard, Role
from candor.web.security.webhooks import SignatureGuard

PUBLIC: Final = frozenset({"/livez", "/readyz", "/metrics", "/openapi.json", "/docs", "/problems/{code}"})
"""Paths open to anybody who reaches the port; they reveal nothing about customers or promises."""


class Access(NamedTuple):
    """One method and path with the role or signature it requires; with neither it is open to everybody.

    `parsed_by_framework`: the route declares a body parameter, which would bypass our strict parser.
    """

    method: str
    path: str
    role: Role | None
    signed: bool
    parsed_by_framework: bool

    @property
    def open(self) -> bool:
        return self.role is None and not self.signed


def accesses(app: FastAPI) -> list[Access]:
    """Return all routes in path order; a mounted app counts as one route with the method `*`."""
    found: list[Access] = []
    for route in iter_route_contexts(app.routes):
        dependant: Dependant | None = getattr(route, "dependant", None)
        guards = list(calls(dependant)) if dependant else []
        roles = [guard.role for guard in guards if isinstance(guard, Guard)]
        signed = any(isinstance(guard, SignatureGuard) for guard in guards)
        body = dependant is not None and any(True for _ in _body_params(dependant))
        role = max(roles, default=None)
        found.extend(Access(method, route.path or "", role, signed, body) for method in route.methods or {"*"})
    return sorted(found, key=lambda access: (access.path, access.method))


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
