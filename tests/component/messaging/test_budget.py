"""What our own limits cancel: found over several attempts and restarts, and then halting its own partition alone."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence

import pytest
import pytest_asyncio

from candor.contracts import PromiseWithdrawn
from candor.messaging.consumer import Limits, Work, Worker
from candor.messaging.suspicion import DIED, Budget
from candor.records.partitioner import partition_of
from candor.store import suspects
from candor.store.db import LIMITS, Database
from candor.store.suspects import BURY, RETRY
from candor.store.unit_of_work import UnitOfWork, unit_of_work
from tests.support.ledger.book import GROUP, Findings, LedgerHandler, Sender, effects, judge, settings_for, withdrawn
from tests.support.ledger.running import running
from tests.support.waiting import until

CLEAN = Findings(lost=[], twice=[], inverted=[], forgotten=[])
PLACE = partition_of(b"c1", 4)
QUICK = Limits(budget=Budget(rest=0.1))
SHORT = LIMITS | {"statement_timeout": "0.2s", "idle_in_transaction_session_timeout": "0.4s"}
TOO_MUCH = ("slow", "silent", "memory")


class Heavy(LedgerHandler):
    """What events of some reasons ask for is more than our limits allow, until `mended`."""

    def __init__(self, *, mended: bool = False) -> None:
        super().__init__(mended=mended)
        self.applied: list[tuple[int, int]] = []

    async def apply(self, uow: UnitOfWork, work: Sequence[Work], *, tick: bool) -> None:
        await super().apply(uow, work, tick=tick)
        self.applied += [(item.partition, len(item.messages)) for item in work if item.messages]
        for item in work:
            for message in item.messages:
                if isinstance(message.data, PromiseWithdrawn) and not self.mended:
                    await self._ask(uow, message.data.reason)

    async def _ask(self, uow: UnitOfWork, reason: str) -> None:
        if reason == "slow":
            await uow.connection.execute("SELECT pg_sleep(5)")
        elif reason == "silent":
            time.sleep(0.6)  # noqa: ASYNC251 - it is the loop that stands still
        elif reason == "memory":
            raise MemoryError


@pytest_asyncio.fixture(loop_scope="session")
async def short(ledger: Database) -> AsyncIterator[Database]:
    database = await Database.open(ledger.url, limits=SHORT)
    yield database
    await database.close()


async def applied(ledger: Database, amount: int) -> None:
    async def there() -> bool:
        return await effects(ledger.url) >= amount

    await until(there, pause=0.05)


async def decide(ledger: Database, state: str) -> bool:
    async with unit_of_work(ledger) as uow:
        return await suspects.decide(uow.connection, PLACE, state)


async def shown(ledger: Database) -> list[tuple[int, str, int]]:
    async with unit_of_work(ledger) as uow:
        return [(item.partition, item.topic, item.offset) for item in await suspects.stuck(uow.connection)]


@pytest.mark.parametrize("what", TOO_MUCH)
async def test_one_event_that_is_too_much_halts_its_partition_alone_and_in_words(
    ledger: Database, short: Database, kafka: str, topic_prefix: str, what: str
) -> None:
    settings = settings_for(kafka, topic_prefix)
    async with Sender(settings) as sender:
        await sender.send(withdrawn("c1", f"p{n}", 1, what if n == 13 else "") for n in range(20))
        await sender.send(withdrawn(f"c{n}", f"q{n}", 1) for n in range(2, 60))
        others = sum(partition_of(f"c{n}".encode(), 4) != PLACE for n in range(2, 60))
        async with running(Worker(settings, short, Heavy(), GROUP, limits=QUICK)) as worker:
            await until(lambda: worker.halted)
            [(number, why)] = worker.halted.items()
            assert number == PLACE
            assert why.startswith("promises: the event at offset 13 cannot be applied (")
            assert why.endswith("attempts: 3")
            await applied(ledger, 13 + others)
            await sender.send(withdrawn(f"c{n}", f"q{n}", 2) for n in range(2, 60))
            await applied(ledger, 13 + 2 * others)
            assert await shown(ledger) == [(PLACE, "promises", 13)]
    assert await ledger.pool.fetchval("SELECT count(*) FROM dead_letter") == 0


async def halted(worker: Worker) -> None:
    await until(lambda: worker.halted)


async def test_a_person_has_it_tried_again_or_put_aside(
    ledger: Database, short: Database, kafka: str, topic_prefix: str
) -> None:
    settings = settings_for(kafka, topic_prefix)
    handler = Heavy()
    async with Sender(settings) as sender:
        await sender.send(withdrawn("c1", f"p{n}", 1, "slow" if n == 3 else "") for n in range(8))
        async with running(Worker(settings, short, handler, GROUP, limits=QUICK)) as worker:
            await halted(worker)
            tries = len(handler.applied)
            assert await decide(ledger, RETRY)
            await until(lambda: len(handler.applied) > tries)
            await halted(worker)
            assert await decide(ledger, BURY)
            await applied(ledger, 7)
            assert not worker.halted
        assert await judge(ledger.url, sender, without=["w-p3-1"]) == CLEAN
    [row] = await ledger.pool.fetch("SELECT kafka_offset, reason, detail FROM dead_letter")
    assert (row["kafka_offset"], row["reason"]) == (3, "over_limit")
    assert "QueryCanceledError" in row["detail"]
    assert await ledger.pool.fetchval("SELECT count(*) FROM suspect") == 0


async def test_a_restart_goes_on_where_the_search_was_and_a_mended_build_goes_through(
    ledger: Database, short: Database, kafka: str, topic_prefix: str
) -> None:
    settings = settings_for(kafka, topic_prefix)
    async with Sender(settings) as sender:
        await sender.send(withdrawn("c1", f"p{n}", 1, "slow" if n == 30 else "") for n in range(32))
        async with running(Worker(settings, short, Heavy(), GROUP, limits=QUICK)) as worker:
            await halted(worker)
        handler = Heavy()
        async with running(Worker(settings, short, handler, GROUP, limits=QUICK)) as worker:
            await halted(worker)
            # An event that an error stopped is tried once more: this may be the build that mends it.
            assert handler.applied == [(PLACE, 1)]
        async with running(Worker(settings, short, Heavy(mended=True), GROUP, limits=QUICK)) as worker:
            await applied(ledger, 32)
            assert not worker.halted
        assert await judge(ledger.url, sender) == CLEAN


async def test_a_batch_that_is_only_too_large_goes_through_in_parts(
    ledger: Database, short: Database, kafka: str, topic_prefix: str
) -> None:
    class Large(LedgerHandler):
        async def apply(self, uow: UnitOfWork, work: Sequence[Work], *, tick: bool) -> None:
            await super().apply(uow, work, tick=tick)
            if any(len(item.messages) > 5 for item in work):
                await uow.connection.execute("SELECT pg_sleep(5)")

    settings = settings_for(kafka, topic_prefix)
    async with Sender(settings) as sender:
        await sender.send(withdrawn("c1", f"p{n}", 1) for n in range(23))
        async with running(Worker(settings, short, Large(), GROUP, limits=QUICK)) as worker:
            await applied(ledger, 23)
            assert not worker.halted
        assert await judge(ledger.url, sender) == CLEAN
    assert await ledger.pool.fetchval("SELECT count(*) FROM suspect") == 0


async def test_an_outage_counts_for_nothing(
    ledger: Database, short: Database, kafka: str, topic_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_for(kafka, topic_prefix)
    away = True

    async def check(database: Database) -> None:
        if away:
            raise ConnectionError
        await asked(database)

    asked = Database.check
    monkeypatch.setattr(Database, "check", check)
    handler = Heavy()
    async with Sender(settings) as sender:
        await sender.send(withdrawn("c1", f"p{n}", 1, "slow" if n == 1 else "") for n in range(4))
        async with running(Worker(settings, short, handler, GROUP, limits=QUICK)) as worker:
            await until(lambda: len(handler.applied) > 4)
            assert not worker.halted
            assert await ledger.pool.fetchval("SELECT count(*) FROM suspect") == 0
            away = False
            await halted(worker)


async def test_what_a_process_died_of_is_found_by_those_who_take_over(
    ledger: Database, short: Database, kafka: str, topic_prefix: str
) -> None:
    settings = settings_for(kafka, topic_prefix)
    handler = Deadly()
    async with Sender(settings) as sender:
        await sender.send(withdrawn("c1", f"p{n}", 1) for n in range(8))
        for _ in range(12):
            worker = Worker(settings, short, handler, GROUP, limits=QUICK)
            task = asyncio.create_task(worker.run())
            await halted_or(worker, handler.dying)
            if worker.halted:
                break
            handler.dying.clear()
            task.cancel()
            await asyncio.wait([task])
            # As a process leaves it that was killed.
            await ledger.pool.execute("UPDATE lease SET owner = 'the dead'")
        assert worker.halted == {PLACE: f"promises: the event at offset 5 cannot be applied ({DIED}), attempts: 3"}
        await until(lambda: _shown_once(ledger), pause=0.05)
        await worker.stop()
        await task
    # The first owner wrote nothing down: it had no reason to suspect anything.
    assert handler.died == [8, 8, 8, 2, 1, 1, 1]
    async with running(Worker(settings, short, LedgerHandler(), GROUP, limits=QUICK)) as worker:
        # Of what processes died of, the next one must not die by itself.
        await halted(worker)


class Deadly(LedgerHandler):
    """Never comes back from one event: whoever applies it is killed."""

    def __init__(self) -> None:
        super().__init__()
        self.dying = asyncio.Event()
        self.died: list[int] = []

    async def apply(self, uow: UnitOfWork, work: Sequence[Work], *, tick: bool) -> None:
        await super().apply(uow, work, tick=tick)
        for item in work:
            if any(message.envelope.subject == "p5" for message in item.messages):
                self.died.append(len(item.messages))
                self.dying.set()
                await asyncio.Event().wait()


async def halted_or(worker: Worker, event: asyncio.Event) -> None:
    await until(lambda: worker.halted or event.is_set())


async def _shown_once(ledger: Database) -> bool:
    return len(await shown(ledger)) == 1
