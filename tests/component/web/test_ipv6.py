"""A process on IPv6 addresses, and servers that are reached by them."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from candor.installation.probes import accepts
from candor.messaging.reach import KafkaReach
from candor.ops.settings import Settings
from candor.store.db import Database
from tests.component.web.sample import sample_app, serving
from tests.support.proxy import Proxy


def six() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


pytestmark = pytest.mark.skipif(not six(), reason="this machine has no IPv6 address, not even ::1")


@asynccontextmanager
async def on_six(address: str) -> AsyncIterator[str]:
    """`host:port` of a server, by way of ::1."""
    host, _, port = address.rpartition(":")
    async with Proxy(host, int(port)).running("::1") as proxy:
        yield f"[::1]:{proxy.port}"


async def test_a_process_on_the_loopback_of_ipv6_is_reached_by_its_brackets(tmp_path: Path) -> None:
    async with serving(sample_app(tmp_path, host="[::1]")) as port, httpx.AsyncClient() as http:
        assert (await http.get(f"http://[::1]:{port}/v1/things")).status_code == 401
        foreign = await http.get(f"http://[::1]:{port}/v1/things", headers={"host": "[::2]"})
        assert foreign.json()["code"] == "bad_host"
        assert accepts(f"[::1]:{port}")


async def test_a_process_on_all_addresses_is_reached_by_both_kinds(tmp_path: Path) -> None:
    async with serving(sample_app(tmp_path, host="::")) as port, httpx.AsyncClient() as http:
        for host in ("[::1]", "127.0.0.1"):
            # Figures are for near callers, and 127.0.0.1 comes here as ::ffff:127.0.0.1.
            assert (await http.get(f"http://{host}:{port}/metrics")).status_code == 200


async def test_postgresql_is_reached_by_an_address_in_brackets(postgres: str, database_url: str) -> None:
    parts = urlsplit(database_url)
    async with on_six(f"{parts.hostname}:{parts.port}") as there:
        user = parts.netloc.rpartition("@")[0]
        database = await Database.open(f"postgresql://{user}@{there}{parts.path}", pool_size=1)
        try:
            assert await database.pool.fetchval("SELECT 1") == 1
        finally:
            await database.close()


async def test_kafka_is_reached_by_an_address_in_brackets(kafka: str) -> None:
    async with on_six(kafka.partition(",")[0]) as there:
        reach = KafkaReach(Settings(service="sample-svc", port=0, kafka_bootstrap_servers=there))
        try:
            await reach.check()
        finally:
            await reach.close()
