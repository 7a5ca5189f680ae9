"""What each process says of itself when Kafka is away, there, and back (ADR 0015)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.component.services.conftest import PROCESSES, Started
from tests.support.api import Api
from tests.support.kafka_proxy import KafkaProxy

INTAKES = ("promise-svc", "delivery-svc")
NEEDING = tuple(name for name in PROCESSES if name not in (*INTAKES, "risk-learner"))


async def answer(api: Api) -> tuple[int, dict[str, Any]]:
    found = await api.client.get("/readyz")
    return found.status_code, found.json()


async def becomes(api: Api, wanted: Callable[[int, dict[str, Any]], bool]) -> dict[str, Any]:
    async with asyncio.timeout(30):
        while not wanted(*(await answer(api))):  # noqa: ASYNC110 - as a prober asks
            await asyncio.sleep(0.2)
    return (await answer(api))[1]


@pytest.mark.parametrize("process", INTAKES)
async def test_an_intake_goes_on_without_kafka_and_says_so(process: str, start: Started) -> None:
    async with start(process) as api:
        status, body = await answer(api)
        assert (status, body["status"], list(body["degraded"])) == (200, "ready", ["kafka"])
        assert "127.0.0.1:1" in body["degraded"]["kafka"]
        assert "candor_ready 1.0" in (await api.client.get("/metrics")).text


@pytest.mark.parametrize("process", NEEDING)
async def test_who_needs_kafka_is_not_ready_without_it(process: str, start: Started) -> None:
    async with start(process) as api:
        status, body = await answer(api)
        assert (status, body["code"], list(body["wrong"])) == (503, "not_ready", ["kafka"])
        assert "candor_ready 0.0" in (await api.client.get("/metrics")).text


@pytest.mark.parametrize("process", ["delivery-svc", "risk-worker"])
async def test_an_outage_comes_and_goes(process: str, start: Started, kafka: str) -> None:
    proxy = KafkaProxy(kafka)
    async with proxy.running():
        pass
    async with start(process, kafka_bootstrap_servers=proxy.servers) as api:
        async with proxy.running():
            assert await becomes(api, lambda status, body: status == 200 and "degraded" not in body)
        lost = await becomes(api, lambda _, body: bool(body.get("wrong") or body.get("degraded")))
        assert list(lost["degraded" if process in INTAKES else "wrong"]) == ["kafka"]
        async with proxy.running():
            assert await becomes(api, lambda status, body: status == 200 and "degraded" not in body)
