"""A fast path for routes that need only their guards from the framework, which includes all the busy ones.

FastAPI resolves a route's dependencies anew for every request, which costs more than the route itself. If all of them
are our guards, they are called directly here; every other route, and every refusal of the router itself (unknown path,
wrong method), takes the regular path. Answers, OpenAPI and the list of accesses are the same either way.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from inspect import iscoroutinefunction
from typing import Any, Final, NamedTuple

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import get_typed_return_annotation
from fastapi.routing import RouteContext, iter_route_contexts
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from candor.web.security.auth import Guard
from candor.web.security.webhooks import LONGEST_SENDER, SignatureGuard

_last: Final = re.compile(r"(.*)/\{(\w+)\}")
_parameter: Final = re.compile(r"\{\w+\}")


class _Step(NamedTuple):
    """A guard; `name` is the endpoint parameter that receives its result, None for a guard of the whole router."""

    guard: Callable[..., Awaitable[Any]]
    name: str | None
    signed: bool


class _Way(NamedTuple):
    route: BaseRoute
    endpoint: Callable[..., Awaitable[Response]]
    request: str | None
    steps: tuple[_Step, ...]
    parameter: str = ""


Ways = dict[tuple[str, str, bool], _Way]


class ShortcutMiddleware:
    """The innermost of our middleware; its table is built from the app's routes at the first request."""

    def __init__(self, app: ASGIApp, owner: FastAPI) -> None:
        self.app = app
        self._owner = owner
        self._ways: Ways | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or self._owner.dependency_overrides or scope.get("root_path"):
            await self.app(scope, receive, send)
            return
        if self._ways is None:
            self._ways = ways(self._owner)
        method, path = scope["method"], scope["path"]
        way, sender = self._ways.get((method, path, False)), ""
        if way is None:
            # The one parameter that the fast path allows is a last segment; an odd one is refused on the regular path.
            head, _, sender = path.rpartition("/")
            way = self._ways.get((method, head, True)) if 0 < len(sender) <= LONGEST_SENDER else None
        if way is None:
            await self.app(scope, receive, send)
            return
        scope["route"] = way.route
        scope["path_params"] = {way.parameter: sender} if sender else {}
        request = Request(scope, receive, send)
        values: dict[str, Any] = {way.request: request} if way.request else {}
        for step in way.steps:
            given = await (step.guard(request, sender) if step.signed else step.guard(request))
            if step.name:
                values[step.name] = given
        response = await way.endpoint(**values)
        await response(scope, receive, send)


def ways(app: FastAPI) -> Ways:
    """Map (method, path, whether a sender follows) to the shortcut, for every route that allows one."""
    found: Ways = {}
    before: list[RouteContext] = []
    for context in iter_route_contexts(app.routes):
        # A mounted app may take any path, so no route behind it may use the shortcut.
        if getattr(context, "path_regex", None) is None or not context.methods:
            break
        way = _way(context)
        if way is not None:
            for method in context.methods:
                if not any(_hides(other, method, context) for other in before):
                    template = _last.fullmatch(context.path or "")
                    found[method, template[1] if template else context.path or "", template is not None] = way
        before.append(context)
    return found


def _hides(other: RouteContext, method: str, context: RouteContext) -> bool:
    example = _parameter.sub("sender", context.path or "")
    return method in (other.methods or ()) and other.path_regex.match(example) is not None


def _way(context: RouteContext) -> _Way | None:
    dependant: Dependant | None = getattr(context, "dependant", None)
    if dependant is None or dependant.call is None or _asks(dependant) or dependant.path_params:
        return None
    if not iscoroutinefunction(dependant.call) or get_typed_return_annotation(dependant.call) is not Response:
        return None
    steps: list[_Step] = []
    for child in dependant.dependencies:
        guard = child.call
        plain, signed = isinstance(guard, Guard), isinstance(guard, SignatureGuard)
        if guard is None or not (plain or signed) or child.dependencies or _asks(child):
            return None
        # The framework calls a guard once even if it is named twice.
        if guard in [step.guard for step in steps]:
            return None
        steps.append(_Step(guard, child.name, signed))
    path = context.path or ""
    template = _last.fullmatch(path)
    if path.count("{") != any(step.signed for step in steps) or ("{" in path and template is None):
        return None
    parameter = template[2] if template else ""
    return _Way(context.original_route, dependant.call, dependant.request_param_name, tuple(steps), parameter)


def _asks(dependant: Dependant) -> bool:
    """Whether the framework must read something of the request, or pass in something of its own."""
    return bool(
        dependant.query_params
        or dependant.header_params
        or dependant.cookie_params
        or dependant.body_params
        or dependant.response_param_name
        or dependant.background_tasks_param_name
        or dependant.security_scopes_param_name
        or dependant.http_connection_param_name
        or dependant.websocket_param_name
    )
