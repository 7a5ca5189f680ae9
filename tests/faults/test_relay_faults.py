"""A relay while its broker or itself is killed: nothing lost, nothing out of order."""

from __future__ import annotations

import asyncio
import functools
import os
import random
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from candor.local.kafka import KafkaBroker
from candor.messaging.relay import Relay
from candor.store.db import Database
from tests.support.foundation import fresh_foundation, made, settings_for
from tests.support.relaying import Place
from tests.support.servers import Databases, own_folder
from tests.support.topics import inversions
from tests.support.waiting import until

BLOCKED = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
CUSTOMERS = 12
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def broker() -> Iterator[KafkaBroker]:
    """A broker of this module, to be killed."""
    with own_folder("relay-faults") as folder:
        broker = KafkaBroker(folder, None)
        broker.start()
        try:
            yield broker
        finally:
            broker.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def database(databases: Databases) -> AsyncIterator[Database]:
    async with fresh_foundation(databases) as fresh:
        yield fresh


class Writer:
    """Emits version after version of a few promises until told to stop; knows what it committed."""

    def __init__(self, place: Place, choices: random.Random) -> None:
        self._place = place
        self._choices = choices
        self.versions = dict.fromkeys(range(CUSTOMERS), 0)

    async def write(self, transactions: int, pause: float = 0.002) -> None:
        for _ in range(transactions):
            chosen = self._choices.sample(range(CUSTOMERS), self._choices.randint(1, CUSTOMERS))
            await self._place.emit(*(made(f"p{c}", f"c{c}", self.versions[c] + 1) for c in chosen))
            for customer in chosen:
                self.versions[customer] += 1
            await asyncio.sleep(pause)

    @property
    def ids(self) -> set[str]:
        return {f"p{c}.{version}" for c, last in self.versions.items() for version in range(1, last + 1)}


async def assert_nothing_lost(place: Place, writer: Writer) -> int:
    """Returns how many events were repeated."""
    async with place.read("promises") as topics:
        await topics.read_to_end()
        assert set(topics.ids) == writer.ids
        assert inversions(topics.messages) == []
        return len(topics.ids) - len(writer.ids)


@asynccontextmanager
async def relay_process(place: Place) -> AsyncIterator[asyncio.subprocess.Process]:
    settings = place.settings
    arguments = (place.database.url, settings.kafka_bootstrap_servers, settings.topic_prefix)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.support.relay_process",
        *arguments,
        cwd=ROOT,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_a_broker_killed_under_load_and_restarted_repeats_nothing(
    broker: KafkaBroker, database: Database, topic_prefix: str, seeded: random.Random
) -> None:
    place = Place(database, settings_for(database.url, broker.bootstrap_servers, topic_prefix))
    writer = Writer(place, seeded)
    async with place.relay() as relay:
        await until(lambda: relay.leases.epochs)
        for _ in range(2):
            writing = asyncio.create_task(writer.write(150))
            await until(functools.partial(_sent_more, relay, relay.sent))
            await asyncio.to_thread(broker.kill)
            await writing
            await writer.write(5)  # the outage does not stop the outbox
            assert await place.unsent() > 0
            await asyncio.to_thread(broker.start)
            await place.drained()
    assert await assert_nothing_lost(place, writer) == 0


async def test_a_broker_that_stands_still_for_longer_than_a_request_may_take(
    broker: KafkaBroker, database: Database, topic_prefix: str, seeded: random.Random
) -> None:
    place = Place(database, settings_for(database.url, broker.bootstrap_servers, topic_prefix))
    writer = Writer(place, seeded)
    async with place.relay() as relay:
        await writer.write(20)
        await until(lambda: relay.sent)
        os.kill(broker.process.pid, signal.SIGSTOP)
        try:
            await writer.write(50)
            await asyncio.sleep(6)
        finally:
            os.kill(broker.process.pid, signal.SIGCONT)
        await writer.write(20)
        await place.drained()
    assert await assert_nothing_lost(place, writer) == 0


async def test_a_relay_killed_between_sending_and_marking_repeats_and_loses_nothing(
    database: Database, kafka: str, topic_prefix: str, seeded: random.Random
) -> None:
    place = Place(database, settings_for(database.url, kafka, topic_prefix))
    writer = Writer(place, seeded)
    await writer.write(10)
    holder = await asyncpg.connect(database.url)
    async with holder.transaction():
        # Marking waits for these locks, so that the relay dies with everything sent and nothing marked.
        await holder.execute("SELECT FROM outbox FOR UPDATE")
        async with relay_process(place) as process, place.read("promises") as topics:
            await until(lambda: database.pool.fetchval(BLOCKED))
            await topics.read(lambda: bool(topics.records))
            process.kill()
            await process.wait()
    await holder.close()
    assert await place.unsent() > 0
    await forget_members(database)
    async with place.relay():
        await place.drained()
    assert await assert_nothing_lost(place, writer) > 0


async def test_relays_killed_at_random_under_load(
    database: Database, kafka: str, topic_prefix: str, seeded: random.Random
) -> None:
    place = Place(database, settings_for(database.url, kafka, topic_prefix))
    writer = Writer(place, seeded)
    writing = asyncio.create_task(writer.write(1200))
    for _ in range(5):
        async with relay_process(place) as process:
            await until(lambda: sending(place))
            await asyncio.sleep(seeded.uniform(0, 0.3))
            process.kill()
        await forget_members(database)
    await writing
    async with place.relay():
        await place.drained()
    await assert_nothing_lost(place, writer)


def _sent_more(relay: Relay, before: int) -> bool:
    return relay.sent > before


async def sending(place: Place) -> bool:
    """Whether somebody marked rows a moment ago, or has nothing left to do."""
    recent = "SELECT count(*) FROM outbox WHERE published_at > clock_timestamp() - interval '200 ms'"
    return bool(await place.database.pool.fetchval(recent)) or await place.unsent() == 0


async def forget_members(database: Database) -> None:
    """As if the leases of the dead had run out already."""
    await database.pool.execute("DELETE FROM member")
