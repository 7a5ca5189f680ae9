"""The whole way on real parts: a promise by HTTP, over Kafka to delivery-svc, its milestone out, an erasure."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import NamedTuple

import pytest
import pytest_asyncio
from aiokafka import AIOKafkaConsumer

from candor.contracts import IncidentReported, Message, MilestoneReported, decode
from delivery_svc.settings import DeliverySettings
from delivery_svc.wiring import build as build_delivery
from promise_svc.settings import PromiseSettings
from promise_svc.wiring import build as build_promise
from tests.component.delivery.reports import incident, milestone, new, parked, referring
from tests.support.api import Api, Keys, running
from tests.support.clocks import ManualClock
from tests.support.servers import Databases

PROMISE = {"kind": "flight", "what": "UA 1", "due": "2013-03-09T12:00:00Z"}


class Pair(NamedTuple):
    """promise-svc and delivery-svc, joined by nothing but Kafka."""

    promise: Api
    delivery: Api


@pytest_asyncio.fixture(loop_scope="session")
async def pair(
    kafka: str, postgres: str, databases: Databases, topic_prefix: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Pair]:
    keys = Keys(tmp_path_factory.mktemp("pair"))
    common = {
        "database_url": postgres,
        "database_prefix": f"t{secrets.token_hex(5)}",
        "topic_prefix": topic_prefix,
        "kafka_bootstrap_servers": kafka,
        **keys.write(),
    }
    promise, delivery = PromiseSettings(**common), DeliverySettings(**common)
    async with AsyncExitStack() as stack:
        yield Pair(
            await stack.enter_async_context(running(build_promise(promise, ManualClock()), keys)),
            await stack.enter_async_context(running(build_delivery(delivery, ManualClock()), keys)),
        )
    for settings in (promise, delivery):
        await databases.drop(settings.database)


async def until(found: Callable[[], Awaitable[object]], seconds: float = 40) -> None:
    async with asyncio.timeout(seconds):
        while not await found():  # noqa: ASYNC110 - another process's tables give no event
            await asyncio.sleep(0.1)


async def heard(kafka: str, prefix: str, card: str, number: int) -> list[Message]:
    """The first `number` events of a topic."""
    consumer = AIOKafkaConsumer(f"{prefix}-{card}", bootstrap_servers=kafka, auto_offset_reset="earliest")
    await consumer.start()
    try:
        async with asyncio.timeout(40):
            records = [await consumer.getone() for _ in range(number)]
    finally:
        await consumer.stop()
    return [decode(card, record.headers, record.value) for record in records]


async def test_from_a_promise_to_its_milestone_and_to_forgetting(pair: Pair, kafka: str, topic_prefix: str) -> None:
    customer, name, promise_id = new("c"), new("UA 1"), new("p")
    early = await pair.delivery.call("POST", "/v1/milestones", referring(name, -50, milestone="departed"))
    assert early.json()["state"] == "parked"
    references = [{"system": "ops", "id": name}]
    made = PROMISE | {"promise_id": promise_id, "customer_id": customer, "references": references}
    assert (await pair.promise.call("POST", "/v1/promises", made)).status_code == 201
    seen = "SELECT * FROM milestone WHERE promise_id = $1"
    await until(lambda: pair.delivery.rows(seen, promise_id))
    late = await pair.delivery.call("POST", "/v1/milestones", milestone(promise_id, -10, final=True))
    assert late.json() == {"state": "matched", "promise_id": promise_id, "version": 2}
    assert (await pair.delivery.call("POST", "/v1/incidents", incident(new("i")))).status_code == 202

    messages = await heard(kafka, topic_prefix, "milestones", 2)
    assert [message.envelope.version for message in messages] == [1, 2]
    assert {message.envelope.key for message in messages} == {customer}
    assert all(isinstance(message.data, MilestoneReported) for message in messages)
    assert isinstance((await heard(kafka, topic_prefix, "incidents", 1))[0].data, IncidentReported)

    assert (await pair.promise.call("DELETE", f"/v1/customers/{customer}")).status_code == 200
    known = "SELECT * FROM promise WHERE promise_id = $1"

    sent = "SELECT * FROM outbox WHERE keys && ARRAY[$1]::text[]"

    async def forgotten() -> bool:
        return not await pair.delivery.rows(known, promise_id) and not await pair.delivery.rows(sent, customer)

    await until(forgotten)
    assert await pair.delivery.rows(seen, promise_id) == []


async def test_reports_and_promises_that_race_are_all_matched(pair: Pair) -> None:
    names = [(new("p"), new("c")) for _ in range(60)]

    async def promise(promise_id: str, customer: str) -> None:
        made = PROMISE | {"promise_id": promise_id, "customer_id": customer}
        assert (await pair.promise.call("POST", "/v1/promises", made)).status_code == 201

    async def report(promise_id: str, number: int) -> None:
        await asyncio.sleep(number * 0.01)
        answer = await pair.delivery.call("POST", "/v1/milestones", milestone(promise_id))
        assert answer.status_code == 202

    jobs = [promise(*name) for name in names] + [report(name[0], n) for n, name in enumerate(names)]
    await asyncio.gather(*jobs)

    async def settled() -> bool:
        matched = await pair.delivery.rows("SELECT promise_id, version FROM milestone")
        return {row["promise_id"] for row in matched if row["version"] == 1} >= {name for name, _ in names}

    await until(settled)
    assert await parked(pair.delivery) == []
