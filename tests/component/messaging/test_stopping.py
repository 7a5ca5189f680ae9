"""A worker that is told to stop while it cannot reach Kafka stops all the same, whatever moment the word comes at."""

from __future__ import annotations

import asyncio

import pytest

from candor.messaging.consumer import Worker
from candor.store.db import Database
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
