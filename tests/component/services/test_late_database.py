"""A service that is there before its database: it lives, says what it waits for, refuses to take, and then serves."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from candor.installation.folder import Folder
from candor.local.ports import choose_port
from candor.local.postgres import PostgresServer
from candor.local.secret_files import ensure_secrets
from candor.ops.settings import Settings
from candor.waiting import DatabaseWait
from tests.support.servers import own_folder
from tests.support.waiting import until

pytestmark = pytest.mark.long


@pytest.fixture
def folder() -> Iterator[Folder]:
    with own_folder("late") as made:
        yield made


@asynccontextmanager
async def service(folder: Folder, module: str, url: str, **settings: str) -> AsyncIterator[tuple[Process, str]]:
    """A process of ours on a database at `url`, and its own address."""
    port = choose_port(None, module)
    secrets = ensure_secrets(folder).environment(module.replace("_", "-"))
    environment = {**os.environ, **secrets, "DATABASE_URL": url, "PORT": str(port), "DRAIN_PAUSE_SECONDS": "0"}
    environment |= {"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1", **settings}
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", module, env=environment, stdout=PIPE)
    try:
        yield process, f"http://127.0.0.1:{port}"
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def said(process: Process, event: str) -> dict[str, Any]:
    """The process's next line with this event."""
    assert process.stdout
    async with asyncio.timeout(60):
        while raw := await process.stdout.readline():
            line: dict[str, Any] = json.loads(raw)
            if line["event"] == event:
                return line
    raise AssertionError(f"it ended without saying {event!r}")


async def test_it_waits_and_then_serves(folder: Folder) -> None:
    server = PostgresServer(folder, None)
    url = await asyncio.to_thread(server.start)
    await asyncio.to_thread(server.stop)
    try:
        async with (
            service(folder, "promise_svc", url) as (process, address),
            httpx.AsyncClient(base_url=address) as http,
        ):
            told = await said(process, "waiting for the database")
            assert told["address"] == url.rpartition("@")[2]
            assert url.split(":")[2].split("@")[0] not in json.dumps(told), "the password"
            await said(process, f"Uvicorn running on {address} (Press CTRL+C to quit)")
            assert (await http.get("/livez")).status_code == 200
            unready = await http.get("/readyz")
            assert (unready.status_code, list(unready.json()["wrong"])) == (503, ["database"])
            refused = await http.post("/v1/promises", json={"promise_id": "p-1"})
            assert (refused.status_code, refused.json()["code"]) == (503, "store_unavailable")
            assert int(refused.headers["retry-after"]) > 0
            await asyncio.to_thread(server.start)
            assert (await said(process, "database available"))["address"] == told["address"]

            async def ready() -> bool:
                try:
                    return (await http.get("/readyz")).status_code == 200
                except httpx.TransportError:
                    # Between the server that waited and the one that serves.
                    return False

            await until(ready)
            # What answers now is the service itself, which asks who is there.
            assert (await http.post("/v1/promises", json={"promise_id": "p-1"})).status_code == 401
            process.send_signal(signal.SIGTERM)
            await process.communicate()
            assert process.returncode == 0
    finally:
        await asyncio.to_thread(server.stop)


async def test_whoever_waits_is_never_ready_even_once_the_database_is_there(postgres: str) -> None:
    waiting = DatabaseWait(Settings(service="promise-svc", port=0, database_url=postgres))
    assert await waiting.there()
    app = waiting.app()
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as http,
    ):
        unready = await http.get("/readyz")
    assert (unready.status_code, list(unready.json()["wrong"])) == (503, ["database"])


@pytest.mark.parametrize("module", ["delivery_svc", "notify_svc"])
async def test_told_to_stop_while_it_waits_it_ends_well(folder: Folder, module: str) -> None:
    async with service(folder, module, "postgresql://u:p@127.0.0.1:1/") as (process, _):
        await said(process, "waiting for the database")
        process.send_signal(signal.SIGTERM)
        assert (await said(process, "stopped"))["level"] == "info"
        await process.communicate()
        assert process.returncode == 0


async def test_after_long_enough_it_gives_up_and_says_so(folder: Folder) -> None:
    async with service(folder, "promise_svc", "postgresql://u:p@127.0.0.1:1/", START_SECONDS="0.3") as (process, _):
        gone = await said(process, "database still unavailable, giving up")
        assert (gone["level"], gone["address"]) == ("critical", "127.0.0.1:1")
        assert "ConnectionRefusedError" in gone["reason"]
        await process.communicate()
        assert process.returncode == 3


async def test_a_port_in_use_ends_it_while_it_waits_as_well(folder: Folder) -> None:
    async with service(folder, "promise_svc", "postgresql://u:p@127.0.0.1:1/") as (first, address):
        await said(first, "waiting for the database")
        await said(first, f"Uvicorn running on {address} (Press CTRL+C to quit)")
        taken = address.rpartition(":")[2]
        async with service(folder, "promise_svc", "postgresql://u:p@127.0.0.1:1/", PORT=taken) as (second, _):
            assert (await said(second, "could not start"))["port"] == int(taken)
            await second.communicate()
            assert second.returncode == 3
