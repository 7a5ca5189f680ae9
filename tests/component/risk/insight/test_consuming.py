"""`insight` on real Kafka and PostgreSQL: what is sent is in the tables once, also when its partitions move."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio

from candor.contracts import Message
from candor.messaging.consumer import Worker
from candor.store.db import Database
from risk_svc.insight.handlers import InsightHandler
from risk_svc.settings import InsightSettings
from risk_svc.wiring import INSIGHT_GROUP
from tests.support.at_work import at_work
from tests.support.insight import gap
from tests.support.ledger.book import Sender
from tests.support.risk import DUE, MADE, Story, incident
from tests.support.waiting import until


@pytest.fixture
def settings(kafka: str, topic_prefix: str) -> InsightSettings:
    return InsightSettings(kafka_bootstrap_servers=kafka, topic_prefix=topic_prefix)


@pytest_asyncio.fixture(loop_scope="session")
async def sender(settings: InsightSettings) -> AsyncIterator[Sender]:
    async with Sender(settings) as made:
        yield made


def day(count: int, rng: random.Random) -> list[Message]:
    """Promises with their reports and gaps, the streams of all of them mixed."""
    streams: list[list[Message]] = [[incident(), incident(version=2, severity=0.9)]]
    for number in range(count):
        story = Story(f"p{number}", f"c{number % 20}", start=MADE + timedelta(minutes=number))
        streams.append([story.made(), story.revised(DUE + timedelta(days=1))])
        streams.append([story.milestone("departed", 5), story.milestone("arrived", 5)][: 1 + number % 2])
        streams.append([gap(story.promise_id, story.customer_id, version=n, score=10.0 * n) for n in (1, 2, 3)])
    mixed = []
    while streams:
        stream = rng.choice(streams)
        mixed.append(stream.pop(0))
        streams = [left for left in streams if left]
    return mixed


async def test_everything_that_is_sent_is_in_the_tables_once(
    settings: InsightSettings, risk_database: Database, sender: Sender, pytestconfig: pytest.Config
) -> None:
    events = day(60, random.Random(pytestconfig.option.seed))
    half = len(events) // 2

    def worker() -> Worker:
        return Worker(settings, risk_database, InsightHandler(), INSIGHT_GROUP)

    async def settled(wanted: int) -> bool:
        query = "SELECT count(*) FROM insight_promise WHERE resets = 1 AND gap_version = 3"
        return bool(await risk_database.pool.fetchval(query) >= wanted)

    async with at_work(worker()):
        await sender.send(events[:half])
        # A second one takes half of the partitions while events come in, and goes on alone.
        second = worker()
        async with at_work(second):
            await sender.send(events[half:])
            await until(lambda: settled(30), seconds=60)
    async with at_work(worker()):
        await until(lambda: settled(60), seconds=60)
        kept = "SELECT count(*) FROM insight_promise WHERE standing = 'kept' AND score = 30 AND missing = 0"

        async def whole() -> bool:
            return bool(await risk_database.pool.fetchval(kept) == 30)

        await until(whole, seconds=60)
    counts = [
        await risk_database.pool.fetchval(f"SELECT count(*) FROM {table}")
        for table in ("insight_promise", "insight_redating", "insight_milestone", "insight_incident", "dead_letter")
    ]
    assert counts == [60, 60, 120, 1, 0]
