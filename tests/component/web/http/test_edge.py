"""What a request meets before any route: proxies, prefixes, headers given twice, pages of other sites."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse

from candor.web.app import create_app
from candor.web.security.signatures import signed_headers
from tests.component.web.sample import SECRET, bearer, sample_app
from tests.component.web.sample import serving as serving_sample
from tests.component.web.wire import answer, connected, head

CHAIN = "X-Forwarded-For: [::1, \xff"
EDGE = "203.0.113.9"
"""A proxy that is believed."""
BELOW: dict[str, Any] = {"public_url": "https://example.com/candor", "trusted_hosts": ("example.com", "localhost")}


@asynccontextmanager
async def asking(tmp_path: Path, peer: str = "127.0.0.1", **settings: Any) -> AsyncIterator[httpx.AsyncClient]:
    """A client whose connection comes from `peer`; `/seen` says how the app sees its request."""
    chosen = sample_app(tmp_path, **settings).state.settings
    seen = APIRouter()

    @seen.get("/seen")
    async def shown(request: Request) -> JSONResponse:
        client = request.client.host if request.client else ""
        said = {name: value for name, value in request.headers.items() if "forwarded" in name}
        return JSONResponse({"client": client, "url": str(request.url), "said": said})

    @seen.post("/order")
    async def order() -> JSONResponse:
        return JSONResponse({})

    app = create_app("Sample", chosen, None, [seen])
    transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=(peer, 5))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://localhost") as client,
    ):
        yield client


@asynccontextmanager
async def sample(tmp_path: Path, **settings: Any) -> AsyncIterator[httpx.AsyncClient]:
    app = sample_app(tmp_path, **settings)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=bearer("admin")) as client,
    ):
        yield client


SPOOFED = {
    "x-forwarded-for": "192.0.2.7",
    "x-forwarded-proto": "https",
    "x-forwarded-host": "example.com",
    "x-forwarded-prefix": "/evil",
    "forwarded": "for=192.0.2.7",
}


async def test_only_a_proxy_that_is_named_is_believed(tmp_path: Path) -> None:
    told = {"forwarded_allow_ips": (EDGE,), "trusted_hosts": ("example.com", "localhost")}
    async with asking(tmp_path, EDGE, **told) as http:
        found = (await http.get("/seen", headers=SPOOFED)).json()
    assert found == {"client": "192.0.2.7", "url": "https://example.com/seen", "said": {}}
    async with asking(tmp_path, "198.51.100.1", **told) as http:
        found = (await http.get("/seen", headers=SPOOFED)).json()
    assert found == {"client": "198.51.100.1", "url": "http://localhost/seen", "said": {}}


async def test_what_a_client_claims_in_front_of_a_proxy_is_no_address_of_it(tmp_path: Path) -> None:
    async with asking(tmp_path, EDGE, forwarded_allow_ips=(EDGE, "10.0.0.0/8")) as http:
        for chain in ("1.1.1.1, 192.0.2.7", "1.1.1.1, 192.0.2.7, 10.4.5.6"):
            assert (await http.get("/seen", headers={"x-forwarded-for": chain})).json()["client"] == "192.0.2.7"
        several = [("x-forwarded-host", "a.example"), ("x-forwarded-host", "b.example")]
        assert (await http.get("/seen", headers=several)).json()["url"] == "http://localhost/seen"


def logged(capsys: pytest.CaptureFixture[str], event: str) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = [msgspec.json.decode(line) for line in capsys.readouterr().out.splitlines()]
    return [line for line in lines if line["event"] == event]


async def test_a_proxy_that_is_ignored_is_named_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with asking(tmp_path, "198.51.100.1") as http:
        for _ in range(2):
            await http.get("/seen", headers=SPOOFED)
    [said] = logged(capsys, "headers of a proxy ignored")
    assert said["mend"] == "if it is yours: FORWARDED_ALLOW_IPS=198.51.100.1"


async def test_a_refused_caller_is_logged_by_its_real_address(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    app = sample_app(tmp_path, forwarded_allow_ips=(EDGE,), trusted_hosts=("example.com", "localhost"))
    for peer, wanted in ((EDGE, "192.0.2.7"), ("198.51.100.1", "198.51.100.1")):
        transport = httpx.ASGITransport(app, client=(peer, 5))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
            await http.get("/v1/things", headers=SPOOFED)
        [said] = logged(capsys, "caller refused")
        assert said["client"] == wanted


@pytest.mark.parametrize("start", ["", "/candor"])
async def test_below_a_prefix_every_address_has_it_whether_the_proxy_strips_it(tmp_path: Path, start: str) -> None:
    async with sample(tmp_path, **BELOW) as http:
        listed = await http.get(f"{start}/v1/things?limit=3")
        assert listed.links["next"]["url"].startswith("/candor/v1/things?")
        missing = await http.get(f"{start}/v1/nowhere")
        assert (missing.status_code, missing.json()["type"]) == (404, "/candor/problems/not_found")
        assert (await http.get(f"{start}/problems/not_found")).status_code == 200
        assert 'href="/candor/openapi.json"' in (await http.get(f"{start}/docs")).text
        document = (await http.get(f"{start}/openapi.json")).json()
        assert document["servers"] == [{"url": "https://example.com/candor"}]
        assert (await http.get(f"{start}/v1/things?limits=3")).json()["code"] == "unknown_parameter"
        assert (await http.head(f"{start}/livez")).status_code == 200
    async with sample(tmp_path) as http:
        assert (await http.get("/candor/v1/things")).status_code == 404


async def test_what_only_begins_like_the_prefix_is_another_path(tmp_path: Path) -> None:
    async with sample(tmp_path, **BELOW) as http:
        assert (await http.get("/candorous/livez")).status_code == 404
        assert (await http.get("/candor")).status_code == 404


@pytest.mark.parametrize(
    "name",
    ["Host", "Authorization", "Idempotency-Key", "Content-Type", "Content-Length", "Origin", "Cookie", "If-Match"],
)
async def test_a_header_with_one_value_is_refused_when_given_twice(tmp_path: Path, name: str) -> None:
    values = {
        "Host": "localhost",
        "Authorization": bearer("admin")["Authorization"],
        "Content-Type": "application/json",
        "Content-Length": "2",
        "Origin": "http://localhost",
    }
    said = values | {name: values.get(name, "a=1")}
    del said["Host"]
    twice = f"{name}: {values.get(name, 'a=2')}"
    lines = [f"{key}: {value}" for key, value in said.items()]
    async with serving_sample(sample_app(tmp_path)) as port, connected(port) as (reader, writer):
        writer.write(head("POST", "/v1/things", *lines, twice) + b"{}")
        found = await answer(reader)
    assert found.status == 400
    # A length given twice ends in the parser, before there are headers to look at.
    assert found.code == ("bad_request" if name == "Content-Length" else "repeated_header")
    assert name == "Content-Length" or name.lower().encode() in found.body


async def test_every_header_that_a_signature_rests_on_may_come_once(tmp_path: Path) -> None:
    body = b"{}"
    signed = signed_headers(SECRET, "msg-1", datetime.now(UTC), body) | {"content-type": "application/json"}
    async with sample(tmp_path) as http:
        assert (await http.post("/v1/webhooks/crm", content=body, headers=signed)).status_code == 202
        for name in ("webhook-id", "webhook-timestamp", "webhook-signature"):
            twice = [*signed.items(), (name, signed[name])]
            found = await http.post("/v1/webhooks/crm", content=body, headers=twice)
            assert (found.status_code, found.json()["code"]) == (400, "repeated_header")
            assert found.json()["errors"][0]["parameter"] == name
        # What nobody reads may come as often as it likes: a genuine webhook refused for it would be lost.
        more = [
            *signed.items(),
            ("x-amzn-trace-id", "a"),
            ("x-amzn-trace-id", "b"),
            ("accept", "*/*"),
            ("accept", "x/y"),
        ]
        assert (await http.post("/v1/webhooks/crm", content=body, headers=more)).status_code == 202


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://example.com"},
        {"origin": "http://["},
        {"origin": "https://[::1"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
async def test_an_order_to_a_page_comes_from_a_page_of_ours(tmp_path: Path, headers: dict[str, str]) -> None:
    async with asking(tmp_path, **BELOW) as http:
        found = await http.post("/order", headers=headers)
        assert (found.status_code, found.json()["code"]) == (403, "cross_site")
        # Reading gives no order: people follow links from anywhere.
        assert (await http.get("/seen", headers=headers)).status_code == 200
        own = {"origin": "https://example.com", "sec-fetch-site": "same-origin"}
        for allowed in (own, {"origin": "http://localhost"}, {"origin": "null", "sec-fetch-site": "same-origin"}, {}):
            assert (await http.post("/order", headers=allowed)).status_code == 200


async def test_who_has_lost_their_tls_is_refused_at_an_api_and_not_led_on(tmp_path: Path) -> None:
    plain, good = {"x-forwarded-proto": "http"}, {"x-forwarded-proto": "https"}
    async with asking(tmp_path, **BELOW) as http:
        found = await http.get("/v1/things/x", headers=plain | bearer("viewer"))
        assert (found.status_code, found.json()["code"]) == (403, "https_required")
        assert "location" not in found.headers
        assert (await http.get("/v1/things/x", headers=good | bearer("viewer"))).status_code != 403
        assert (await http.get("/v1/things/x", headers=bearer("viewer"))).status_code != 403
        assert (await http.get("/livez", headers=plain)).status_code == 200
    async with asking(tmp_path) as http:
        assert (await http.get("/v1/things/x", headers=plain | bearer("viewer"))).status_code != 403


@pytest.mark.parametrize(
    "header",
    [
        "Origin: http://[",
        "Origin: https://[::1",
        "Referer: http://[",
        "X-Forwarded-Host: [",
        "X-Forwarded-For: [::1, \xff",
    ],
)
async def test_no_header_that_cannot_be_read_is_a_fault_of_ours(
    tmp_path: Path, header: str, capsys: pytest.CaptureFixture[str]
) -> None:
    shake = ("Connection: upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAA")
    app = sample_app(tmp_path, trusted_hosts=("*",), forwarded_allow_ips=("127.0.0.1",))
    async with serving_sample(app) as port:
        for method, path, more in (("POST", "/signout", ()), ("PATCH", "/livez", ()), ("GET", "/live", shake)):
            async with connected(port) as (reader, writer):
                writer.write(head(method, path, header, *more))
                assert 400 <= (await answer(reader)).status < 500, (header, path)
    assert "Traceback" not in capsys.readouterr().out


@pytest.mark.parametrize("host", ["[", "[::1", "a/b", "user@localhost", "localhost:x", "localhost:8101:1", "é"])
async def test_what_is_no_host_is_refused_whoever_may_be_named(tmp_path: Path, host: str) -> None:
    async with serving_sample(sample_app(tmp_path, trusted_hosts=("*",))) as port:
        for method, path in (("GET", "/v1/things"), ("PATCH", "/livez"), ("PATCH", "/v1/things")):
            async with connected(port) as (reader, writer):
                writer.write(head(method, path, host=host))
                found = await answer(reader)
            assert (found.status, found.code) == (400, "bad_host")


async def test_figures_are_read_from_near_and_directly_or_with_a_key(tmp_path: Path) -> None:
    for peer, headers, status in (
        ("127.0.0.1", {}, 200),
        ("10.4.5.6", {}, 200),
        ("fd00::5", {}, 200),
        ("203.0.113.5", {}, 401),
        ("10.4.5.6", {"x-forwarded-for": "10.1.1.1"}, 401),
        ("127.0.0.1", {"forwarded": "for=10.1.1.1"}, 401),
        ("10.4.5.6", {"x-real-ip": "10.1.1.1"}, 401),
        ("10.4.5.6", {"via": "1.1 proxy"}, 401),
        ("10.4.5.6", {"x-forwarded-server": "proxy"}, 401),
        ("203.0.113.5", bearer("viewer"), 200),
    ):
        async with asking(tmp_path, peer) as http:
            assert (await http.get("/metrics", headers=headers)).status_code == status, (peer, headers)
    async with asking(tmp_path, "10.4.5.6", metrics_allow_ips=("10.4.5.7",)) as http:
        assert (await http.get("/metrics")).status_code == 401


async def test_the_reference_can_need_a_key(tmp_path: Path) -> None:
    async with sample(tmp_path, docs="key") as http:
        for path in ("/docs", "/openapi.json"):
            assert (await http.get(path)).status_code == 200
            assert (await http.get(path, headers={"authorization": ""})).status_code == 401


async def test_browsers_are_bound_to_https_only_where_they_use_it(tmp_path: Path) -> None:
    name = "strict-transport-security"
    async with sample(tmp_path, **BELOW) as http:
        assert (await http.get("/livez")).headers[name] == "max-age=31536000; includeSubDomains"
    async with sample(tmp_path, **BELOW, hsts_subdomains=False) as http:
        assert (await http.get("/livez")).headers[name] == "max-age=31536000"
    async with sample(tmp_path, **BELOW, hsts_seconds=0) as http:
        assert (await http.get("/livez")).headers[name] == "max-age=0; includeSubDomains"
    async with sample(tmp_path, public_url="http://localhost") as http:
        assert name not in (await http.get("/livez")).headers


async def test_what_the_protocol_refuses_has_the_same_headers(tmp_path: Path) -> None:
    async with serving_sample(sample_app(tmp_path, **BELOW)) as port, connected(port) as (reader, writer):
        writer.write(b"nonsense\r\n\r\n")
        found = await answer(reader)
    assert found.status == 400
    assert b"/candor/problems/bad_request" in found.body
    for name in ("strict-transport-security", "content-security-policy", "x-content-type-options", "cache-control"):
        assert name in found.headers
