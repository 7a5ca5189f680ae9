"""Errors and events that nobody foresaw: they halt their partition where they happen, and make no dead letters."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from candor.contracts import PromiseWithdrawn, Record, encode
from candor.messaging.consumer import Work, Worker
from candor.records.partitioner import partition_of
from candor.store import suspects
from candor.store.db import Database
from candor.store.suspects import BURY
from candor.store.unit_of_work import UnitOfWork, unit_of_work
from tests.support.ledger.book import GROUP, Findings, LedgerHandler, Sender, effects, judge, settings_for, withdrawn
from tests.support.ledger.running import running
from tests.support.waiting import until

CLEAN = Findings(lost=[], twice=[], inverted=[], forgotten=[])
PLACE = partition_of(b"c1", 4)


class Buggy(LedgerHandler):
    """Has a bug that the event before it does not show."""

    async def apply(self, uow: UnitOfWork, work: Sequence[Work], *, tick: bool) -> None:
        await super().apply(uow, work, tick=tick)
        for item in work:
            for message in item.messages:
                if isinstance(message.data, PromiseWithdrawn) and message.data.reason == "bug":
                    raise AttributeError("'NoneType' object has no attribute 'held_due'")


async def applied(ledger: Database, amount: int) -> None:
    async def there() -> bool:
        return await effects(ledger.url) >= amount

    await until(there, pause=0.05)


async def halted(worker: Worker) -> None:
    await until(lambda: worker.halted)


async def letters(ledger: Database) -> list[tuple[int, str]]:
    return [tuple(row) for row in await ledger.pool.fetch("SELECT kafka_offset, reason FROM dead_letter ORDER BY id")]


async def test_a_bug_halts_at_its_event_and_the_mended_build_goes_on_by_itself(
    ledger: Database, kafka: str, topic_prefix: str
) -> None:
    settings = settings_for(kafka, topic_prefix)
    async with Sender(settings) as sender:
        await sender.send(withdrawn("c1", f"p{n}", 1, "bug" if n >= 60 else "") for n in range(100))
        await sender.send(withdrawn(f"c{n}", f"q{n}", 1) for n in range(2, 60))
        others = sum(partition_of(f"c{n}".encode(), 4) != PLACE for n in range(2, 60))
        async with running(Worker(settings, ledger, Buggy(), GROUP)) as worker:
            await until(lambda: worker.halted)
            [(number, why)] = worker.halted.items()
            assert number == PLACE
            assert why.startswith(
                "promises: the event at offset 60 cannot be applied (AttributeError at test_unknown.py"
            )
            await applied(ledger, 60 + others)
        assert await letters(ledger) == []
        async with running(Worker(settings, ledger, LedgerHandler(), GROUP)) as worker:
            await applied(ledger, 158)
            assert not worker.halted
        assert await judge(ledger.url, sender) == CLEAN


@pytest.mark.parametrize("kind", ["candor.promise.renamed.v1", "candor.promise.withdrawn.v2"])
async def test_an_event_of_a_newer_release_waits_and_a_person_may_put_it_aside(
    ledger: Database, kafka: str, topic_prefix: str, kind: str
) -> None:
    settings = settings_for(kafka, topic_prefix)
    known = encode(withdrawn("c1", "p1", 2))
    headers = [(name, kind.encode() if name == "ce_type" else value) for name, value in known.headers]
    async with Sender(settings) as sender:
        await sender.send([withdrawn("c1", "p0", 1), withdrawn("c1", "p1", 1)])
        await sender.raw("promises", Record(known.key, known.value, headers))
        await sender.send([withdrawn("c1", "p1", 3), withdrawn("c1", "p2", 1)])
        for _ in range(2):
            async with running(Worker(settings, ledger, LedgerHandler(), GROUP)) as worker:
                await halted(worker)
                assert kind in worker.halted[PLACE]
                assert "upgrade the service" in worker.halted[PLACE]
                await applied(ledger, 2)
                assert await letters(ledger) == []
                await until(lambda: _stuck(ledger), pause=0.05)
        async with running(Worker(settings, ledger, LedgerHandler(), GROUP)) as worker:
            await until(lambda: _bury(ledger), pause=0.05)
            await applied(ledger, 3)
            assert not worker.halted
        reason = "unknown_type" if kind.endswith("v1") else "unsupported_version"
        assert await letters(ledger) == [(2, reason), (3, "behind")]


async def _bury(ledger: Database) -> bool:
    async with unit_of_work(ledger) as uow:
        return await suspects.decide(uow.connection, PLACE, BURY)


async def _stuck(ledger: Database) -> bool:
    async with unit_of_work(ledger) as uow:
        return bool(await suspects.stuck(uow.connection))
