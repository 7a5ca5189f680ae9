"""Events that cannot be used: parked with their bytes, followed by their own only, stopped when there are too many."""

from __future__ import annotations

import random

from candor.contracts import CustomerErased, Record, encode, message
from candor.messaging.consumer import Limits, Worker
from candor.store import dead_letter
from candor.store.db import Database
from candor.store.dead_letter import BEHIND, StoredDeadLetter
from candor.store.unit_of_work import unit_of_work
from tests.support.ledger.book import (
    GROUP,
    NOON,
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
from tests.support.waiting import until

CLEAN = Findings(lost=[], twice=[], inverted=[], forgotten=[])


async def letters(ledger: Database, state: str = "") -> list[StoredDeadLetter]:
    async with unit_of_work(ledger) as uow:
        return await dead_letter.find(uow.connection, state=state, limit=10_000)


async def decide(ledger: Database, state: str, number: int | None = None) -> int:
    async with unit_of_work(ledger) as uow:
        return await dead_letter.decide(uow.connection, state, number=number)


async def reached(ledger: Database, applied: int, buried: int) -> None:
    async def there() -> bool:
        return await effects(ledger.url) >= applied and len(await letters(ledger)) >= buried

    await until(there, pause=0.05)


def garbage(customer: str, promise: str, version: int) -> Record:
    return Record(customer.encode(), b"{", encode(withdrawn(customer, promise, version)).headers)


async def test_garbage_is_parked_and_only_its_own_subject_waits(
    ledger: Database, kafka: str, topic_prefix: str
) -> None:
    settings = settings_for(kafka, topic_prefix)
    async with Sender(settings) as sender:
        await sender.send([withdrawn("c1", "p1", 1), withdrawn("c1", "p2", 1)])
        await sender.raw("promises", garbage("c1", "p1", 2))
        await sender.raw("promises", Record(b"c1", b"\xff\x00 not json", []))
        await sender.send([withdrawn("c1", "p1", 3), withdrawn("c1", "p2", 2), milestone("c1", "p1", 1)])
        async with running(Worker(settings, ledger, LedgerHandler(), GROUP)):
            await reached(ledger, 4, 3)
        assert await judge(ledger.url, sender, without=["w-p1-3"]) == CLEAN
    found = await letters(ledger)
    assert [(item.subject, item.reason) for item in found] == [
        ("p1", "bad_data"),
        ("", "missing_attribute"),
        ("p1", BEHIND),
    ]
    assert found[1].record == Record(b"c1", b"\xff\x00 not json", [])


async def test_a_rejected_event_keeps_back_its_followers_of_the_same_batch(
    ledger: Database, kafka: str, topic_prefix: str
) -> None:
    settings = settings_for(kafka, topic_prefix)
    handler = LedgerHandler()
    async with Sender(settings) as sender:
        await sender.send(withdrawn("c1", f"p{n}", 1) for n in range(30))
        await sender.send([withdrawn("c1", "p7", 2, "refuse"), withdrawn("c1", "p8", 2)])
        await sender.send([withdrawn("c1", "p7", 3), withdrawn("c1", "p8", 3)])
        async with running(Worker(settings, ledger, handler, GROUP)):
            await reached(ledger, 32, 2)
        assert await judge(ledger.url, sender, without=["w-p7-2", "w-p7-3"]) == CLEAN
    assert [(item.subject, item.reason, item.detail) for item in await letters(ledger)] == [
        ("p7", "not_open", "the promise is not open"),
        ("p7", BEHIND, "an earlier event of this subject is a dead letter"),
    ]


async def test_a_rejection_that_nobody_follows_costs_no_second_attempt(
    ledger: Database, kafka: str, topic_prefix: str
) -> None:
    settings = settings_for(kafka, topic_prefix)
    handler = LedgerHandler()
    async with Sender(settings) as sender:
        await sender.send(withdrawn("c1", f"p{n}", 1, "refuse" if n == 5 else "") for n in range(30))
        async with running(Worker(settings, ledger, handler, GROUP)):
            await reached(ledger, 29, 1)
    assert handler.loads == 4


async def test_what_the_handler_trips_over_is_found_and_parked_alone(
    ledger: Database, kafka: str, topic_prefix: str
) -> None:
    settings = settings_for(kafka, topic_prefix)
    async with Sender(settings) as sender:
        await sender.send(withdrawn(f"c{n}", f"p{n}", 1, "boom" if n in (40, 41, 170) else "") for n in range(200))
        await sender.send(withdrawn(f"c{n}", f"p{n}", 2) for n in range(200))
        async with running(Worker(settings, ledger, LedgerHandler(), GROUP)):
            await reached(ledger, 394, 6)
        without = [f"w-p{n}-{version}" for n in (40, 41, 170) for version in (1, 2)]
        assert await judge(ledger.url, sender, without=without) == CLEAN
    found = [item for item in await letters(ledger) if item.reason != BEHIND]
    assert {item.reason for item in found} == {"handler_error"}
    assert all(item.detail.startswith("ValueError at book.py:") for item in found)
    assert "a bug of the handler" not in found[0].detail


async def test_one_percent_is_parked_and_everything_goes_on(
    ledger: Database, kafka: str, topic_prefix: str, seeded: random.Random
) -> None:
    settings = settings_for(kafka, topic_prefix)
    amount = 6_000
    bad = {start + seeded.randrange(100) for start in range(0, amount, 100)}
    worker = Worker(settings, ledger, LedgerHandler(), GROUP)
    async with Sender(settings) as sender:
        # One bad among a hundred good ones: all of them at the head of a topic would be far over one percent there.
        for start in range(0, amount, 100):
            block = range(start, start + 100)
            [number] = bad & set(block)
            await sender.raw("promises", garbage(f"c{number}", f"p{number}", 1))
            await sender.send(withdrawn(f"c{n}", f"p{n}", 1) for n in block if n != number)
        async with running(worker):
            await reached(ledger, amount - len(bad), len(bad))
            assert worker.halted == {}
        assert await judge(ledger.url, sender) == CLEAN


async def test_twenty_in_a_row_halt_the_partition_and_a_restart_does_not_open_it(
    ledger: Database, kafka: str, topic_prefix: str
) -> None:
    settings = settings_for(kafka, topic_prefix)
    async with Sender(settings) as sender:
        await sender.send(withdrawn("c1", f"p{n}", 1, "boom") for n in range(200))
        for _ in range(2):
            async with running(Worker(settings, ledger, LedgerHandler(), GROUP)) as worker:
                await until(lambda: worker.halted)
                [(number, why)] = worker.halted.items()
                assert "20 dead letters in a row" in why
                assert worker.owned[number].offsets["promises"] == 20
            assert len(await letters(ledger)) == 20


async def test_rejections_halt_at_twenty_as_well(ledger: Database, kafka: str, topic_prefix: str) -> None:
    settings = settings_for(kafka, topic_prefix)
    async with Sender(settings) as sender:
        await sender.send(withdrawn("c1", "fine", version) for version in range(1, 6))
        await sender.send(withdrawn("c1", f"p{n}", 1, "refuse") for n in range(100))
        async with running(Worker(settings, ledger, LedgerHandler(), GROUP)) as worker:
            await until(lambda: worker.halted)
        assert len(await letters(ledger)) == 20
        assert await effects(ledger.url) == 5


async def test_other_partitions_go_on_while_one_is_halted(ledger: Database, kafka: str, topic_prefix: str) -> None:
    settings = settings_for(kafka, topic_prefix)
    async with Sender(settings) as sender:
        await sender.send(withdrawn("c1", f"p{n}", 1, "boom") for n in range(40))
        async with running(Worker(settings, ledger, LedgerHandler(broadcast=("incidents",)), GROUP)) as worker:
            await until(lambda: worker.halted)
            await sender.send([incident("i1", 1)])
            await sender.send(withdrawn(f"c{n}", f"q{n}", 1) for n in range(2, 60))
            halted = next(iter(worker.halted))
            await until(lambda: _three_partitions_have(ledger, "i1"), pause=0.05)
        query = "SELECT count(*) FROM effect WHERE partition = $1"
        assert await ledger.pool.fetchval(query, halted) == 0


async def _three_partitions_have(ledger: Database, subject: str) -> bool:
    return bool(await ledger.pool.fetchval("SELECT count(*) = 3 FROM effect WHERE subject = $1", subject))


async def test_replaying_after_the_mend_applies_all_in_order_and_opens_the_partition(
    ledger: Database, kafka: str, topic_prefix: str
) -> None:
    settings = settings_for(kafka, topic_prefix)
    async with Sender(settings) as sender:
        await sender.send(withdrawn("c1", f"p{n % 25}", n // 25 + 1, "boom" if n < 25 else "") for n in range(100))
        async with running(Worker(settings, ledger, LedgerHandler(), GROUP)) as worker:
            await until(lambda: worker.halted)
        assert await decide(ledger, "replay") == 20
        async with running(Worker(settings, ledger, LedgerHandler(mended=True), GROUP)) as worker:
            await until(lambda: _at_least(ledger, 100), pause=0.05)
            await until(lambda: not worker.halted)
        assert await judge(ledger.url, sender) == CLEAN
    assert {item.state for item in await letters(ledger)} == {"replayed"}


async def _at_least(ledger: Database, amount: int) -> bool:
    return await effects(ledger.url) >= amount


async def test_a_replay_that_fails_is_held_again_and_its_followers_wait_on(
    ledger: Database, kafka: str, topic_prefix: str
) -> None:
    settings = settings_for(kafka, topic_prefix)
    async with Sender(settings) as sender:
        await sender.send([withdrawn("c1", "p1", 1, "boom"), withdrawn("c1", "p1", 2), withdrawn("c1", "p2", 1)])
        async with running(Worker(settings, ledger, LedgerHandler(), GROUP)):
            await reached(ledger, 1, 2)
            await decide(ledger, "replay")
            await until(lambda: _none(ledger, "replay"), pause=0.05)
            assert [item.state for item in await letters(ledger)] == ["held", "held"]
            assert await effects(ledger.url) == 1
            await decide(ledger, "discarded", (await letters(ledger))[0].id)
            await until(lambda: _at_least(ledger, 2), pause=0.05)
            await sender.send([withdrawn("c1", "p1", 3)])
            await until(lambda: _at_least(ledger, 3), pause=0.05)
    assert [item.state for item in await letters(ledger)] == ["discarded", "replayed"]


async def _none(ledger: Database, state: str) -> bool:
    return not await letters(ledger, state)


async def test_limits_are_the_deployments_choice(ledger: Database, kafka: str, topic_prefix: str) -> None:
    settings = settings_for(kafka, topic_prefix)
    async with Sender(settings) as sender:
        await sender.send(withdrawn("c1", f"p{n}", 1, "refuse") for n in range(50))
        async with running(Worker(settings, ledger, LedgerHandler(), GROUP, limits=Limits(consecutive=3))) as worker:
            await until(lambda: worker.halted)
        assert len(await letters(ledger)) == 3


async def test_an_erased_customers_dead_letters_are_erased_too(ledger: Database, kafka: str, topic_prefix: str) -> None:
    settings = settings_for(kafka, topic_prefix)
    async with Sender(settings) as sender:
        await sender.send([withdrawn("c1", "p1", 1, "refuse"), withdrawn("c2", "p2", 1, "refuse")])
        async with running(Worker(settings, ledger, LedgerHandler(), GROUP)):
            await reached(ledger, 0, 2)
            gone = CustomerErased("c1")
            await sender.send([withdrawn("c1", "p3", 1, "refuse")])
            await sender.send([message("erase-c1", "promise-svc", NOON, "c1", 1, gone), withdrawn("c1", "p1", 2)])
            await until(lambda: _at_least(ledger, 1), pause=0.05)
            await sender.send([withdrawn("c1", "p4", 1)])
            await until(lambda: _at_least(ledger, 2), pause=0.05)
        assert [(item.key, item.subject) for item in await letters(ledger) if item.reason != BEHIND] == [("c2", "p2")]
