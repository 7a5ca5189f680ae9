"""The consumer on a real broker and database: events become effects once, in order, whatever the surroundings do."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from urllib.parse import urlsplit

from candor.messaging.consumer import Work, Worker
from candor.store.db import Database
from candor.store.unit_of_work import UnitOfWork
from tests.support.leases import living
from tests.support.ledger.book import (
    GROUP,
    Findings,
    LedgerHandler,
    Sender,
    effects,
    incident,
    judge,
    milestone,
    settings_for,
    withdrawn,
)
from tests.support.ledger.running import running
from tests.support.proxy import Proxy
from tests.support.waiting import until

CLEAN = Findings(lost=[], twice=[], inverted=[], forgotten=[])
ALL = ("incidents",)


async def reached(ledger: Database, amount: int) -> None:
    await until(lambda: _at_least(ledger, amount), pause=0.05)


async def _at_least(ledger: Database, amount: int) -> bool:
    return await effects(ledger.url) >= amount


async def test_events_of_all_topics_take_effect_once_and_in_order(
    ledger: Database, kafka: str, topic_prefix: str
) -> None:
    settings = settings_for(kafka, topic_prefix)
    async with Sender(settings) as sender:
        await sender.send(withdrawn(f"c{n % 20}", f"p{n % 20}", n // 20 + 1) for n in range(1_000))
        await sender.send(milestone(f"c{n % 20}", f"p{n % 20}", n // 20 + 1) for n in range(500))
        await sender.send(incident("i1", n + 1) for n in range(10))
        async with running(Worker(settings, ledger, LedgerHandler(broadcast=ALL), GROUP)):
            await reached(ledger, 1_540)
        assert await judge(ledger.url, sender) == CLEAN


async def test_a_restarted_worker_goes_on_where_the_last_one_was(
    ledger: Database, kafka: str, topic_prefix: str
) -> None:
    settings = settings_for(kafka, topic_prefix)
    async with Sender(settings) as sender:
        for version in range(1, 4):
            await sender.send(withdrawn(f"c{n}", f"p{n}", version) for n in range(50))
            async with running(Worker(settings, ledger, LedgerHandler(), GROUP)):
                await reached(ledger, 50 * version)
        assert await judge(ledger.url, sender) == CLEAN


async def test_time_passes_for_every_partition_without_events(ledger: Database, kafka: str, topic_prefix: str) -> None:
    class TickingHandler(LedgerHandler):
        seen: frozenset[int] = frozenset()

        async def apply(self, uow: UnitOfWork, work: Sequence[Work], *, tick: bool) -> None:
            await super().apply(uow, work, tick=tick)
            if tick:
                self.seen = frozenset(item.partition for item in work)

    handler = TickingHandler()
    settings = settings_for(kafka, topic_prefix)
    async with Sender(settings), running(Worker(settings, ledger, handler, GROUP)):
        await until(lambda: handler.ticks >= 2)
    assert handler.seen == {0, 1, 2, 3}


async def test_a_long_backlog_comes_in_batches_of_bounded_size(ledger: Database, kafka: str, topic_prefix: str) -> None:
    settings = settings_for(kafka, topic_prefix)
    handler = LedgerHandler()
    async with Sender(settings) as sender:
        await sender.send(withdrawn("c1", "p1", n + 1) for n in range(5_000))
        await sender.send(milestone("c1", "p1", n + 1) for n in range(1_000))
        async with running(Worker(settings, ledger, handler, GROUP)):
            await reached(ledger, 6_000)
        assert await judge(ledger.url, sender) == CLEAN
    assert 1_000 < handler.largest <= 2_000


async def test_commits_whose_answer_is_lost_are_neither_repeated_nor_forgotten(
    ledger: Database, kafka: str, topic_prefix: str
) -> None:
    settings = settings_for(kafka, topic_prefix)
    parts = urlsplit(ledger.url)
    async with (
        Sender(settings) as sender,
        Proxy(str(parts.hostname), int(parts.port or 5432)).running() as proxy,
    ):
        behind = await Database.open(proxy.url(ledger.url))
        async with running(Worker(settings, behind, LedgerHandler(), GROUP)):
            for version in range(1, 5):
                proxy.deliver_first = version % 2 == 0
                await sender.send(withdrawn(f"c{n}", f"p{n}", version) for n in range(40))
                proxy.cut_at = b"COMMIT"
                await until(lambda: proxy.cut_at is None)
            await reached(ledger, 160)
        await behind.close()
        assert proxy.cuts >= 4
        assert await judge(ledger.url, sender) == CLEAN


async def test_an_outage_inside_the_handler_parks_nothing(ledger: Database, kafka: str, topic_prefix: str) -> None:
    class OutageHandler(LedgerHandler):
        failures = 0

        async def apply(self, uow: UnitOfWork, work: Sequence[Work], *, tick: bool) -> None:
            await super().apply(uow, work, tick=tick)
            if self.failures < 4:
                self.failures += 1
                raise TimeoutError("a neighbour did not answer")

    handler = OutageHandler()
    settings = settings_for(kafka, topic_prefix)
    async with Sender(settings) as sender:
        await sender.send(withdrawn(f"c{n}", f"p{n}", 1) for n in range(100))
        async with running(Worker(settings, ledger, handler, GROUP)):
            await reached(ledger, 100)
        assert handler.failures == 4
        assert await judge(ledger.url, sender) == CLEAN
    assert await ledger.pool.fetchval("SELECT count(*) FROM dead_letter") == 0


async def test_a_worker_that_lost_its_lease_writes_nothing_more(
    ledger: Database, kafka: str, topic_prefix: str
) -> None:
    settings = settings_for(kafka, topic_prefix)
    worker = Worker(settings, ledger, LedgerHandler(), GROUP)
    async with Sender(settings) as sender, running(worker):
        await sender.send(withdrawn(f"c{n}", f"p{n}", 1) for n in range(20))
        await reached(ledger, 20)
        async with living(ledger.pool, GROUP, "zz"):
            await ledger.pool.execute("UPDATE lease SET owner = 'zz', epoch = epoch + 1 WHERE grp = $1", GROUP)
            await sender.send(withdrawn(f"c{n}", f"p{n}", 2) for n in range(20))
            await until(lambda: not worker.owned)
            assert await effects(ledger.url) == 20
        await ledger.pool.execute("UPDATE lease SET owner = '' WHERE grp = $1", GROUP)
        await ledger.pool.execute("DELETE FROM member WHERE id = 'zz'")
        await reached(ledger, 40)
        assert await judge(ledger.url, sender) == CLEAN


async def test_incidents_reach_every_partition_once_while_partitions_move(
    ledger: Database, kafka: str, topic_prefix: str
) -> None:
    settings = settings_for(kafka, topic_prefix)
    first = Worker(settings, ledger, LedgerHandler(broadcast=ALL), GROUP)
    second = Worker(settings, ledger, LedgerHandler(broadcast=ALL), GROUP)
    async with Sender(settings) as sender, running(first):
        await sender.send(incident("i1", version) for version in range(1, 201))
        await reached(ledger, 400)
        async with running(second):
            for version in range(201, 260):
                await sender.send([incident("i1", version), withdrawn("c1", "p1", version - 200)])
                await asyncio.sleep(0.03)
            await until(lambda: len(second.owned) == 2)
            await sender.send(incident("i1", version) for version in range(260, 301))
            await reached(ledger, 300 * 4 + 59)
        await sender.send([incident("i1", 301)])
        await reached(ledger, 301 * 4 + 59)
        assert await judge(ledger.url, sender) == CLEAN


async def test_stop_hands_over_at_once_and_is_safe_before_kafka_is_there(
    ledger: Database, kafka: str, topic_prefix: str
) -> None:
    settings = settings_for(kafka, topic_prefix)
    async with Sender(settings):
        async with running(Worker(settings, ledger, LedgerHandler(), GROUP)) as worker:
            await until(lambda: len(worker.owned) == 4)
        assert await ledger.pool.fetchval("SELECT count(*) FROM member") == 0
        assert await ledger.pool.fetchval("SELECT count(*) FROM lease WHERE owner <> ''") == 0
    nowhere = Worker(settings_for("127.0.0.1:1", topic_prefix), ledger, LedgerHandler(), GROUP)
    async with running(nowhere):
        await asyncio.sleep(0.3)
        assert nowhere.owned == {}
