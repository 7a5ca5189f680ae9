"""The outbox as the relay, an eraser and a replay see it."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from candor.contracts import decode, encode
from candor.records.packing import unpack
from candor.records.partitioner import partition_of
from candor.store import eraser, erasing, outbox
from candor.store.db import Database
from candor.store.dead_letter import DeadLetter
from candor.store.eraser import Eraser, cleansed
from candor.store.erasing import Letters, Step, Work
from candor.store.erasure import Erasure
from candor.store.errors import StoreUnavailable
from candor.store.outbox import SentRows
from candor.store.unit_of_work import UnitOfWork, unit_of_work
from tests.support.at_work import at_work
from tests.support.foundation import NOON, contact, erased, made, revised
from tests.support.outboxes import EVERYWHERE, GROUP, emit, leased, mark, replay, windows


async def kept(database: Database) -> list[str]:
    """Ids of all events in the outbox, by row."""
    rows = await database.pool.fetch("SELECT topic, records FROM outbox ORDER BY id")
    return [
        decode(row["topic"], record.headers, record.value).envelope.id
        for row in rows
        for record in unpack(row["records"])
    ]


async def test_one_row_a_topic_and_partition_of_a_transaction(database: Database) -> None:
    customers = [f"c{number}" for number in range(20)]
    await emit(database, *(made(f"p{c}", c) for c in customers), *(contact(c) for c in customers))

    rows = await database.pool.fetch("SELECT topic, partition, events, keys FROM outbox")

    assert sorted((row["topic"], row["partition"]) for row in rows) == sorted(
        (topic, partition)
        for topic in ("promises", "contacts")
        for partition in {partition_of(c.encode(), 4) for c in customers}
    )
    assert sum(row["events"] for row in rows) == 40
    for row in rows:
        assert set(row["keys"]) == {c for c in customers if partition_of(c.encode(), 4) == row["partition"]}


async def test_what_waits_comes_oldest_first_and_only_from_the_asked_partitions(database: Database) -> None:
    for number in range(30):
        await emit(database, made(f"p{number}", f"c{number}"))
    rows = await windows(database)
    assert len(rows) == 30
    for partition in EVERYWHERE:
        mine = await windows(database, partition)
        assert mine == [row for row in rows if row.partition == partition]
        assert [row.id for row in mine] == sorted(row.id for row in mine)


async def test_a_window_ends_when_it_holds_enough(database: Database) -> None:
    for batch in range(5):
        await emit(database, *(made(f"p{batch}.{number}", "c1") for number in range(10)))
    place = partition_of(b"c1", 4)
    by_events = await outbox.waiting(database, [place], events=25)
    assert [row.events for row in by_events[place]] == [10, 10, 10]
    by_rows = await outbox.waiting(database, [place], rows=2)
    assert len(by_rows[place]) == 2


async def test_marked_rows_stay_as_the_log_or_go(database: Database) -> None:
    leases = await leased(database)
    await emit(database, made("p1", "c1"), made("p2", "c2"), made("p3", "c3"))
    rows = await windows(database)
    assert await mark(database, leases, rows[:1], keeps=True) == 1
    assert len(await windows(database)) == len(rows) - 1
    assert len(await kept(database)) == 3
    assert await mark(database, leases, rows[1:], keeps=False) == len(rows) - 1
    assert await windows(database) == []
    assert len(await kept(database)) == rows[0].events


async def test_who_lost_the_lease_marks_nothing(database: Database) -> None:
    leases = await leased(database)
    await emit(database, made("p1", "c1"))
    rows = await windows(database)
    await database.pool.execute("UPDATE lease SET epoch = epoch + 1")
    assert await mark(database, leases, rows) == 0
    assert await windows(database) == rows


async def erase(database: Database, *customers: str, most: int = 500) -> None:
    """Mark these customers and do all that follows, a few rows a transaction."""
    async with unit_of_work(database) as uow:
        for customer in customers:
            await erasing.begin(uow, customer, 1, NOON)
    await Eraser(database, Work((Letters(),), kept=True, most=most)).clear()


async def test_erasing_takes_a_customer_s_events_out_of_shared_rows(database: Database) -> None:
    await emit(
        database,
        *(made(f"p{number}", f"c{number}") for number in range(8)),
        *(contact(f"c{number}") for number in range(8)),
    )
    await emit(database, made("only", "c3"), revised("only", "c3", 2))
    shared = {row["id"]: row["events"] for row in await database.pool.fetch("SELECT id, events FROM outbox")}

    await erase(database, "c3", "nobody")
    await emit(database, erased("c3"))

    left = await kept(database)
    assert sorted(left) == sorted(
        [*(f"p{n}.1" for n in range(8) if n != 3), *(f"c{n}.contact.1" for n in range(8) if n != 3), "c3.erased"]
    )
    for row in await database.pool.fetch("SELECT * FROM outbox"):
        records = unpack(row["records"])
        assert row["events"] == len(records) > 0
        assert set(row["keys"]) == {record.key.decode() for record in records}
        assert row["erased"] == shared.get(row["id"], row["events"]) - row["events"]
    assert b"c3" not in b"".join(
        row["records"] for row in await database.pool.fetch("SELECT records FROM outbox") if b"erased" not in row[0]
    )


async def test_the_word_that_a_customer_was_erased_outlives_the_next_erasure(database: Database) -> None:
    await emit(database, made("p1", "c1"), erased("c1"))
    for _ in range(2):
        await erase(database, "c1")
    assert await kept(database) == ["c1.erased"]


async def test_what_the_relay_buried_is_erased_so_that_no_replay_sends_it(database: Database) -> None:
    letters = [
        DeadLetter(group, 0, "promises", 0, key, "p1", "too_large", "why", encode(made("p1", key)))
        for group, key in (("promise-svc.relay", "c1"), ("promise-svc.relay", "c2"), ("risk-svc", "c1"))
    ]
    async with unit_of_work(database) as uow:
        uow.bury(letters)
    await erase(database, "c1")
    left = await database.pool.fetch("SELECT grp, key FROM dead_letter ORDER BY grp")
    assert [tuple(row) for row in left] == [("promise-svc.relay", "c2")]


async def test_erasing_reaches_rows_beyond_the_first_page_each_in_a_transaction_of_its_own(database: Database) -> None:
    for version in range(1, 21):
        await emit(database, made("p1", "c1", version), made("p2", "c2", version))
    async with unit_of_work(database) as uow:
        await erasing.begin(uow, "c1", 1, NOON)
    left = []
    for _ in range(3):
        await Eraser(database, Work((), kept=True, most=1)).step()
        left.append(len([event for event in await kept(database) if event.startswith("p1.")]))
    assert left == sorted(left, reverse=True)
    assert 0 < left[-1] < left[0] < 20
    await Eraser(database, Work((), kept=True, most=1)).clear()
    assert await kept(database) == [f"p2.{version}" for version in range(1, 21)]


async def test_a_step_packs_no_more_events_than_its_bound(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "EVENTS", 4)
    for version in range(1, 7):
        await emit(database, made("p1", "c1", version), made("p2", "c1", version))
    async with unit_of_work(database) as uow:
        await erasing.begin(uow, "c1", 1, NOON)
    await Eraser(database, Work((), kept=True)).step()
    assert await kept(database) == [f"p{n}.{version}" for version in range(3, 7) for n in (1, 2)]
    await Eraser(database, Work((), kept=True)).clear()
    assert await kept(database) == []


async def test_customers_of_one_moment_share_a_walk_and_those_who_come_later_the_next(database: Database) -> None:
    for number in range(6):
        for customer in ("c1", "c2", "c3"):
            await emit(database, made(f"{customer}.{number}", customer))
    eraser = Eraser(database, Work((), kept=True, most=1))
    async with unit_of_work(database) as uow:
        await erasing.begin(uow, "c1", 1, NOON)
        await erasing.begin(uow, "c2", 1, NOON)
    await eraser.step()
    async with unit_of_work(database) as uow:
        await erasing.begin(uow, "c3", 1, NOON)
    places = "SELECT customer_id, part, place FROM erasure ORDER BY customer_id"
    while True:
        first, second, third = [tuple(row)[1:] for row in await database.pool.fetch(places)]
        assert first == second
        if first[0] == 1:
            break
        assert third == (0, 0)
        await eraser.step()
    assert [event[:2] for event in await kept(database)] == ["c3"] * 6
    await eraser.clear()
    assert await kept(database) == []


async def test_what_is_said_after_an_erasure_began_stays(database: Database) -> None:
    await emit(database, made("p1", "c1"))
    async with unit_of_work(database) as uow:
        await erasing.begin(uow, "c1", 1, NOON)
    await emit(database, made("p2", "c1"))
    await Eraser(database, Work((), kept=True)).clear()
    assert await kept(database) == ["p2.1"]


async def test_a_replay_sends_nothing_of_a_customer_who_is_being_erased(database: Database) -> None:
    leases = await leased(database)
    await emit(database, made("p1", "c1"), made("p2", "c2"), made("p3", "c3"), made("p4", "c4"))
    await emit(database, made("only", "c1"))
    await mark(database, leases, await windows(database))
    async with unit_of_work(database) as uow:
        await erasing.begin(uow, "c1", 1, NOON)
        uow.emit([erased("c1")])
    await emit(database, made("back", "c1"))
    await replay(database)
    for _ in range(2):
        lanes = [await outbox.waiting(database, EVERYWHERE, group=GROUP, again=again) for again in (False, True)]
        sent = [await cleansed(database, found) for found in lanes]
        rows = [row for found in sent for window in found.values() for row in window]
        ids = [decode(row.topic, r.headers, r.value).envelope.id for row in rows for r in unpack(row.records)]
        assert sorted(ids) == ["back.1", "c1.erased", "p2.1", "p3.1", "p4.1"]
        assert all(row.events == len(unpack(row.records)) for row in rows)
    new, old = ([row for window in found.values() for row in window] for found in sent)
    assert await mark(database, leases, new) + await mark(database, leases, old, again=True) == len(rows)
    assert await windows(database) == []


async def test_a_step_that_fails_changes_nothing_and_the_next_process_goes_on(database: Database) -> None:
    for version in range(1, 11):
        await emit(database, made("p1", "c1", version))
    async with unit_of_work(database) as uow:
        await erasing.begin(uow, "c1", 1, NOON)
    work = Work((), kept=True, most=1)
    await Eraser(database, work).step()
    before = await kept(database)
    with pytest.raises(ZeroDivisionError):
        async with unit_of_work(database) as uow:
            await work.step(uow)
            raise ZeroDivisionError
    assert await kept(database) == before != []
    await Eraser(database, Work((), kept=True, most=1)).clear()
    assert await kept(database) == []
    assert await database.pool.fetch("SELECT FROM erasure") == []


async def test_a_dropped_record_leaves_its_neighbours(database: Database) -> None:
    await emit(database, made("p1", "c1"), made("p2", "c1"), made("p3", "c1"))
    (row,) = await windows(database)
    async with unit_of_work(database) as uow:
        await outbox.drop(uow, row.id, 1)
    assert await kept(database) == ["p1.1", "p3.1"]
    async with unit_of_work(database) as uow:
        await outbox.drop(uow, row.id, 1)
        await outbox.drop(uow, row.id, 0)
    assert await windows(database) == []


async def test_a_locked_row_makes_marking_wait_and_fail_as_an_outage(database: Database) -> None:
    leases = await leased(database)
    await emit(database, made("p1", "c1"))
    rows = await windows(database)
    other = await asyncpg.connect(database.url)
    holding = other.transaction()
    await holding.start()
    await other.execute("SELECT FROM outbox FOR UPDATE")
    with pytest.raises(StoreUnavailable):
        async with unit_of_work(database) as uow:
            await uow.connection.execute("SET LOCAL lock_timeout = '20ms'")
            sent = [SentRows(row.partition, leases.epochs[row.partition], [row]) for row in rows]
            await outbox.mark(uow, GROUP, sent, keeps=True)
    await holding.rollback()
    await other.close()
    assert await mark(database, leases, rows) == 1


async def test_many_writers_at_once_keep_the_order_of_each_aggregate(database: Database) -> None:
    await database.pool.execute("INSERT INTO effect (id, n) SELECT 'p' || i, 0 FROM generate_series(0, 9) AS i")

    async def writer(customer: int) -> None:
        for _ in range(10):
            async with unit_of_work(database) as uow:
                statement = "UPDATE effect SET n = n + 1 WHERE id = $1 RETURNING n"
                version = await uow.connection.fetchval(statement, f"p{customer}")
                uow.emit([made(f"p{customer}", f"c{customer}", version)])

    await asyncio.gather(*(writer(number % 10) for number in range(30)))

    seen: dict[str, int] = {}
    for event in await kept(database):
        promise, _, version = event.partition(".")
        assert int(version) == seen.get(promise, 0) + 1
        seen[promise] = int(version)
    assert set(seen.values()) == {30}


async def test_a_damaged_row_stops_no_erasure(database: Database) -> None:
    await emit(database, made("p1", "c1"))
    await database.pool.execute(
        "INSERT INTO outbox (topic, partition, events, keys, records) VALUES ('promises', 3, 1, '{c1}', 'noise')"
    )
    await emit(database, made("p2", "c1"))
    await erase(database, "c1")
    assert [row["records"] for row in await database.pool.fetch("SELECT records FROM outbox")] == [b"noise"]


class Failing:
    """A part that always fails for one customer."""

    async def step(self, uow: UnitOfWork, erasure: Erasure, most: int) -> Step:
        if erasure.customer_id == "c1":
            raise ZeroDivisionError
        return Step(0, False)


async def test_a_customer_whose_erasure_fails_does_not_keep_the_others_from_theirs(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(eraser, "AGAIN_SECONDS", 0.01)
    monkeypatch.setattr(eraser, "IDLE_SECONDS", 0.01)
    async with unit_of_work(database) as uow:
        for customer in ("c1", "c2", "c3"):
            await erasing.begin(uow, customer, 1, NOON)
    background = Eraser(database, Work((Failing(),), kept=False))
    async with at_work(background):
        await until_gone(database, 1)
    assert await database.pool.fetchval("SELECT array_agg(customer_id) FROM erasure") == ["c1"]


async def until_gone(database: Database, left: int) -> None:
    async with asyncio.timeout(30):
        while await database.pool.fetchval("SELECT count(*) FROM erasure") > left:  # noqa: ASYNC110 - rows give no event
            await asyncio.sleep(0.01)
