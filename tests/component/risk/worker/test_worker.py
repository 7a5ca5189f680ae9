"""risk-svc on real Kafka and PostgreSQL: scores come out, partitions move, a rebuild ends in the same state."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import timedelta

import pytest
import pytest_asyncio

from candor.contracts import GapScored, Message, Standing
from candor.messaging.consumer import Worker
from candor.messaging.relay import Relay
from candor.store.db import Database
from risk_svc.domain.state import folded, from_bytes
from risk_svc.forecasting.live import PublishedModel
from risk_svc.settings import RiskSettings
from risk_svc.web.feed import Feed, Listener
from risk_svc.wiring import GROUP
from risk_svc.worker.handlers import RiskHandler
from risk_svc.worker.rebuild import rebuild
from tests.support.at_work import at_work
from tests.support.clocks import ManualClock
from tests.support.ledger.book import Sender
from tests.support.risk import DUE, MADE, Story, incident
from tests.support.topics import reading
from tests.support.waiting import until


@pytest.fixture
def settings(kafka: str, topic_prefix: str) -> RiskSettings:
    return RiskSettings(kafka_bootstrap_servers=kafka, topic_prefix=topic_prefix)


@pytest_asyncio.fixture(loop_scope="session")
async def sender(settings: RiskSettings) -> AsyncIterator[Sender]:
    async with Sender(settings) as made:
        yield made


def day(count: int, seed: int = 7) -> list[Message]:
    """Flights of a day, shuffled across topics, each stream in its own order; some are cancelled or withdrawn."""
    rng = random.Random(seed)
    streams: list[list[Message]] = []
    for number in range(count):
        story = Story(f"p{number}", f"c{number % 40}", start=MADE + timedelta(minutes=number))
        late = rng.gauss(5, 20)
        ledger = [story.made()]
        if number % 11 == 0:
            ledger.append(story.revised(DUE + timedelta(hours=2)))
        if number % 17 == 0:
            ledger.append(story.withdrawn())
        steps = [story.milestone("departed", late)]
        if number % 5:
            steps.append(story.milestone("arrived", late))
        streams += [ledger, steps]
    streams.append([incident(), incident(version=2, severity=0.9)])
    mixed = []
    while streams:
        stream = rng.choice(streams)
        mixed.append(stream.pop(0))
        streams = [left for left in streams if left]
    return mixed


def worker(settings: RiskSettings, database: Database, clock: ManualClock) -> Worker:
    return Worker(settings, database, RiskHandler(PublishedModel(), clock), GROUP)


def applied(settings: RiskSettings, database: Database, sent: Sequence[Message]) -> Callable[[], Awaitable[bool]]:
    """Whether the offsets in the database stand behind everything that was sent, incidents in every partition."""
    wanted = len(sent) + (settings.partitions - 1) * sum(item.data.TOPIC == "incidents" for item in sent)

    async def check() -> bool:
        rows = await database.pool.fetch("SELECT offsets::text AS offsets FROM lease WHERE grp = $1", GROUP)
        total = 0
        for row in rows:
            total += sum(int(part.rpartition(":")[2].strip(" }")) for part in row["offsets"].split(",") if ":" in part)
        return total == wanted

    return check


async def facts(database: Database) -> dict[str, bytes]:
    rows = await database.pool.fetch("SELECT promise_id, state FROM promise_state")
    return {row["promise_id"]: folded(from_bytes(row["state"])) for row in rows}


async def test_events_become_gaps_on_kafka(
    settings: RiskSettings, risk_database: Database, sender: Sender, clock: ManualClock
) -> None:
    story = Story()
    clock.set(DUE + timedelta(hours=1))
    relay = Relay(settings, risk_database, keeps=False)
    async with (
        at_work(worker(settings, risk_database, clock), relay),
        reading(settings.kafka_bootstrap_servers, settings.topic_prefix, ["gaps"]) as topics,
    ):
        await sender.send([story.made()])
        await topics.read(lambda: len(topics.messages) >= 1)
        await sender.send([story.milestone("departed", 50), story.milestone("arrived", 50)])
        await topics.read(lambda: standings(topics.messages)[-1] is Standing.BROKEN)
    first, last = topics.messages[0], topics.messages[-1]
    assert isinstance(first.data, GapScored)
    assert first.data.forecast is not None
    assert first.data.forecast.p_slip == 1.0
    versions = [item.envelope.version for item in topics.messages]
    assert versions == sorted(set(versions))
    assert last.envelope.key == "c1"


def standings(messages: Sequence[Message]) -> list[Standing]:
    return [item.data.standing for item in messages if isinstance(item.data, GapScored)]


async def test_partitions_that_move_in_flight_change_nothing(
    settings: RiskSettings, risk_database: Database, sender: Sender, clock: ManualClock
) -> None:
    events = day(300)
    first, second = (worker(settings, risk_database, clock) for _ in range(2))
    async with at_work(first):
        for start in range(0, len(events), 200):
            await sender.send(events[start : start + 200])
            if start == 200:
                async with at_work(second):
                    await until(lambda: len(second.owned) == 2)
                    await sender.send(events[start + 200 : start + 400])
                    await asyncio.sleep(0)
                break
        await until(lambda: len(first.owned) == 4)
        await sender.send(events[600:])
        await until(applied(settings, risk_database, events))
    moved = await facts(risk_database)
    alone = await replayed(settings, risk_database, clock)
    assert moved == alone
    assert len(moved) == 300
    assert not await risk_database.pool.fetchval("SELECT count(*) FROM dead_letter")


async def replayed(settings: RiskSettings, database: Database, clock: ManualClock) -> dict[str, bytes]:
    await rebuild(settings, database, GROUP, clock)
    return await facts(database)


async def test_a_rebuild_finds_the_same_state_and_tells_nobody(
    settings: RiskSettings, risk_database: Database, sender: Sender, clock: ManualClock
) -> None:
    events = day(120)
    clock.set(DUE)
    await sender.send(events)
    async with at_work(worker(settings, risk_database, clock)):
        await until(applied(settings, risk_database, events))
    before = await facts(risk_database)
    told = await risk_database.pool.fetchval("SELECT max(id) FROM outbox")
    await rebuild(settings, risk_database, GROUP, clock)
    assert await facts(risk_database) == before
    assert await risk_database.pool.fetchval("SELECT max(id) FROM outbox") == told
    assert await risk_database.pool.fetchval("SELECT max(version) FROM model_version") > 0
    async with at_work(worker(settings, risk_database, clock)):
        await until(applied(settings, risk_database, events))
        await asyncio.sleep(1.5)
    assert await risk_database.pool.fetchval("SELECT max(id) FROM outbox") == told


async def test_the_feed_hands_on_what_is_published(
    settings: RiskSettings, risk_database: Database, sender: Sender, clock: ManualClock
) -> None:
    feed = Feed(settings)
    with feed.listen() as listener:
        async with at_work(feed, worker(settings, risk_database, clock), Relay(settings, risk_database, keeps=False)):
            await feed.ready.wait()
            await sender.send([Story("p1").made(), Story("p2", "c2").made()])
            assert await gathered(listener, 2) == {"p1", "p2"}


async def test_the_feed_is_ready_on_a_broker_that_no_other_service_has_met(settings: RiskSettings) -> None:
    feed = Feed(settings)
    async with at_work(feed):
        await until(feed.ready.is_set)


async def gathered(listener: Listener, count: int) -> set[str]:
    found: set[str] = set()
    with suppress(TimeoutError):
        async with asyncio.timeout(60):
            async for batch in listener.changes():
                found |= {gap.promise_id for gap in batch}
                if len(found) >= count:
                    break
    return found
