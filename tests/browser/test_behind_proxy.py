"""The board and a webhook behind a real nginx and a real Caddy, by the examples: TLS, and a path of a shared host."""

from __future__ import annotations

import asyncio
import json
import secrets
import shutil
import ssl
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Page, async_playwright, expect

from candor.installation.probes import accepts
from candor.local.ports import choose_port
from candor.local.stack import Stack
from candor.ops.settings import read_secret
from candor.replay.where import webhook_secret
from candor.web.security.auth import Role
from candor.web.security.sessions import Sessions
from candor.web.security.signatures import signed_headers
from tests.support import caddy, nginx
from tests.support.certificates import Authority
from tests.support.servers import own_folder
from tests.support.waiting import until

pytestmark = pytest.mark.browser
HOSTS = ("www.example.com", "board.example.com", "promises.example.com", "delivery.example.com", "notices.example.com")
SOURCE = "crm"
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)


class Site(NamedTuple):
    """What stands behind the proxy, its ports, the authority of its certificate, and which proxy it is."""

    stack: Stack
    http: int
    https: int
    authority: Authority
    proxy: str = ""

    @property
    def board(self) -> str:
        return f"https://www.example.com:{self.https}/candor"


@pytest.fixture(scope="module")
def inside(kafka: str, postgres: str) -> Iterator[Site]:
    """All services, told of a prefix, and nothing in front of them yet."""
    stamp = secrets.token_hex(4)
    ports = choose_port(None, "HTTP"), choose_port(None, "HTTPS")
    told = {
        "PUBLIC_URL": f"https://www.example.com:{ports[1]}/candor",
        "TRUSTED_HOSTS": ",".join(("127.0.0.1", *HOSTS)),
        "TOPIC_PREFIX": f"edge-{stamp}",
        "DATABASE_PREFIX": f"edge_{stamp}",
        "KAFKA_BOOTSTRAP_SERVERS": kafka,
        "DATABASE_URL": postgres,
    }
    with own_folder("edge") as folder, pytest.MonkeyPatch.context() as environment:
        environment.setenv("KAFKA_BOOTSTRAP_SERVERS", kafka)
        environment.setenv("DATABASE_URL", postgres)
        stack = Stack(folder, env=told, usual_ports=False)
        stack.start()
        try:
            yield Site(stack, *ports, Authority(folder.run))
        finally:
            stack.stop()


@pytest.fixture(
    scope="module",
    params=[pytest.param("nginx", marks=pytest.mark.nginx), pytest.param("caddy", marks=pytest.mark.caddy)],
)
def site(request: pytest.FixtureRequest, inside: Site) -> Iterator[Site]:
    """All services with one proxy or the other in front of them."""
    names = {"promise-svc": 8101, "delivery-svc": 8102, "risk-web": 8103, "notify-svc": 8105}
    services = {str(usual): urlsplit(inside.stack.urls[name]).netloc for name, usual in names.items()}
    folder, ports = inside.stack.folder.run, (inside.http, inside.https)
    signed = inside.authority.sign("edge", hosts=HOSTS)
    if request.param == "nginx":
        running = nginx.nginx(folder, nginx.configuration(folder, signed, ports, services))
    else:
        running = caddy.caddy(folder, caddy.configuration(folder, signed, ports, services))
    with running:
        yield inside._replace(proxy=request.param)


