"""Refuses unknown or repeated query parameters: a misspelt filter would otherwise be ignored.

Applies to every route under /v1, so new routes are covered automatically; only requests with a query pay for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple
from urllib.parse import parse_qsl

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import RouteContext, iter_route_contexts
from pydantic.fields import FieldInfo
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from candor.web.http.problems import FieldError, Problem
from candor.web.routes import calls
from candor.web.security.auth import Guard
from candor.web.security.webhooks import SignatureGuard

PREFIX: Final = "/v1/"
"""Where the rule applies. Pages accept what sign-in providers and mail programs add to an address."""
UNKNOWN: Final = "is not a query parameter of this route"
MAX_ERRORS: Final = 20
LONGEST_NAME: Final = 64


class _QueryRoute(NamedTuple):
    """A route that a method and path lead to, and the query parameters that it reads."""

    context: RouteContext
    names: frozenset[str]


class ParametersMiddleware:
    """Wraps all routing; its table is built from the app's routes at the first request with a query."""

    def __init__(self, app: ASGIApp, owner: FastAPI) -> None:
        self.app = app
        self._owner = owner
        self._known: list[_QueryRoute] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["query_string"] or not scope["path"].startswith(PREFIX):
            await self.app(scope, receive, send)
            return
        if self._known is None:
            self._known = list(_routes(self._owner))
        found = next((one for one in self._known if _leads(one.context, scope)), None)
        problem = fault(scope["query_string"].decode("latin-1"), found.names) if found else None
        if found is None or problem is None:
            await self.app(scope, receive, send)
            return
        scope["route"] = found.context.original_route
        try:
            # A caller without access to the route learns only that.
            await _guarded(found.context, scope, receive)
        except Problem as refusal:
            problem = refusal
        await problem(scope, receive, send)


def fault(query: str, names: frozenset[str]) -> Problem | None:
    """Return what is wrong with the names of a query: first those not in `names`, then those that are repeated."""
    asked = [name for name, _ in parse_qsl(query, keep_blank_values=True)]
    unknown = [name for name in dict.fromkeys(asked) if name not in names]
    twice = [name for name in dict.fromkeys(asked) if name in names and asked.count(name) > 1]
    words = f"{UNKNOWN}; there are: {', '.join(sorted(names))}" if names else f"{UNKNOWN}; there are none"
    found = [FieldError(words, parameter=name[:LONGEST_NAME]) for name in unknown]
    found += [FieldError("may be given once", parameter=name) for name in twice]
    code = "unknown_parameter" if unknown else "repeated_parameter"
    return Problem(code, errors=found[:MAX_ERRORS]) if found else None


def parameters(dependant: Dependant) -> frozenset[str]:
    """Return the names of the query parameters that a route reads, at any depth, including those inside a model."""
    found: set[str] = set()
    for field in dependant.query_params:
        fields: dict[str, FieldInfo] | None = getattr(field.field_info.annotation, "model_fields", None)
        found |= {info.alias or name for name, info in fields.items()} if fields else {field.alias}
    return frozenset(found).union(*(parameters(child) for child in dependant.dependencies))


def _routes(app: FastAPI) -> Iterator[_QueryRoute]:
    for context in iter_route_contexts(app.routes):
        dependant: Dependant | None = getattr(context, "dependant", None)
        if dependant is None or not (context.path or "").startswith(PREFIX):
            continue
        # A sender's address may carry a query of its own; a genuine webhook that was refused for it would be lost.
        if not any(isinstance(guard, SignatureGuard) for guard in calls(dependant)):
            yield _QueryRoute(context, parameters(dependant))


def _leads(context: RouteContext, scope: Scope) -> bool:
    return scope["method"] in (context.methods or ()) and context.path_regex.match(scope["path"]) is not None


async def _guarded(context: RouteContext, scope: Scope, receive: Receive) -> None:
    """Raise the Problem of a caller without access."""
    found = context.path_regex.match(scope["path"])
    scope["path_params"] = found.groupdict() if found else {}
    request = Request(scope, receive)
    for guard in calls(context.dependant):
        if isinstance(guard, Guard):
            await guard(request)
