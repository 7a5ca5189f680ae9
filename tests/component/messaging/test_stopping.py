"""A worker that is told to stop while it cannot reach Kafka stops all the same, whatever moment the word comes at."""

from __future__ import annotations

import asyncio
import gc

import pytest

from candor.messaging.consumer import Worker
from candor.messaging.topics import ensure_topics
from candor.store.db import Database
from tests.support.kafka_proxy import KafkaProxy
from tests.support.ledger.book import GROUP, LedgerHandler, settings_for


@pytest.mark.parametrize("turns", [1, 2, 5, 20, 100])
async def test_a_worker_that_never_reached_kafka_can_be_stopped(ledger: Database, turns: int) -> None:
    worker = Worker(settings_for("127.0.0.1:1", "away"), ledger, LedgerHandler(), GROUP)
    running = asyncio.create_task(worker.run())
    for _ in range(turns):
        await asyncio.sleep(0)
    # Only a hang takes so long.
    async with asyncio.timeout(60):
        await worker.stop()
        await running
    assert worker.owned == {}


@pytest.mark.parametrize("pause", [0.0, 0.15, 0.3, 0.6, 1.0])
async def test_a_worker_stops_by_itself_in_an_outage(
    ledger: Database, kafka: str, topic_prefix: str, pause: float
) -> None:
    proxy = KafkaProxy(kafka)
    async with proxy.running():
        settings = settings_for(proxy.servers, topic_prefix)
        await ensure_topics(settings)
        worker = Worker(settings, ledger, LedgerHandler(), GROUP)
        running = asyncio.create_task(worker.run())
        async with asyncio.timeout(60):
            while len(worker.owned) < settings.partitions:  # noqa: ASYNC110 - as the other tests look
                await asyncio.sleep(0.01)
    # Its fetches fail and wait to be repeated, each for a tenth of a second.
    await asyncio.sleep(pause)
    async with asyncio.timeout(60):
        await worker.stop()
        await running
    assert worker.owned == {}
    # A connection that was forgotten warns when it is collected, and warnings are errors.
    gc.collect()
