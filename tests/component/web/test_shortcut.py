"""The short way to busy routes: which routes have one, and that no answer differs from the long way's."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI
from starlette.requests import Request
from starlette.responses import Response

from candor.ops import metrics
from candor.ops.settings import Settings
from candor.web.app import create_app
from candor.web.security.auth import Principal, Role, require
from candor.web.security.signatures import signed_headers
from candor.web.security.webhooks import Signed
from candor.web.shortcut import ways
from tests.component.web.sample import SECRET, bearer, sample_app, serving, write_files

THING = b'{"id":"t-1","due":"2013-03-08T12:00:00Z"}'
JSON = {"Content-Type": "application/json"}
TRACE = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"}
operator = require(Role.OPERATOR)
Operator = Annotated[Principal, Depends(operator)]


def never_used() -> None:
    """An override of nothing, which makes an app go the long way."""


@asynccontextmanager
async def both(folder: Path) -> AsyncIterator[tuple[httpx.AsyncClient, httpx.AsyncClient]]:
    """Clients of two equal apps; the second one goes the long way only."""
    async with AsyncExitStack() as opened:
        clients = []
        for name in ("short", "long"):
            app = sample_app(folder)
            if name == "long":
                app.dependency_overrides[never_used] = never_used
            port = await opened.enter_async_context(serving(app))
            base = f"http://127.0.0.1:{port}"
            clients.append(await opened.enter_async_context(httpx.AsyncClient(base_url=base, timeout=10)))
        yield clients[0], clients[1]


def signed(raw: bytes, secret: str = SECRET) -> dict[str, str]:
    return JSON | signed_headers(secret, "evt-1", datetime.now(UTC), raw)


OTHER_SECRET = "whsec_" + "QUJD" * 8
CASES: dict[str, tuple[str, str, dict[str, str], bytes]] = {
    "made": ("POST", "/v1/things", JSON | bearer("operator"), THING),
    "query ignored": ("POST", "/v1/things?limit=x", JSON | bearer("operator"), THING),
    "no key": ("POST", "/v1/things", JSON, THING),
    "wrong key": ("POST", "/v1/things", JSON | {"Authorization": "Bearer nope"}, THING),
    "role too low": ("POST", "/v1/things", JSON | bearer("viewer"), THING),
    "not JSON": ("POST", "/v1/things", JSON | bearer("operator"), b"{"),
    "not the model": ("POST", "/v1/things", JSON | bearer("operator"), b'{"id":"a b"}'),
    "wrong type": ("POST", "/v1/things", bearer("operator") | {"Content-Type": "text/plain"}, THING),
    "too large": ("POST", "/v1/things", JSON | bearer("operator"), b"x" * 300_000),
    "wrong method": ("PUT", "/v1/things", JSON | bearer("operator"), THING),
    "trailing slash": ("POST", "/v1/things/", JSON | bearer("operator"), THING),
    "with parameters": ("GET", "/v1/things?limit=3", bearer("viewer"), b""),
    "bad parameter": ("GET", "/v1/things?limit=x", bearer("viewer"), b""),
    "webhook": ("POST", "/v1/webhooks/crm", signed(b"{}"), b"{}"),
    "webhook, escaped": ("POST", "/v1/webhooks/%63rm", signed(b"{}"), b"{}"),
    "webhook, wrong secret": ("POST", "/v1/webhooks/crm", signed(b"{}", OTHER_SECRET), b"{}"),
    "webhook, unknown source": ("POST", "/v1/webhooks/erp", signed(b"{}"), b"{}"),
    "webhook, the template itself": ("POST", "/v1/webhooks/{sender}", signed(b"{}"), b"{}"),
    "webhook, longest source": ("POST", f"/v1/webhooks/{'s' * 64}", signed(b"{}"), b"{}"),
    "webhook, source too long": ("POST", f"/v1/webhooks/{'s' * 65}", signed(b"{}"), b"{}"),
    "webhook, no source": ("POST", "/v1/webhooks/", signed(b"{}"), b"{}"),
    "webhook, deeper": ("POST", "/v1/webhooks/crm/x", signed(b"{}"), b"{}"),
    "webhook, escaped slash": ("POST", "/v1/webhooks/crm%2Fx", signed(b"{}"), b"{}"),
    "webhook, get": ("GET", "/v1/webhooks/crm", {}, b""),
    "guard of the router": ("GET", "/faulty/store", bearer("viewer"), b""),
    "guard of the router, no key": ("GET", "/faulty/store", {}, b""),
    "timeout of its own": ("GET", "/faulty/timeout", bearer("viewer"), b""),
    "stream": ("GET", "/faulty/stream", bearer("viewer"), b""),
    "unknown": ("POST", "/v1/nothing", JSON | bearer("operator"), THING),
    "probe": ("GET", "/livez", {}, b""),
}


@pytest.mark.parametrize("case", CASES)
async def test_answers_are_those_of_the_long_way(case: str, tmp_path: Path) -> None:
    method, path, headers, body = CASES[case]
    answers = []
    async with both(tmp_path) as clients:
        for client in clients:
            answer = await client.request(method, path, headers=headers | TRACE, content=body)
            shown = {name: value for name, value in answer.headers.items() if name != "date"}
            answers.append((answer.status_code, shown, plain(answer)))
    assert answers[0] == answers[1]


def plain(answer: httpx.Response) -> bytes:
    """The body without what is random in it: the reference of an error, the span that we begin."""
    found = answer.json() if "json" in answer.headers.get("content-type", "") else None
    if isinstance(found, dict) and "reference" in found:
        return answer.content.replace(found["reference"].encode(), b"")
    if isinstance(found, dict) and "traceparent" in found:
        return answer.content.replace(found["traceparent"][36:52].encode(), b"")
    return answer.content


async def test_the_metric_names_the_template(tmp_path: Path) -> None:
    def count() -> float:
        labels = {"method": "POST", "route": "/v1/webhooks/{sender}", "status": "202"}
        return metrics.REGISTRY.get_sample_value("candor_http_requests_total", labels) or 0.0

    before = count()
    async with both(tmp_path) as clients:
        for client in clients:
            await client.post("/v1/webhooks/crm", headers=signed(b"{}"), content=b"{}")
    assert count() == before + 2


def app_of(folder: Path, routes: APIRouter) -> FastAPI:
    settings = Settings(service="sample-svc", port=1, **write_files(folder))
    return create_app("Sample", settings, None, [routes])


def test_only_what_needs_nothing_but_guards_has_a_short_way(tmp_path: Path) -> None:
    found = {(method, path, source) for method, path, source in ways(sample_app(tmp_path)) if "/v1" in path}
    assert found == {("POST", "/v1/things", False), ("POST", "/v1/imports", False), ("POST", "/v1/webhooks", True)}


def test_what_the_framework_must_read_or_make_has_none(tmp_path: Path) -> None:
    routes = APIRouter()

    @routes.get("/query")
    async def query(_who: Operator, limit: int = 1) -> Response:
        return Response(str(limit))

    @routes.get("/model")
    async def model(_who: Operator) -> dict[str, int]:
        return {"a": 1}

    @routes.get("/blocking")
    def blocking(_who: Operator) -> Response:
        return Response()

    @routes.get("/in/{place}")
    async def place(place: str, _who: Operator) -> Response:
        return Response(place)

    @routes.post("/signed/{sender}/more")
    async def more(hook: Signed) -> Response:
        return Response(hook.raw)

    @routes.get("/twice", dependencies=[Depends(operator)])
    async def twice(_request: Request, _who: Operator) -> Response:
        return Response()

    @routes.get("/else")
    async def other(_who: Annotated[int, Depends(lambda: 1)]) -> Response:
        return Response()

    paths = {path for _, path, _ in ways(app_of(tmp_path, routes))}
    assert not paths & {"/query", "/model", "/blocking", "/in/{place}", "/signed/{sender}/more", "/twice", "/else"}


def test_a_route_behind_another_that_takes_its_path_has_none(tmp_path: Path) -> None:
    routes = APIRouter()

    @routes.get("/things/{name}")
    async def named(name: str, _who: Operator) -> Response:
        return Response(name)

    @routes.get("/things/all")
    async def everything(_who: Operator) -> Response:
        return Response()

    @routes.post("/things/all")
    async def posted(_who: Operator) -> Response:
        return Response()

    found = ways(app_of(tmp_path, routes))
    assert ("GET", "/things/all", False) not in found
    assert ("POST", "/things/all", False) in found


def test_nothing_behind_a_mount_has_one(tmp_path: Path) -> None:
    app = app_of(tmp_path, APIRouter())
    app.mount("/", FastAPI())

    async def behind(_who: Operator) -> Response:
        return Response()

    app.add_api_route("/behind", behind)
    assert not [path for _, path, _ in ways(app) if path == "/behind"]