@pytest_asyncio.fixture(loop_scope="session")
async def outside(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    """A client that trusts the authority and knows all names as this machine."""

    class Named(httpx.AsyncHTTPTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            request.extensions["sni_hostname"] = request.url.host
            request.url = request.url.copy_with(host="127.0.0.1")
            return await super().handle_async_request(request)

    async def listening() -> bool:
        return accepts(f"127.0.0.1:{site.https}")

    await until(listening, pause=0.05)
    transport = Named(verify=ssl.create_default_context(cafile=str(site.authority.file)))
    async with httpx.AsyncClient(transport=transport, timeout=20) as client:
        yield client


@pytest_asyncio.fixture(loop_scope="session")
async def page(tmp_path: Path) -> AsyncIterator[Page]:
    chromium = shutil.which("chromium")
    assert chromium, "Chromium is missing: apt-get install chromium"
    known = "--host-resolver-rules=" + ",".join(f"MAP {host} 127.0.0.1" for host in HOSTS)
    async with async_playwright() as playwright:
        context = await playwright.chromium.launch_persistent_context(
            str(tmp_path / "profile"),
            executable_path=chromium,
            headless=True,
            args=[*FLAGS.split(), known],
            ignore_https_errors=True,
        )
        yield await context.new_page()
        await context.close()


async def promise(outside: httpx.AsyncClient, site: Site, number: int) -> httpx.Response:
    """A promise as a CRM's signed webhook, through the proxy."""
    data = {
        "promise_id": f"{site.proxy.title()}-{number}",
        "customer_id": "Shop",
        "kind": "bulk",
        "what": f"{site.proxy} {number}",
        "due": (datetime.now(UTC) + timedelta(days=3)).isoformat(),
    }
    raw = json.dumps({"type": "promise.made", "timestamp": datetime.now(UTC).isoformat(), "data": data}).encode()
    secret = webhook_secret(site.stack.secrets.webhooks, SOURCE)
    signed = signed_headers(secret, f"{site.proxy}-{number}", datetime.now(UTC), raw) | {
        "content-type": "application/json"
    }
    url = f"https://promises.example.com:{site.https}/v1/webhooks/{SOURCE}"
    return await outside.post(url, content=raw, headers=signed)


async def test_the_board_at_a_path_of_a_shared_host(site: Site, outside: httpx.AsyncClient, page: Page) -> None:
    sockets: list[str] = []
    failed: list[str] = []
    page.on("websocket", lambda opened: sockets.append(urlsplit(opened.url).path))
    page.on("response", lambda got: failed.append(f"{got.status} {got.url}") if got.status >= 404 else None)
    made = await promise(outside, site, 1)
    assert made.json()["state"] == "accepted", made.text

    refused = await page.goto(f"{site.board}/board/")
    assert refused is not None
    assert refused.status == 401
    await page.get_by_role("link", name="Try the board again").click()
    assert page.url == f"{site.board}/board/"
    token = Sessions(read_secret(site.stack.secrets.session), secure=True).link_token(Role.VIEWER)
    await page.goto(f"{site.board}/signin?token={token}")
    assert page.url == f"{site.board}/board/"
    [cookie] = [one for one in await page.context.cookies() if "session" in one.get("name", "")]
    assert (cookie["name"], cookie["path"], cookie["secure"]) == ("__Secure-candor-session", "/candor", True)

    row = page.locator("tr", has_text=f"{site.proxy} 1")
    await expect(row).to_be_visible(timeout=60_000)
    # Live: a promise made while the page is open comes to it by its socket.
    assert (await promise(outside, site, 2)).json()["state"] == "accepted"
    await expect(page.locator("tr", has_text=f"{site.proxy} 2")).to_be_visible(timeout=60_000)
    assert {*sockets} == {"/candor/board/_nicegui_ws/socket.io/"}

    await row.get_by_role("link").click()
    await expect(page.get_by_label("gap", exact=True)).to_be_visible()
    assert page.url == f"{site.board}/board/promises/{site.proxy.title()}-1"
    await page.reload()
    await page.get_by_role("link", name="Forecast accuracy").click()
    await expect(page.get_by_role("heading", name="Forecast accuracy")).to_be_visible()
    await page.get_by_role("link", name="Candor").click()
    await page.get_by_label("Search", exact=True).fill(f"{site.proxy}-2")
    await expect(page).to_have_url(f"{site.board}/board/?search={site.proxy}-2")
    await page.reload()
    await expect(page.locator("tr", has_text=f"{site.proxy} 2")).to_be_visible()

    await page.get_by_role("button", name="Sign out", exact=True).click()
    await expect(page.get_by_text("You are signed out")).to_be_visible()
    await page.get_by_role("link", name="Sign in again").click()
    assert page.url == f"{site.board}/board/"
    await expect(page.get_by_role("heading", name="Sign in to see the board")).to_be_visible()
    assert failed == []


async def test_probes_pages_and_what_stays_inside(site: Site, outside: httpx.AsyncClient) -> None:
    for path, status in (
        ("/livez", 200),
        ("/readyz", 200),
        ("/", 307),
        ("/board/", 401),
        ("/metrics", 404),
        ("/docs", 404),
        ("/openapi.json", 404),
    ):
        found = await outside.head(site.board + path)
        assert (found.status_code, found.content) == (status, b""), path
    assert (await outside.get(f"{site.board}/")).headers["location"] == "/candor/board/"
    plain = await outside.get(f"http://www.example.com:{site.http}/candor/board/?a=b")
    assert (plain.status_code, plain.headers["location"]) == (308, f"{site.board}/board/?a=b")
    for path in ("/candor/v1/gaps", "/candor/signout", "/promises/v1/webhooks/crm", "/candor/livez"):
        refused = await outside.get(f"http://www.example.com:{site.http}{path}")
        assert (refused.status_code, "location" in refused.headers) == (403, False), path
    for host in ("promises.example.com", "localhost"):
        assert (await outside.get(f"http://{host}:{site.http}/board/")).status_code == 403
    assert (await outside.post(f"http://www.example.com:{site.http}/candor/board/")).status_code == 403
    unknown = await outside.get(f"https://localhost:{site.https}/")
    # Caddy has no certificate for a name it was not told, and where it has one, nothing to say.
    assert unknown.status_code == 421 or (site.proxy, unknown.content) == ("caddy", b"")


async def test_a_body_far_too_large_is_refused_by_the_proxy(site: Site, outside: httpx.AsyncClient) -> None:
    url = f"https://promises.example.com:{site.https}/v1/webhooks/{SOURCE}"
    try:
        theirs = await outside.post(url, content=b"x" * 6_000_000, headers={"content-type": "application/json"})
    except httpx.ReadError:
        # Caddy hangs up on who goes on sending.
        assert site.proxy == "caddy"
        return
    assert theirs.status_code == 413
    assert ("nginx" in theirs.text) == (site.proxy == "nginx")


async def test_a_client_cannot_say_who_it_is(site: Site, outside: httpx.AsyncClient) -> None:
    claimed = {"x-forwarded-for": "198.51.100.77", "forwarded": "for=198.51.100.77", "x-forwarded-host": "evil.example"}
    found = await outside.get(f"{site.board}/v1/gaps", headers=claimed | {"authorization": "Bearer nonsense"})
    assert found.status_code == 401
    log = await asyncio.to_thread(site.stack.folder.logs.joinpath("risk-web.log").read_text)
    [*_, refused] = [line for line in log.splitlines() if "caller refused" in line]
    assert json.loads(refused)["client"] == "127.0.0.1"
    assert "198.51.100.77" not in log
