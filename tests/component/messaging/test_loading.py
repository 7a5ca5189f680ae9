"""Memory is loaded page by page, and what messages leave to do is done turn after turn, while the others go on."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from typing import Any

from candor.messaging.consumer import Work, Worker
from candor.records.partitioner import partition_of
from candor.store.db import Database
from candor.store.unit_of_work import UnitOfWork
from tests.support.leases import living
from tests.support.ledger.book import GROUP, Findings, LedgerHandler, Sender, effects, judge, settings_for, withdrawn
from tests.support.ledger.running import running
from tests.support.waiting import until

CLEAN = Findings(lost=[], twice=[], inverted=[], forgotten=[])
PARTITIONS = 4
SLOW = 3
ENOUGH = 20_000
"""A worker that never stops loading must end the test, not hang it."""


def customers(partition: int, count: int = 5) -> list[str]:
    names = (f"c{number}" for number in range(1_000))
    return [name for name in names if partition_of(name.encode(), PARTITIONS) == partition][:count]


class Paged(LedgerHandler):
    """One partition has pages without end until `all_read`; `fails` makes its next page raise once."""

    def __init__(self) -> None:
        super().__init__()
        self.all_read = False
        self.fails = False
        self.pages = 0
        self.begun = 0
        self.dropped = 0

    async def load(self, connection: Any, partition: int, *, first: bool) -> bool:
        if partition != SLOW:
            return await super().load(connection, partition, first=first)
        self.pages += 1
        self.begun += first
        if self.fails and self.pages > 1:
            self.fails = False
            raise LookupError("no such page")
        if not self.all_read and self.pages < ENOUGH:
            return True
        return await super().load(connection, partition, first=first)

    def drop(self, partition: int) -> None:
        super().drop(partition)
        self.dropped += partition == SLOW


async def applied(ledger: Database, amount: int) -> None:
    async def there() -> bool:
        return await effects(ledger.url) >= amount

    await until(there, pause=0.05)


async def test_the_others_work_while_a_partition_is_loaded_and_then_it_does(
    ledger: Database, kafka: str, topic_prefix: str
) -> None:
    settings = settings_for(kafka, topic_prefix)
    handler = Paged()
    worker = Worker(settings, ledger, handler, GROUP)
    async with Sender(settings) as sender, running(worker):
        await until(lambda: handler.pages > 0)
        await sender.send(withdrawn(name, name, 1) for part in range(PARTITIONS) for name in customers(part))
        await applied(ledger, 15)
        before = handler.pages
        await until(lambda: handler.pages > before + 20)
        assert sorted(worker.owned) == [0, 1, 2]
        assert (await effects(ledger.url), handler.begun) == (15, 1)
        handler.all_read = True
        await applied(ledger, 20)
        assert await judge(ledger.url, sender) == CLEAN


async def test_a_page_that_fails_begins_the_loading_anew(ledger: Database, kafka: str, topic_prefix: str) -> None:
    settings = settings_for(kafka, topic_prefix)
    handler = Paged()
    handler.fails = True
    async with Sender(settings) as sender, running(Worker(settings, ledger, handler, GROUP)):
        await sender.send(withdrawn(name, name, 1) for name in customers(SLOW))
        await until(lambda: handler.begun == 2)
        handler.all_read = True
        await applied(ledger, 5)
        assert await judge(ledger.url, sender) == CLEAN


async def test_a_partition_lost_while_it_is_loaded_is_forgotten(
    ledger: Database, kafka: str, topic_prefix: str
) -> None:
    settings = settings_for(kafka, topic_prefix)
    handler = Paged()
    worker = Worker(settings, ledger, handler, GROUP)
    async with Sender(settings) as sender, running(worker):
        await until(lambda: handler.pages > 3)
        dropped = handler.dropped
        async with living(ledger.pool, GROUP, "other"):
            await ledger.pool.execute("UPDATE lease SET epoch = epoch + 1, owner = 'other' WHERE partition = $1", SLOW)
            await until(lambda: handler.dropped > dropped)
            await sender.send(withdrawn(name, name, 1) for name in customers(SLOW))
            pages = handler.pages
            await sender.send(withdrawn(name, name, 1) for name in customers(0))
            await applied(ledger, 5)
            assert handler.pages == pages
            assert SLOW not in worker.owned


class Meeting(LedgerHandler):
    """The first two partitions wait for each other while they are loaded; `fails` is never loaded."""

    def __init__(self, fails: int | None = None) -> None:
        super().__init__()
        self.tries = 0
        self._fails = fails
        self._both = asyncio.Barrier(2)

    async def load(self, connection: Any, partition: int, *, first: bool) -> bool:
        if partition == self._fails:
            self.tries += 1
            raise LookupError("no such page")
        if partition < 2 and self._fails is None:
            await self._both.wait()
        return await super().load(connection, partition, first=first)


async def test_two_partitions_are_loaded_at_once(ledger: Database, kafka: str, topic_prefix: str) -> None:
    async with running(Worker(settings_for(kafka, topic_prefix), ledger, Meeting(), GROUP)) as worker:
        await until(lambda: sorted(worker.owned) == [0, 1, 2, 3])


async def test_one_that_cannot_be_loaded_is_tried_again_and_delays_no_other(
    ledger: Database, kafka: str, topic_prefix: str
) -> None:
    handler = Meeting(fails=0)
    async with running(Worker(settings_for(kafka, topic_prefix), ledger, handler, GROUP)) as worker:
        await until(lambda: sorted(worker.owned) == [1, 2, 3])
        tries = handler.tries
        await until(lambda: handler.tries > tries)


class Leaving(LedgerHandler):
    """Each message leaves three parts of work in its partition; `breaks` makes the parts fail so often."""

    def __init__(self, breaks: int = 0) -> None:
        super().__init__()
        self.left: dict[int, int] = {}
        self.done = 0
        self.breaks = breaks
        self.gate = asyncio.Event()

    @property
    def busy(self) -> Collection[int]:
        return [number for number, amount in self.left.items() if amount and self.gate.is_set()]

    async def apply(self, uow: UnitOfWork, work: Sequence[Work], *, tick: bool) -> None:
        await super().apply(uow, work, tick=tick)
        for item in work:
            self.left[item.partition] = self.left.get(item.partition, 0) + 3 * len(item.messages)

    async def go_on(self, uow: UnitOfWork, partitions: Sequence[int]) -> None:
        if self.breaks:
            self.breaks -= 1
            raise LookupError("work that cannot be done")
        for number in partitions:
            self.left[number] -= 1
            self.done += 1


async def test_what_messages_left_to_do_is_done_without_waiting_for_a_message(
    ledger: Database, kafka: str, topic_prefix: str
) -> None:
    settings = settings_for(kafka, topic_prefix)
    handler = Leaving()
    async with Sender(settings) as sender, running(Worker(settings, ledger, handler, GROUP)):
        await sender.send(withdrawn(name, name, 1) for part in range(PARTITIONS) for name in customers(part))
        await applied(ledger, 20)
        handler.gate.set()
        await until(lambda: handler.done == 60)
        assert not handler.busy


async def test_work_that_never_succeeds_halts_its_partition_and_the_others_go_on(
    ledger: Database, kafka: str, topic_prefix: str
) -> None:
    class Broken(Leaving):
        async def go_on(self, uow: UnitOfWork, partitions: Sequence[int]) -> None:
            if SLOW in partitions:
                raise AttributeError("no such work")
            await super().go_on(uow, partitions)

    settings = settings_for(kafka, topic_prefix)
    handler = Broken()
    handler.gate.set()
    async with Sender(settings) as sender, running(Worker(settings, ledger, handler, GROUP)) as worker:
        await sender.send(withdrawn(name, name, 1) for part in range(PARTITIONS) for name in customers(part))
        await until(lambda: worker.halted)
        await until(lambda: handler.done == 45)
        assert worker.halted.keys() == {SLOW}
        assert worker.halted[SLOW].startswith("what earlier events left to do fails (AttributeError at test_loading.py")
        assert await effects(ledger.url) == 20
        await sender.send(withdrawn(name, name, 2) for name in customers(0))
        await applied(ledger, 25)


async def test_work_that_fails_is_no_messages_fault(ledger: Database, kafka: str, topic_prefix: str) -> None:
    settings = settings_for(kafka, topic_prefix)
    handler = Leaving(breaks=3)
    handler.gate.set()
    async with Sender(settings) as sender, running(Worker(settings, ledger, handler, GROUP)):
        await sender.send(withdrawn(name, name, 1) for part in range(PARTITIONS) for name in customers(part))
        await applied(ledger, 20)
        await until(lambda: handler.done == 60)
        assert await judge(ledger.url, sender) == CLEAN
    assert await ledger.pool.fetchval("SELECT count(*) FROM dead_letter") == 0
