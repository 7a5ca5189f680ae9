"""The board in production, as its own process: people sign in at the company's provider, and in no other way."""

from __future__ import annotations

import asyncio
import secrets
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest_asyncio

from candor.local.ports import choose_port
from candor.messaging.topics import ensure_topics
from candor.web.security.auth import Role
from candor.web.security.sessions import Sessions
from risk_svc.settings import RiskSettings
from tests.support.api import Keys
from tests.support.identity import CLIENT_ID, CLIENT_SECRET, IdentityProvider, identity_provider
from tests.support.servers import Databases
from tests.support.waiting import until

HOST = "board.candor.example"
SECRET = secrets.token_hex(32)
PAGE = {"accept": "text/html"}


class ProxyTransport(httpx.AsyncHTTPTransport):
    """What stands in front of production: takes https for the board's name, and passes it on to the process."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self._port = port

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        there = request.url.copy_with(scheme="http", host="127.0.0.1", port=self._port)
        passed = httpx.Request(request.method, there, headers=request.headers, stream=request.stream)
        return await super().handle_async_request(passed)


def environment(tmp_path: Path, issuer: str, port: int, kafka: str, postgres: str) -> dict[str, str]:
    session, client = tmp_path / "session", tmp_path / "client"
    session.write_text(SECRET)
    client.write_text(CLIENT_SECRET)
    return {
        "ENVIRONMENT": "production",
        "PORT": str(port),
        "PUBLIC_URL": f"https://{HOST}",
        "TRUSTED_HOSTS": HOST,
        "API_KEYS_FILE": str(Keys(tmp_path).write()["api_keys_file"]),
        "SESSION_SECRET_FILE": str(session),
        "OIDC_ISSUER": issuer,
        "OIDC_CLIENT_ID": CLIENT_ID,
        "OIDC_CLIENT_SECRET_FILE": str(client),
        "OIDC_ROLES_CLAIM": "candor_roles",
        "DATABASE_URL": postgres,
        "DATABASE_PREFIX": f"t{secrets.token_hex(5)}",
        "TOPIC_PREFIX": f"t{secrets.token_hex(5)}",
        "KAFKA_BOOTSTRAP_SERVERS": kafka,
        "PARTITIONS": "4",
        "DRAIN_PAUSE_SECONDS": "0",
    }


@pytest_asyncio.fixture(loop_scope="session")
async def idp() -> AsyncIterator[IdentityProvider]:
    async with identity_provider() as made:
        made.person = {"sub": "robin", "candor_roles": ["operator"]}
        yield made


@pytest_asyncio.fixture(loop_scope="session")
async def browser(
    tmp_path: Path, idp: IdentityProvider, kafka: str, postgres: str, databases: Databases
) -> AsyncIterator[httpx.AsyncClient]:
    """A browser in front of a running board."""
    port = choose_port(None, "the board")
    values = environment(tmp_path, idp.url, port, kafka, postgres)
    given: dict[str, Any] = {name.lower(): value for name, value in values.items()}
    settings = RiskSettings(**given)
    await ensure_topics(settings)
    log = (tmp_path / "log").open("wb")
    command = (sys.executable, "-m", "risk_svc", "web")
    process = await asyncio.create_subprocess_exec(*command, env=values, stdout=log, stderr=log)
    ways = {f"all://{HOST}": ProxyTransport(port), "all://": httpx.AsyncHTTPTransport()}
    try:
        async with httpx.AsyncClient(mounts=ways, base_url=f"https://{HOST}", trust_env=False) as client:

            async def up() -> bool:
                assert process.returncode is None, (tmp_path / "log").read_text()
                try:
                    return (await client.get("/readyz")).status_code == 200
                except httpx.TransportError:
                    return False

            await until(up, pause=0.1)
            yield client
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
        log.close()
        await databases.drop(settings.database)


async def test_the_board_opens_for_whom_the_company_sends_and_for_nobody_else(
    browser: httpx.AsyncClient, idp: IdentityProvider
) -> None:
    page = f"https://{HOST}/board/record"
    assert (await browser.get(page)).status_code == 401
    link = Sessions(SECRET, secure=True).link_token(Role.ADMIN)
    answer = await browser.get("/signin", params={"token": link})
    assert (answer.status_code, answer.json()["code"]) == (401, "link_invalid")

    idp.person["candor_roles"] = ["canteen"]
    answer = await browser.get(page, headers=PAGE, follow_redirects=True)
    assert answer.status_code == 403
    assert "“candor_roles” must hold one of viewer" in answer.text

    idp.person["candor_roles"] = ["operator"]
    answer = await browser.get(page, headers=PAGE, follow_redirects=True)
    assert (answer.status_code, str(answer.url)) == (200, page)
    way = [urlsplit(str(step.url)) for step in answer.history]
    provider = urlsplit(idp.url).netloc
    assert [(step.netloc, step.path) for step in way] == [
        (HOST, "/board/record"),
        (HOST, "/signin"),
        (provider, "/authorize"),
        (HOST, "/signin/callback"),
    ]
    cookie = answer.history[-1].headers["set-cookie"]
    assert cookie.startswith("__Host-candor-session=")
    assert {"secure", "httponly", "samesite=lax", "path=/"} <= {part.strip().lower() for part in cookie.split(";")}
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]

    again = await browser.get(str(answer.history[-1].url), headers=PAGE)
    assert again.headers["location"] == "/board/"
    assert (await browser.post("/signout")).status_code == 200
    answer = await browser.get(page, headers=PAGE)
    assert answer.headers["location"].startswith("/signin?next=")
