"""Limits of real processes: shared through their database, by themselves without it, and for strangers by address."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from fastapi import FastAPI

from candor.ops import metrics
from candor.ops.backgrounds import Background
from candor.store.db import Database
from candor.web.app import shared_rates
from candor.web.security.signatures import signed_headers
from tests.component.web.sample import SECRET, bearer, sample_app, serving
from tests.component.web.wire import answer, connected, head
from tests.support.foundation import foundation
from tests.support.proxy import Proxy
from tests.support.servers import Databases
from tests.support.waiting import until

SLOW = 0.01
"""A request in 100 s: what a test takes cannot grow back while it runs."""
KNOCK = "Sec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw=="
JUNK_KEY = {"authorization": "Bearer x"}
JUNK_COOKIE = {"cookie": "candor-session=x"}
OUTSIDE = {"x-forwarded-proto": "https"}
PRESENTED = [
    ("GET", "/v1/nothing", JUNK_KEY, 404),
    ("PATCH", "/v1/things", JUNK_KEY, 405),
    ("GET", "/v1/things?unknown=1", JUNK_KEY, 401),
    ("GET", "/board/", JUNK_COOKIE, 404),
    ("GET", "/board", JUNK_COOKIE, 404),
    ("GET", "/metrics", JUNK_KEY | OUTSIDE, 401),
    ("GET", "/metrics", OUTSIDE, 401),
]


@pytest.fixture
async def shared_url(databases: Databases) -> AsyncIterator[str]:
    url = await databases.fresh(foundation)
    yield url
    await databases.drop(url)


@asynccontextmanager
async def replica(folder: Path, url: str, **settings: Any) -> AsyncIterator[httpx.AsyncClient]:
    @asynccontextmanager
    async def parts(app: FastAPI) -> AsyncIterator[Sequence[Background]]:
        database = await Database.open(url)
        try:
            yield [shared_rates(app, database)]
        finally:
            await database.close()

    app = sample_app(folder, parts=parts, **settings)
    async with serving(app) as port, httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
        yield client


async def ask(client: httpx.AsyncClient) -> httpx.Response:
    return await client.get("/v1/things", headers=bearer("viewer"))


async def wait_said(client: httpx.AsyncClient) -> int:
    return int((await ask(client)).headers.get("retry-after", "0"))


async def alone() -> bool:
    return metrics.REGISTRY.get_sample_value("candor_rate_limits_alone") == 1


async def sent(client: httpx.AsyncClient, role: str, size: int) -> tuple[int, str]:
    headers = bearer(role) | {"content-type": "application/json"}
    got = await client.post("/v1/imports", content=b" " * size, headers=headers)
    return got.status_code, got.json()["code"] if got.status_code != 200 else ""


async def test_a_callers_bytes_have_a_rate_and_cost_nobody_else(tmp_path: Path) -> None:
    app = sample_app(tmp_path, byte_rate_limit=100)
    async with serving(app) as port, httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
        assert await sent(client, "operator", 100_000) == (200, "")
        assert await sent(client, "operator", 1) == (429, "rate_limited")
        assert await sent(client, "admin", 1) == (200, "")


async def test_a_strangers_bytes_count_ten_times(tmp_path: Path) -> None:
    app = sample_app(tmp_path, byte_rate_limit=1000, address_rate_limit=0)
    async with serving(app) as port, httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
        hook = {"content-type": "application/json"}
        for size, statuses in ((50, (401, 401)), (1000, (401, 429))):
            got = [await client.post("/v1/webhooks/crm", content=b" " * size, headers=hook) for _ in range(2)]
            assert tuple(one.status_code for one in got) == statuses
        # Whoever has a key is not kept out by it.
        assert await sent(client, "operator", 1) == (200, "")


async def test_two_processes_share_one_limit(tmp_path: Path, shared_url: str) -> None:
    async with AsyncExitStack() as stack:
        one, two = [await stack.enter_async_context(replica(tmp_path, shared_url, rate_limit=SLOW)) for _ in range(2)]
        assert ((await ask(one)).status_code, (await ask(two)).status_code) == (200, 200)
        # Each gave its own burst of one; together that is one too many, for which both make the caller wait twice.
        await until(lambda: _longer(one, 100))
        await until(lambda: _longer(two, 100))
        three = await stack.enter_async_context(replica(tmp_path, shared_url, rate_limit=SLOW))
        await ask(three)
        await until(lambda: _longer(three, 200))


async def _longer(client: httpx.AsyncClient, seconds: int) -> bool:
    return await wait_said(client) > seconds


async def test_without_the_database_each_process_limits_by_itself(tmp_path: Path, shared_url: str) -> None:
    place = urlsplit(shared_url)
    proxy = Proxy(place.hostname or "", place.port or 0)
    async with proxy.running(), replica(tmp_path, proxy.url(shared_url), rate_limit=SLOW) as client:
        proxy.refuse()
        assert (await ask(client)).status_code == 200
        await until(alone)
        refused = await ask(client)
        assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
        assert 0 < int(refused.headers["retry-after"]) <= 100


async def test_answers_say_what_a_caller_has_left(tmp_path: Path, shared_url: str) -> None:
    async with replica(tmp_path, shared_url, rate_limit=1) as client:
        said = await ask(client)
    assert said.headers["ratelimit-policy"] == '"caller";q=2;w=2'
    assert said.headers["ratelimit"] in {'"caller";r=1;t=1', '"caller";r=1;t=2'}


async def strangers(client: httpx.AsyncClient, path: str) -> list[int]:
    # A cookie or a key where none is asked for opens nothing.
    for headers in ({"cookie": "candor-session=x"}, {"authorization": "Bearer x"}):
        assert path == "/v1/things" or (await client.get(path, headers=headers)).status_code in (200, 404, 429)
    return [(await client.get(path)).status_code for _ in range(4)]


@pytest.mark.parametrize("path", ["/docs", "/v1/things", "/nothing", "/problems/rate_limited", "/signin/callback"])
async def test_strangers_are_limited_by_address_wherever_they_knock(tmp_path: Path, shared_url: str, path: str) -> None:
    async with replica(tmp_path, shared_url, address_rate_limit=SLOW) as client:
        assert (await strangers(client, path))[-1] == 429
        assert await strangers(client, "/livez") == [200] * 4
        # A neighbour with a key is not held up.
        assert (await ask(client)).status_code == 200


async def test_wrong_keys_are_limited_by_address_and_right_ones_are_not(tmp_path: Path, shared_url: str) -> None:
    wrong = {"authorization": "Bearer candor_guessed"}
    async with replica(tmp_path, shared_url, address_rate_limit=SLOW) as client:
        guessed = [(await client.get("/v1/things", headers=wrong)).status_code for _ in range(3)]
        assert guessed == [401, 429, 429]
        assert [(await ask(client)).status_code for _ in range(3)] == [200] * 3


async def test_forged_webhooks_are_refused_before_their_signature_is_checked(tmp_path: Path, shared_url: str) -> None:
    forged = signed_headers("whsec_" + "A" * 32, "w-1", datetime.now(UTC), b"{}")
    typed = {"content-type": "application/json"}
    async with replica(tmp_path, shared_url, address_rate_limit=SLOW) as client:
        first = await client.post("/v1/webhooks/crm", content=b"{}", headers=forged | typed)
        second = await client.post("/v1/webhooks/crm", content=b"{}", headers=forged | typed)
    assert (first.status_code, second.status_code) == (401, 429)
    assert second.headers["ratelimit-policy"].startswith('"address"')


async def test_genuine_webhooks_use_nothing_up(tmp_path: Path, shared_url: str) -> None:
    async with replica(tmp_path, shared_url, address_rate_limit=SLOW) as client:
        for number in range(5):
            headers = signed_headers(SECRET, f"w-{number}", datetime.now(UTC), b"{}")
            taken = await client.post(
                "/v1/webhooks/crm", content=b"{}", headers=headers | {"content-type": "application/json"}
            )
            assert taken.status_code == 202


async def test_the_table_knows_no_address_and_no_name(tmp_path: Path, shared_url: str) -> None:
    database = await Database.open(shared_url)
    try:
        async with replica(tmp_path, shared_url) as client:
            await ask(client)
            await until(lambda: database.pool.fetchval("SELECT count(*) FROM rate"))
        stored = b"".join([row["bucket"] for row in await database.pool.fetch("SELECT bucket FROM rate")])
        assert b"127.0.0.1" not in stored
        assert b"viewer" not in stored
    finally:
        await database.close()


@pytest.mark.parametrize(("method", "path", "headers", "status"), PRESENTED)
async def test_presenting_something_that_proves_nobody_circumvents_nothing(
    tmp_path: Path, shared_url: str, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    async with replica(tmp_path, shared_url, address_rate_limit=SLOW) as client:
        answers = [await client.request(method, path, headers=headers) for _ in range(3)]
        assert [one.status_code for one in answers] == [status, 429, 429]
        assert answers[-1].json()["code"] == "rate_limited"
        assert int(answers[-1].headers["retry-after"]) >= 1
        # It used up what is free at this address; who scrapes there, or has a key, is not held up.
        assert (await client.get("/nothing")).status_code == 429
        assert ((await client.get("/metrics")).status_code, (await ask(client)).status_code) == (200, 200)
        assert (await client.get("/metrics", headers=OUTSIDE | bearer("viewer"))).status_code == 200


async def test_a_socket_at_a_spent_address_is_refused_and_no_fault(
    tmp_path: Path, shared_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async with replica(tmp_path, shared_url, address_rate_limit=SLOW) as client:
        await client.get("/nothing")
        shake = head("GET", "/live", "Connection: upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", KNOCK)
        async with connected(client.base_url.port or 0) as (reader, writer):
            writer.write(shake)
            assert (await answer(reader)).status == 403
    assert "Traceback" not in capsys.readouterr().out


async def test_a_known_key_that_may_not_is_limited_by_its_own_rate(
    tmp_path: Path, shared_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async with replica(tmp_path, shared_url, address_rate_limit=SLOW, rate_limit=SLOW) as client:
        await client.get("/nothing")
        capsys.readouterr()
        tries = [(await client.post("/v1/things", headers=bearer("viewer"))).status_code for _ in range(3)]
        assert tries == [403, 429, 429]
        assert capsys.readouterr().out.count("caller refused") == 1
