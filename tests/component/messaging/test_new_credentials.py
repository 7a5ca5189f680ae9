"""Passwords and certificates of Kafka are changed under a running relay and consumer, which go on without a restart."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from candor.messaging.consumer import Worker
from candor.messaging.reach import KafkaReach
from candor.store.db import Database
from tests.component.messaging.test_link import given
from tests.support.foundation import fresh_foundation, made
from tests.support.ledger.book import GROUP, LedgerHandler, LedgerSettings, effects, fresh_ledger
from tests.support.ledger.running import running
from tests.support.relaying import Place
from tests.support.secured_kafka import SecuredKafka, secured_kafka
from tests.support.servers import Databases
from tests.support.waiting import until

pytestmark = pytest.mark.long
NEW_PASSWORD = "another-word-2026"
WAYS = ["mTLS", "PLAIN", "SCRAM-SHA-512"]


@pytest.fixture(scope="module")
def secured() -> Iterator[SecuredKafka]:
    with secured_kafka() as broker:
        yield broker


class Flow(NamedTuple):
    """What one way to prove who we are has running: an outbox, its relay's probe, and what the consumer wrote."""

    way: str
    place: Place
    reach: KafkaReach
    url: str

    async def carries(self, version: int) -> None:
        """An event goes from the outbox to the consumer's database."""
        await self.place.emit(made(f"p{version}", "c1", version))
        self.place.database.written.set()

        async def arrived() -> bool:
            return await effects(self.url) >= version

        try:
            await until(arrived)
        except TimeoutError:
            pytest.fail(f"{self.way}: event {version} did not arrive")


@asynccontextmanager
async def at_work(
    way: str, secured: SecuredKafka, databases: Databases, prefix: str, folder: Path
) -> AsyncIterator[Flow]:
    settings = LedgerSettings(topic_prefix=prefix, partitions=4, **given(way, secured, folder))
    async with AsyncExitStack() as stack:
        outbox = await stack.enter_async_context(fresh_foundation(databases))
        url = await stack.enter_async_context(fresh_ledger(databases))
        ledger = await Database.open(url)
        stack.push_async_callback(ledger.close)
        place = Place(outbox, settings)
        await stack.enter_async_context(place.relay())
        await stack.enter_async_context(running(Worker(settings, ledger, LedgerHandler(), GROUP)))
        reach = KafkaReach(settings, seconds=10, fresh=0)
        stack.push_async_callback(reach.close)
        yield Flow(way, place, reach, url)


async def test_everything_changes_and_events_still_go_through(
    secured: SecuredKafka, databases: Databases, topic_prefix: str, tmp_path: Path
) -> None:
    folders = {way: tmp_path / way for way in WAYS}
    for folder in folders.values():
        folder.mkdir()
    async with AsyncExitStack() as stack:
        flows = [
            await stack.enter_async_context(at_work(way, secured, databases, f"{topic_prefix}-{way.lower()}", folder))
            for way, folder in folders.items()
        ]
        for flow in flows:
            await flow.carries(1)
            await flow.reach.check()
        await secured.restart_with(NEW_PASSWORD)
        for way in WAYS[1:]:
            (folders[way] / "password").write_text(NEW_PASSWORD + "\n")
        for flow in flows:
            await flow.carries(2)
            await flow.reach.check()
