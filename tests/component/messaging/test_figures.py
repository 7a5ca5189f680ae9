"""What /metrics says of a relay and a worker moves with what happens to them, outages included."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from candor.contracts import Record
from candor.messaging import metrics
from candor.messaging.consumer import Worker
from candor.messaging.relay import Relay
from candor.messaging.transaction import Work
from candor.ops.settings import Settings
from candor.runtime import Background, worker_app
from candor.store.db import Database
from candor.store.errors import StoreUnavailable
from candor.store.unit_of_work import UnitOfWork
from tests.support.foundation import fresh_foundation, made
from tests.support.foundation import settings_for as placed
from tests.support.ledger.book import GROUP, LedgerHandler, Sender, settings_for, withdrawn
from tests.support.relaying import Place
from tests.support.scrape import ScrapedMetrics
from tests.support.servers import Databases

AGE, ROWS = "candor_outbox_oldest_age_seconds", "candor_outbox_rows"
LAG, BEHIND = "candor_consumer_lag_seconds", "candor_consumer_lag_records"


@asynccontextmanager
async def process(settings: Settings, *backgrounds: Background) -> AsyncIterator[ScrapedMetrics]:
    """A process with these at work; its metrics."""

    @asynccontextmanager
    async def parts(_app: FastAPI) -> AsyncIterator[Sequence[Background]]:
        yield backgrounds

    app = worker_app("Figures", settings, parts)
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://localhost") as client,
    ):
        yield ScrapedMetrics(client)


@pytest.fixture(autouse=True)
def _figures_of_no_other_test() -> None:
    # All tests of this process share the gauges, and an earlier worker may have left one behind.
    for gauge in (metrics.CONSUMER_LAG_SECONDS, metrics.CONSUMER_LAG_RECORDS, metrics.DEAD_LETTERS):
        gauge.clear()
    for gauge in (metrics.OUTBOX_AGE_SECONDS, metrics.OUTBOX_ROWS, metrics.PARTITIONS_OWNED):
        gauge.set(0)


@pytest_asyncio.fixture(loop_scope="session")
async def database(databases: Databases) -> AsyncIterator[Database]:
    async with fresh_foundation(databases) as fresh:
        yield fresh


async def test_the_age_of_the_outbox_rises_while_kafka_is_away_and_ends_with_the_outage(
    database: Database, kafka: str, topic_prefix: str
) -> None:
    # A process that starts during an outage accepts events all the same: this figure is what tells of them.
    away = Place(database, placed(database.url, "127.0.0.1:1", topic_prefix))
    async with process(away.settings, Relay(away.settings, database, keeps=True)) as scraped:
        await scraped.becomes(lambda rows: rows == 0, ROWS)
        await away.emit(made("p1", "c1"), made("p2", "c2"))
        first = await scraped.becomes(lambda age: age > 0, AGE)
        assert await scraped.value(ROWS) >= 1
        await scraped.becomes(lambda age: age >= first + 1, AGE)
        relayed = await scraped.value("candor_relayed_total", topic="promises")
    back = placed(database.url, kafka, topic_prefix)
    async with process(back, Relay(back, database, keeps=True)) as scraped:
        await scraped.becomes(lambda age: age == 0, AGE)
        assert await scraped.value(ROWS) == 0
        await scraped.becomes(lambda value: value == relayed + 2, "candor_relayed_total", topic="promises")


class GatedHandler(LedgerHandler):
    """Applies nothing while `gate` is shut."""

    def __init__(self) -> None:
        super().__init__(topics=("promises",))
        self.gate = asyncio.Event()

    async def apply(self, uow: UnitOfWork, work: Sequence[Work], *, tick: bool) -> None:
        if not self.gate.is_set() and any(messages for _, messages in work):
            # A turn that fails goes on turning; of one that only waited nothing would be said.
            raise StoreUnavailable("the gate is shut")
        await super().apply(uow, work, tick=tick)


async def test_what_a_worker_says_of_itself_moves_with_its_work(
    ledger: Database, kafka: str, topic_prefix: str
) -> None:
    settings = settings_for(kafka, topic_prefix)
    handler = GatedHandler()
    worker = Worker(settings, ledger, handler, GROUP)
    async with Sender(settings) as sender:
        await sender.send([withdrawn("c1", "p1", 1)])
        async with process(settings, worker) as scraped:
            batches = await scraped.value("candor_batch_seconds_count")
            applied = await scraped.value("candor_consumed_total", topic="promises")
            dead = await scraped.value("candor_dead_lettered_total")
            # Nothing was ever applied, so nobody knows how old the oldest is.
            await scraped.becomes(lambda lag: lag == float("inf"), LAG, topic="promises")
            handler.gate.set()
            # Without any partition the lag is 0 as well.
            await scraped.becomes(lambda value: value == applied + 1, "candor_consumed_total", topic="promises")
            await scraped.becomes(lambda lag: lag == 0, LAG, topic="promises")

            handler.gate.clear()
            await sender.send([withdrawn("c1", "p1", 2)])
            late = await scraped.becomes(lambda lag: 0 < lag < float("inf"), LAG, topic="promises")
            await scraped.becomes(lambda lag: lag > late, LAG, topic="promises")
            await scraped.becomes(lambda amount: amount == 1, BEHIND, topic="promises")
            await scraped.becomes(lambda amount: amount == 4, "candor_partitions_owned")
            handler.gate.set()
            await scraped.becomes(lambda value: value == applied + 2, "candor_consumed_total", topic="promises")
            await scraped.becomes(lambda lag: lag == 0, LAG, topic="promises")

            await sender.raw("promises", Record(b"c1", b"not json", []))
            await scraped.becomes(lambda value: value == dead + 1, "candor_dead_lettered_total")
            await scraped.becomes(lambda value: value == 1, "candor_dead_letters", reason="missing_attribute")
            assert await scraped.value("candor_consumed_total", topic="promises") == applied + 2
            await scraped.becomes(lambda count: count >= batches + 3, "candor_batch_seconds_count")
            assert await scraped.value("candor_batch_seconds_sum") > 0
