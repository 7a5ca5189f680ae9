"""Wraps every request: trace, log line, metrics, safe headers, and an answer whatever goes wrong."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Final

import structlog
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from candor.ops import tracing
from candor.store.errors import StoreUnavailable
from candor.web import metrics
from candor.web.http.edge import SAFE
from candor.web.http.problems import Problem, forget_way

POLICY: Final = b"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
BOARD_POLICY: Final = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
"""For NiceGUI pages only: its script needs eval. They never show customers' text as HTML and have no other scripts."""
QUIET: Final = frozenset({"/livez", "/readyz", "/metrics"})
log = structlog.get_logger("candor.http")


class ObservedMiddleware:
    """The outermost of our middleware. Labels are the route's template, so that ids do not become metric series."""

    def __init__(
        self,
        app: ASGIApp,
        policies: Mapping[str, str] | None = None,
        headers: Sequence[tuple[bytes, bytes]] = SAFE,
    ) -> None:
        self.app = app
        self._headers = headers
        self._policies = {prefix: policy.encode() for prefix, policy in (policies or {}).items()}
        self._series: dict[tuple[str, str, int], tuple[Any, Any]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = self._safe(scope["path"], message["headers"])
            await send(message)

        metrics.REQUESTS_RUNNING.inc()
        with tracing.request_span(_traceparent(scope)) as span:
            try:
                await self.app(scope, receive, sending)
            except Exception as error:
                problem = as_problem(error, scope)
                # A partial answer cannot be turned into a problem: the cut connection tells the client.
                if status:
                    raise
                forget_way(error)
                await problem(scope, receive, sending)
            finally:
                metrics.REQUESTS_RUNNING.dec()
                self._note(scope, status, time.perf_counter() - began)
                if span is not None:
                    span.update_name(f"{scope['method']} {route_of(scope)}")
                    span.set_attributes({"http.request.method": scope["method"], "http.response.status_code": status})

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        method, route = scope["method"], route_of(scope)
        method = method if method in METHODS else "OTHER"
        series = self._series.get((method, route, status))
        if series is None:
            series = (
                metrics.REQUESTS.labels(method, route, str(status)),
                metrics.REQUEST_SECONDS.labels(method, route),
            )
            self._series[method, route, status] = series
        series[0].inc()
        series[1].observe(seconds)
        if route in QUIET:
            return
        caller = scope.get("state", {}).get("caller", "")
        log.info("request", method=method, route=route, status=status, ms=round(seconds * 1000, 2), caller=caller)

    def _safe(self, path: str, headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        present = {name for name, _ in headers}
        policy = next((text for prefix, text in self._policies.items() if path.startswith(prefix)), POLICY)
        missing = [pair for pair in (*self._headers, (b"content-security-policy", policy)) if pair[0] not in present]
        return [*headers, *missing]


METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def as_problem(error: Exception, scope: Scope) -> Problem:
    """Return the problem for an exception; an unexpected one is logged under a reference that the client gets."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, StoreUnavailable):
        log.warning("database unavailable, answered 503", reason=error.detail, route=route_of(scope))
        return Problem.unavailable(retry_after=max(1, round(error.retry_after)))
    if isinstance(error, ClientDisconnect):
        return Problem("bad_request", "the connection ended within the body", headers={"Connection": "close"})
    reference = uuid.uuid4().hex[:12]
    log.error("request failed, answered 500", reference=reference, route=route_of(scope), exc_info=error)
    return Problem("internal", f"reference {reference}", extensions={"reference": reference})


def route_of(scope: Scope) -> str:
    """Return the template of the route that served a request, such as `/v1/promises/{promise_id}`."""
    path = getattr(scope.get("route"), "path", None)
    return path if isinstance(path, str) and path else "unmatched"


def _traceparent(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == b"traceparent":
            text: str = value.decode("latin-1")
            return text
    return None
