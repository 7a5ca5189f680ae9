"""Who may call what: every route with the role below, changed keys, scopes, signatures, rates."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from candor.ops import metrics
from candor.ops.secret_files import SecretFile
from candor.web.routes import accesses, left_open
from candor.web.security.auth import Role, require
from candor.web.security.signatures import signed_headers
from tests.component.web.sample import KEYS, SECOND_SECRET, SECRET, ThingBody, bearer, sample_app, serving, write_files

BODY = {"id": "t-1", "due": "2013-03-08T12:00:00Z"}


@pytest.fixture(scope="module")
async def http(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[httpx.AsyncClient]:
    app = sample_app(tmp_path_factory.mktemp("sample"))
    async with serving(app) as port, httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=10) as client:
        yield client


ROUTES = [
    one for one in accesses(sample_app(Path("/nowhere"), api_keys_file=None, webhook_secrets_file=None)) if one.role
]


@pytest.mark.parametrize("route", ROUTES, ids=lambda one: f"{one.method} {one.path}")
async def test_no_route_is_open_to_the_role_below(http: httpx.AsyncClient, route: object) -> None:
    access = next(one for one in ROUTES if one == route)
    path = access.path.replace("{thing_id}", "t-1")
    assert (await http.request(access.method, path)).json()["code"] == "unauthenticated"
    assert access.role
    if access.role > Role.VIEWER:
        below = bearer(Role(access.role - 1).name.lower())
        answer = await http.request(access.method, path, headers=below)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


def test_every_route_says_who_may_call_it(tmp_path: Path) -> None:
    assert left_open(sample_app(tmp_path)) == []


def test_a_route_left_open_by_oversight_is_found(tmp_path: Path) -> None:
    routes = APIRouter(prefix="/v1")

    @routes.get("/open")
    async def forgotten() -> Response:
        return Response()

    @routes.post("/parsed", dependencies=[Depends(require(Role.ADMIN))])
    async def parsed(body: ThingBody) -> Response:
        return Response(body.id)

    app: FastAPI = sample_app(tmp_path)
    app.include_router(routes, prefix="/deep")
    assert [one.path for one in left_open(app)] == ["/deep/v1/open", "/deep/v1/parsed"]


class Guarded:
    """A middleware that lets in who has a session."""

    requires_session = True

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


def test_what_mounted_apps_serve_is_found_too(tmp_path: Path) -> None:
    inner, guarded, app = FastAPI(openapi_url=None), FastAPI(openapi_url=None), sample_app(tmp_path)
    inner.get("/page")(lambda: None)
    inner.websocket("/live")(lambda: None)
    inner.mount("/files", StaticFiles(directory=tmp_path))
    guarded.get("/page")(lambda: None)
    guarded.add_middleware(Guarded)
    guarded.mount("/deeper", inner)
    app.mount("/board", guarded)
    app.mount("/aside", inner)
    inside = [(one.method, one.path) for one in accesses(app) if one.session]
    assert inside == [
        ("*", "/board/deeper/files/{path}"),
        ("WS", "/board/deeper/live"),
        ("GET", "/board/deeper/page"),
        ("GET", "/board/page"),
    ]
    assert {one.path for one in left_open(app)} == {"/aside/page", "/aside/live", "/aside/files/{path}"}


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer wrong",
        f"Basic {KEYS['admin']}",
        KEYS["admin"],
        f"Bearer {KEYS['admin']}x",
        f"Bearer {KEYS['admin'][:-1]}",
        f"Bearer {KEYS['admin'].upper()}",
        "Bearer é",
        "Bearer " + "x" * 5000,
    ],
)
async def test_any_other_header_is_nobody(http: httpx.AsyncClient, header: str) -> None:
    answer = await http.get("/v1/things", headers={b"Authorization": header.encode("latin-1")})
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_refusal_is_counted_and_logged_without_the_key(
    http: httpx.AsyncClient, capsys: pytest.CaptureFixture[str]
) -> None:
    before = metrics.REGISTRY.get_sample_value("candor_auth_failures_total", {"reason": "unknown_key"}) or 0
    await http.get("/v1/things", headers={"Authorization": "Bearer candor_guessed-key-0123456789"})
    after = metrics.REGISTRY.get_sample_value("candor_auth_failures_total", {"reason": "unknown_key"})
    assert after == before + 1
    written = capsys.readouterr().out
    assert "caller refused" in written
    assert "guessed-key" not in written


async def test_who_may_not_call_is_told_before_the_body_is_read(http: httpx.AsyncClient) -> None:
    answer = await http.post("/v1/things", content=b"nonsense", headers=bearer("viewer"))
    assert answer.json()["code"] == "forbidden"


async def test_a_key_for_other_services_is_refused(tmp_path: Path) -> None:
    app = sample_app(tmp_path)
    write_files(tmp_path, viewer=["risk-svc"], operator=["risk-svc", "sample-svc"])
    app.state.keys = SecretFile(tmp_path / "keys.json", app.state.keys._parse)
    async with serving(app) as port, httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        codes = [(await client.get("/v1/things", headers=bearer(role))).status_code for role in ("viewer", "operator")]
    assert codes == [403, 200]


async def test_a_changed_keys_file_counts_from_then_on(tmp_path: Path) -> None:
    app = sample_app(tmp_path)
    app.state.keys._every = 0
    async with serving(app) as port, httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        assert (await client.get("/v1/things", headers=bearer("viewer"))).status_code == 200
        keys = json.loads((tmp_path / "keys.json").read_text())
        keys["keys"] = [key for key in keys["keys"] if key["name"] != "viewer"]
        (tmp_path / "keys.json").write_text(json.dumps(keys))
        assert (await client.get("/v1/things", headers=bearer("viewer"))).status_code == 401
        assert (await client.get("/v1/things", headers=bearer("admin"))).status_code == 200


async def test_without_keys_nobody_comes_in(tmp_path: Path) -> None:
    app = sample_app(tmp_path, api_keys_file=None, webhook_secrets_file=None)
    async with serving(app) as port, httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        assert (await client.get("/v1/things", headers=bearer("admin"))).status_code == 401
        headers = signed_headers(SECRET, "w-1", datetime.now(UTC), b"{}") | {"content-type": "application/json"}
        assert (await client.post("/v1/webhooks/crm", content=b"{}", headers=headers)).json()["code"] == "bad_signature"


async def test_too_many_requests_are_a_429_for_that_caller_alone(tmp_path: Path) -> None:
    app = sample_app(tmp_path, rate_limit=1)
    async with serving(app) as port, httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        answers = [await client.get("/v1/things", headers=bearer("viewer")) for _ in range(4)]
        other = await client.get("/v1/things", headers=bearer("operator"))
    assert answers[0].status_code == 200
    assert (answers[-1].status_code, answers[-1].json()["code"]) == (429, "rate_limited")
    assert int(answers[-1].headers["retry-after"]) >= 1
    assert other.status_code == 200


async def webhook(
    http: httpx.AsyncClient, raw: bytes = b"{}", *, secret: str = SECRET, source: str = "crm", age: int = 0
) -> httpx.Response:
    headers = signed_headers(secret, "w-1", datetime.now(UTC) - timedelta(seconds=age), raw)
    return await http.post(
        f"/v1/webhooks/{source}", content=raw, headers=headers | {"content-type": "application/json"}
    )


@pytest.mark.parametrize("secret", [SECRET, SECOND_SECRET])
async def test_a_signed_webhook_comes_in_under_any_live_secret(http: httpx.AsyncClient, secret: str) -> None:
    answer = await webhook(http, b"\xff not json", secret=secret)
    assert (answer.status_code, answer.json()) == (202, {"source": "crm", "id": "w-1", "bytes": 10})


async def test_what_is_not_genuine_is_refused_alike(http: httpx.AsyncClient) -> None:
    other = "whsec_" + "QUFB" * 8
    refused = [
        await webhook(http, secret=other),
        await webhook(http, source="unknown"),
        await http.post("/v1/webhooks/crm", content=b"{}", headers={"content-type": "application/json"}),
    ]
    assert len({(answer.status_code, answer.content) for answer in refused}) == 1
    assert refused[0].json()["code"] == "bad_signature"


async def test_an_old_webhook_is_stale(http: httpx.AsyncClient) -> None:
    answer = await webhook(http, age=400)
    assert (answer.status_code, answer.json()["code"]) == (401, "stale")


async def test_a_webhooks_refusal_names_no_unknown_source_in_metrics(http: httpx.AsyncClient) -> None:
    await webhook(http, source="attackers-own-word")
    assert "attackers-own-word" not in (await http.get("/metrics")).text


async def test_an_expired_key_opens_nothing_and_is_said_to_have_expired(tmp_path: Path) -> None:
    app = sample_app(tmp_path)
    keys = json.loads((tmp_path / "keys.json").read_text())
    for key in keys["keys"]:
        minutes = {"viewer": -1, "operator": 60}.get(key["name"])
        key["expires"] = None if minutes is None else (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat()
    (tmp_path / "keys.json").write_text(json.dumps(keys))
    app.state.keys = SecretFile(tmp_path / "keys.json", app.state.keys._parse)
    before = metrics.REGISTRY.get_sample_value("candor_auth_failures_total", {"reason": "expired_key"}) or 0
    async with serving(app) as port, httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        answers = [await client.get("/v1/things", headers=bearer(role)) for role in ("viewer", "operator", "admin")]
    assert [answer.status_code for answer in answers] == [401, 200, 200]
    assert "expired" in answers[0].json()["detail"]
    assert metrics.REGISTRY.get_sample_value("candor_auth_failures_total", {"reason": "expired_key"}) == before + 1
