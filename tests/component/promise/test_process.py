"""Both writing services as processes: what they say when they cannot start, and how they end."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import socket
import sys
from pathlib import Path

import httpx
import pytest

from tests.support.api import Keys
from tests.support.servers import Databases

SERVICES = ("promise_svc", "delivery_svc")


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


async def start(module: str, **settings: str) -> asyncio.subprocess.Process:
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_FILE")} | settings
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module),
        env=environment,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )


async def error_of(module: str, **settings: str) -> tuple[int, str]:
    process = await start(module, **settings)
    _, error = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode or 0, error.decode()


@pytest.mark.parametrize(
    ("module", "settings", "said"),
    [
        ("promise_svc", {}, "CONTACT_PUBLIC_KEY_FILE is missing"),
        ("promise_svc", {"CONTACT_PUBLIC_KEY_FILE": "/nowhere/key"}, "CONTACT_PUBLIC_KEY_FILE: /nowhere/key"),
        ("promise_svc", {"PORT": "x"}, "PORT"),
        ("delivery_svc", {"API_KEYS_FILE": "/nowhere/keys"}, "/nowhere/keys"),
        ("delivery_svc", {"ENVIRONMENT": "production"}, "settings:"),
    ],
)
async def test_a_mistake_in_the_settings_is_one_line_and_status_two(
    module: str, settings: dict[str, str], said: str
) -> None:
    status, error = await error_of(module, **settings)
    assert status == 2
    assert said in error
    assert "Traceback" not in error


@pytest.mark.parametrize("module", SERVICES)
async def test_a_process_takes_requests_and_ends_in_order(
    module: str, kafka: str, postgres: str, databases: Databases, topic_prefix: str, tmp_path: Path
) -> None:
    keys, port, prefix = Keys(tmp_path), free_port(), f"t{secrets.token_hex(5)}"
    files = {name.upper(): str(path) for name, path in keys.write().items()}
    process = await start(
        module,
        PORT=str(port),
        DATABASE_URL=postgres,
        DATABASE_PREFIX=prefix,
        KAFKA_BOOTSTRAP_SERVERS=kafka,
        TOPIC_PREFIX=topic_prefix,
        DRAIN_PAUSE_SECONDS="0",
        **files,
    )
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            await ready(client)
            key = {"authorization": f"Bearer {keys.keys['viewer']}"}
            assert (await client.get("/v1/rejected", headers=key)).json() == {
                "items": [],
                "total": 0,
                "total_exact": True,
            }
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 60) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        await databases.drop(f"{postgres}/{prefix}_{module.removesuffix('_svc')}")


async def ready(client: httpx.AsyncClient) -> None:
    async with asyncio.timeout(90):
        while True:
            try:
                if (await client.get("/readyz")).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.2)
