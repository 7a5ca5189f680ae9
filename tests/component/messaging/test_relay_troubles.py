"""A relay whose database, lease or broker misbehaves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import pytest_asyncio

from candor.messaging.relay import Relay
from candor.store.db import Database
from tests.support.foundation import fresh_foundation, made, settings_for
from tests.support.kafka_proxy import KafkaProxy
from tests.support.leases import living
from tests.support.proxy import Proxy
from tests.support.relaying import Place
from tests.support.servers import Databases
from tests.support.topics import inversions
from tests.support.waiting import until

RELAY = "promise-svc.relay"
TAKE_OVER = "UPDATE lease SET owner = '0', epoch = epoch + 1 WHERE grp = $1"


@pytest_asyncio.fixture(loop_scope="session")
async def place(databases: Databases, kafka: str, topic_prefix: str) -> AsyncIterator[Place]:
    async with fresh_foundation(databases) as database:
        yield Place(database, settings_for(database.url, kafka, topic_prefix))


@asynccontextmanager
async def held_back(place: Place) -> AsyncIterator[tuple[Place, KafkaProxy]]:
    """The same place behind a proxy that keeps produce requests from the broker, until told otherwise."""
    settings = place.settings
    async with KafkaProxy(settings.kafka_bootstrap_servers).running() as proxy:
        proxy.holding = True
        yield Place(place.database, settings.model_copy(update={"kafka_bootstrap_servers": proxy.servers})), proxy


def producer_of(relay: Relay) -> object:
    return relay._producer


async def test_cut_database_links_lose_and_invert_nothing(place: Place) -> None:
    parts = urlsplit(place.database.url)
    async with Proxy(str(parts.hostname), int(parts.port or 5432)).running() as proxy:
        behind = Place(await Database.open(proxy.url(place.database.url)), place.settings)
        async with behind.relay():
            for version in range(1, 31):
                await place.emit(*(made(f"p{c}", f"c{c}", version) for c in range(8)))
                if version % 5 == 0:
                    proxy.cut()
                behind.database.written.set()
                await asyncio.sleep(0.05)
            await place.drained()
        await behind.database.close()
    async with place.read("promises") as topics:
        await topics.read_to_end()
    assert set(topics.ids) == {f"p{c}.{version}" for c in range(8) for version in range(1, 31)}
    assert inversions(topics.messages) == []


async def test_silence_of_a_broker_that_answers_others_ends_in_a_new_producer(place: Place) -> None:
    await place.emit(made("p1", "c1"), made("p2", "c1"))
    async with held_back(place) as (behind, proxy), behind.relay(silence_s=0.5) as relay:
        await until(lambda: proxy.held)
        first = producer_of(relay)
        await until(lambda: producer_of(relay) not in (None, first))
        proxy.holding = False
        await place.drained()
    async with place.read("promises") as topics:
        await topics.read_to_end()
    assert topics.ids == ["p1.1", "p2.1"]


async def test_a_partition_lost_with_events_under_way_is_left_to_its_new_owner(place: Place) -> None:
    await place.emit(made("p1", "c1"))
    async with held_back(place) as (behind, proxy), behind.relay() as relay:
        await until(lambda: proxy.held)
        async with living(place.database.pool, RELAY, "0"):
            await place.database.pool.execute(TAKE_OVER, RELAY)
            await until(lambda: not relay._flights)
            proxy.holding = False
            assert await place.unsent() == 1
            assert relay.sent == 0
        # The new owner.
        await place.database.pool.execute("DELETE FROM lease; DELETE FROM member")
        async with place.relay():
            await place.drained()
    async with place.read("promises") as topics:
        await topics.read_to_end()
    # The old owner's producer is really gone: it does not send its copy now that the broker takes events again.
    assert topics.ids == ["p1.1"]


async def test_stopping_with_events_under_way_ends_in_time_and_leaves_them_unsent(place: Place) -> None:
    await place.emit(made("p1", "c1"))
    async with held_back(place) as (behind, proxy):
        async with asyncio.timeout(25), behind.relay():
            await until(lambda: proxy.held)
        proxy.holding = False
        assert await place.unsent() == 1
        async with behind.relay():
            await place.drained()
    async with place.read("promises") as topics:
        await topics.read_to_end()
    assert topics.ids == ["p1.1"]
