"""The broker killed, stopped and frozen under a worker: it waits, says so in its lag, and goes on by itself."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from candor.local.kafka import KafkaBroker
from candor.messaging.consumer import Worker
from candor.store.db import Database
from tests.faults.test_consumer_ledger import flow, handled
from tests.support.ledger.book import GROUP, Findings, LedgerHandler, Sender, effects, fresh_ledger, judge, settings_for
from tests.support.ledger.running import running
from tests.support.servers import Databases, own_folder
from tests.support.waiting import until

pytestmark = pytest.mark.faults

OUTAGE = 8.0


@pytest_asyncio.fixture(loop_scope="session")
async def broker() -> AsyncIterator[KafkaBroker]:
    with own_folder("kafka") as folder:
        broker = KafkaBroker(folder, None)
        await asyncio.to_thread(broker.start)
        yield broker
        await asyncio.to_thread(broker.stop)


async def killed(broker: KafkaBroker) -> None:
    await asyncio.to_thread(broker.kill)
    await asyncio.sleep(OUTAGE)
    await asyncio.to_thread(broker.start)


async def restarted(broker: KafkaBroker) -> None:
    await asyncio.to_thread(broker.stop)
    await asyncio.sleep(OUTAGE)
    await asyncio.to_thread(broker.start)


async def frozen(broker: KafkaBroker) -> None:
    number = broker.process.pid
    os.kill(number, signal.SIGSTOP)
    await asyncio.sleep(2 * OUTAGE)
    os.kill(number, signal.SIGCONT)


@pytest.mark.parametrize("trouble", [killed, restarted, frozen], ids=lambda each: each.__name__)
async def test_a_worker_outlives_its_broker(
    databases: Databases, broker: KafkaBroker, topic_prefix: str, seeded: random.Random, trouble: object
) -> None:
    settings = settings_for(broker.bootstrap_servers, topic_prefix)
    async with fresh_ledger(databases) as url:
        database = await Database.open(url)
        worker = Worker(settings, database, LedgerHandler(broadcast=("incidents",)), GROUP)
        stop = asyncio.Event()
        async with Sender(settings) as sender, running(worker):
            flowing = asyncio.create_task(flow(sender, stop))
            await until(lambda: _has_effects(url))
            await asyncio.sleep(seeded.uniform(0.5, 2))
            worst: list[float] = []
            watching = asyncio.create_task(_watch(worker, worst))
            await trouble(broker)  # type: ignore[operator]
            await asyncio.sleep(2)
            stop.set()
            await flowing
            await until(lambda: handled(url, sender), seconds=90)
            watching.cancel()
            assert max(worst) > 5, "an outage must be visible as lag"
            await until(lambda: max(worker.lag_seconds.values()) == 0)
            findings = await judge(url, sender)
        await database.close()
    assert findings == Findings(lost=[], twice=[], inverted=[], forgotten=[]), findings.summary()


async def _has_effects(url: str) -> bool:
    return await effects(url) > 0


async def _watch(worker: Worker, worst: list[float]) -> None:
    while True:
        worst.append(max(worker.lag_seconds.values()))
        await asyncio.sleep(0.2)
