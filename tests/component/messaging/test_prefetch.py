"""A worker that reads ahead while it catches up: still every event once and in order, whatever becomes of a batch."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from candor.messaging import consumer
from candor.messaging.consumer import Work, Worker
from candor.messaging.prefetch import Decoded, Prefetch
from candor.ops.settings import Settings
from candor.store.db import Database
from candor.store.unit_of_work import UnitOfWork
from tests.support.ledger.book import (
    GROUP,
    Findings,
    LedgerHandler,
    Sender,
    effects,
    incident,
    judge,
    settings_for,
    withdrawn,
)
from tests.support.ledger.running import running
from tests.support.waiting import until

CLEAN = Findings(lost=[], twice=[], inverted=[], forgotten=[])
BATCH = 300
EVENTS = 6_000


class CountingPrefetch(Prefetch):
    """Counts the batches that were read ahead and used, and those that were given up."""

    used = 0
    given_up = 0

    async def take(self) -> Decoded:
        decoded = await super().take()
        self.used += bool(decoded)
        return decoded

    async def forget(self) -> None:
        self.given_up += self._task is not None
        await super().forget()


class DisturbedHandler(LedgerHandler):
    """Lets something happen in every second transaction that has events, at most `times`."""

    def __init__(self, times: int) -> None:
        super().__init__(broadcast=("incidents",))
        self.times = times
        self.batches = 0

    async def apply(self, uow: UnitOfWork, work: Sequence[Work], *, tick: bool) -> None:
        await super().apply(uow, work, tick=tick)
        self.batches += any(item.messages for item in work)
        if self.times and self.batches == 2:
            self.batches = 0
            self.times -= 1
            await self.disturb()

    async def disturb(self) -> None:
        raise ConnectionResetError("a neighbour went away")


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumer, "BATCH", BATCH)
    monkeypatch.setattr(consumer, "WORTH", 1)


async def catch_up(
    ledger: Database, kafka: str, prefix: str, handler: LedgerHandler, partitions: int = 4
) -> CountingPrefetch:
    """Let a worker read a backlog over all partitions, and judge what it made of it."""
    settings = settings_for(kafka, prefix, partitions)
    worker = Worker(settings, ledger, handler, GROUP)
    worker._ahead = ahead = CountingPrefetch(worker.source)
    async with Sender(settings) as sender:
        await sender.send(withdrawn(f"c{n % 40}", f"p{n % 40}", n // 40 + 1) for n in range(EVENTS))
        await sender.send(incident("i1", n + 1) for n in range(20))
        async with running(worker):

            async def all_there() -> bool:
                return await effects(ledger.url) >= EVENTS + 20 * partitions

            await until(all_there, pause=0.05)
        assert await judge(ledger.url, sender, readers=partitions) == CLEAN
    assert handler.largest <= BATCH + 20
    return ahead


async def test_a_backlog_is_read_ahead(ledger: Database, kafka: str, topic_prefix: str) -> None:
    ahead = await catch_up(ledger, kafka, topic_prefix, LedgerHandler(broadcast=("incidents",)))
    assert ahead.used >= 2


async def test_a_backlog_of_as_many_partitions_as_there_are_by_default(
    ledger: Database, kafka: str, topic_prefix: str
) -> None:
    many: int = Settings.model_fields["partitions"].default
    await catch_up(ledger, kafka, topic_prefix, LedgerHandler(broadcast=("incidents",)), many)
    assert await ledger.pool.fetchval("SELECT count(DISTINCT partition) FROM effect") == many


async def test_what_was_read_ahead_of_a_failed_batch_is_read_again(
    ledger: Database, kafka: str, topic_prefix: str
) -> None:
    handler = DisturbedHandler(2)
    ahead = await catch_up(ledger, kafka, topic_prefix, handler)
    assert handler.times == 0
    assert ahead.given_up >= 2 and ahead.used >= 1


async def test_what_was_read_ahead_for_a_partition_that_was_taken_away_is_not_applied(
    ledger: Database, kafka: str, topic_prefix: str
) -> None:
    class RobbedHandler(DisturbedHandler):
        robbing: asyncio.Task[None] | None = None

        async def disturb(self) -> None:
            # The row lock of the running batch holds this up until its commit; the next batch, read ahead, is fenced.
            self.robbing = asyncio.create_task(rob())

    async def rob() -> None:
        await ledger.pool.execute(
            "UPDATE lease SET owner = '', epoch = epoch + 1 WHERE grp = $1 AND partition IN (0, 1)", GROUP
        )

    handler = RobbedHandler(2)
    ahead = await catch_up(ledger, kafka, topic_prefix, handler)
    assert handler.robbing is not None
    await handler.robbing
    assert ahead.used >= 1


async def test_a_poisoned_batch_is_searched_while_the_next_waits(
    ledger: Database, kafka: str, topic_prefix: str
) -> None:
    settings = settings_for(kafka, topic_prefix)
    worker = Worker(settings, ledger, LedgerHandler(), GROUP)
    async with Sender(settings) as sender:
        await sender.send(
            withdrawn(f"c{n % 40}", f"p{n}", 1, "boom" if n in (700, 2_900) else "") for n in range(4_000)
        )
        async with running(worker):

            async def all_there() -> bool:
                return await effects(ledger.url) >= 3_998

            await until(all_there, pause=0.05)
        bad = [withdrawn(f"c{n % 40}", f"p{n}", 1).envelope.id for n in (700, 2_900)]
        assert await judge(ledger.url, sender, without=bad) == CLEAN
    assert await ledger.pool.fetchval("SELECT count(*) FROM dead_letter WHERE reason = 'handler_error'") == 2
