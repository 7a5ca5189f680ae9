"""What becomes of rows when partitions grow: of the outbox, of the services' tables, of a walk through the log."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from candor.commands.partitions import SERVICES, service
from candor.growing.site import Reader, Site
from candor.records.packing import unpack
from candor.records.partitioner import partition_of
from candor.store import erasing, layout, outbox, splitting
from candor.store.db import Database
from candor.store.eraser import Eraser
from candor.store.moving import MOST, Growth
from candor.store.unit_of_work import unit_of_work
from tests.support.consumers import SCHEMAS
from tests.support.foundation import NOON, fresh_database, fresh_foundation, made
from tests.support.outboxes import replay
from tests.support.servers import Databases

CUSTOMERS = [f"c{n}" for n in range(40)]


@pytest_asyncio.fixture(loop_scope="session")
async def database(databases: Databases) -> AsyncIterator[Database]:
    async with fresh_foundation(databases) as database:
        yield database


async def say(database: Database, *versions: int) -> None:
    async with unit_of_work(database) as uow:
        uow.emit(made(f"p-{customer}-{version}", customer, version) for version in versions for customer in CUSTOMERS)


async def split(database: Database, growth: Growth, *, unsent: bool = True) -> None:
    upto = await database.pool.fetchval("SELECT max(id) FROM outbox")
    async with unit_of_work(database) as uow:
        await splitting.page(uow.connection, growth, ["promises"], layout.BEFORE_ALL, upto, unsent)


async def lanes(database: Database) -> dict[int, list[str]]:
    """By partition, the events in the order in which the relay sends them."""
    found = await outbox.waiting(database, range(64))
    return {
        number: [dict(record.headers)["ce_id"].decode() for row in rows for record in unpack(row.records)]
        for number, rows in found.items()
    }


def as_said(partitions: int, *versions: int) -> dict[int, list[str]]:
    expected: dict[int, list[str]] = {}
    for version in versions:
        for customer in CUSTOMERS:
            place = partition_of(customer.encode(), partitions)
            expected.setdefault(place, []).append(f"p-{customer}-{version}.{version}")
    return expected


async def test_rows_are_split_in_their_order_again_and_again(database: Database) -> None:
    await say(database, 1)
    await say(database, 2)
    for growth in (Growth(4, 8), Growth(4, 8), Growth(8, 32)):
        await split(database, growth)
        assert await lanes(database) == as_said(growth.to, 1, 2)
    database.partitions = 32
    await say(database, 3)
    assert await lanes(database) == as_said(32, 1, 2, 3)


async def test_what_was_split_keeps_what_else_is_known_of_it(database: Database) -> None:
    await say(database, 1)
    await database.pool.execute("UPDATE outbox SET published_at = created_at, again = 3")
    before = {tuple(row) for row in await database.pool.fetch("SELECT created_at, published_at, again FROM outbox")}
    await split(database, Growth(4, 8), unsent=False)
    rows = await database.pool.fetch("SELECT created_at, published_at, again, id, keys FROM outbox")
    assert {tuple(row)[:3] for row in rows} == before
    assert sorted(key for row in rows for key in row["keys"]) == sorted(CUSTOMERS)
    assert len(rows) == 8


async def test_a_customer_is_erased_from_rows_that_were_split(database: Database) -> None:
    await say(database, 1, 2)
    await split(database, Growth(4, 8))
    moved = next(name for name in CUSTOMERS if partition_of(name.encode(), 8) >= 4)
    async with unit_of_work(database) as uow:
        await erasing.begin(uow, moved, 3, NOON)
    with pytest.raises(splitting.ErasingError):
        await split(database, Growth(8, 16))
    await Eraser(database, erasing.Work((), kept=True), pause=0).clear()
    left = {key for row in await database.pool.fetch("SELECT keys FROM outbox") for key in row["keys"]}
    assert left == {*CUSTOMERS} - {moved}


async def test_many_rows_are_split_a_page_at_a_time(database: Database) -> None:
    for version in range(1, 61):
        await say(database, version)
    upto = at = await database.pool.fetchval("SELECT max(id) FROM outbox")
    assert upto > splitting.MOST
    places, at = [], 0
    while at < upto:
        async with unit_of_work(database) as uow:
            at = await splitting.page(uow.connection, Growth(4, 8), ["promises"], at, upto, unsent=True)
        places.append(at)
    assert places == [splitting.MOST, upto]
    assert await lanes(database) == as_said(8, *range(1, 61))


async def test_rows_that_were_split_are_sent_again_too(database: Database) -> None:
    await say(database, 1, 2)
    await database.pool.execute("UPDATE outbox SET published_at = created_at")
    await split(database, Growth(4, 8), unsent=False)
    assert await replay(database) == 2 * len(CUSTOMERS)
    assert {place for (place,) in await rows(database, "SELECT partition FROM outbox WHERE again > 0")} == {*range(8)}


async def test_what_lies_in_the_partition_of_before_is_not_said_to_be_sent(database: Database) -> None:
    """Else notify-svc would take the facts of the new partitions for fresh ones."""
    moved = next(customer for customer in CUSTOMERS if partition_of(customer.encode(), 8) == 5)
    async with unit_of_work(database) as uow:
        uow.emit([made("p1", moved)])
    await database.pool.execute("UPDATE outbox SET created_at = now() - interval '1 h'")
    await database.pool.execute("INSERT INTO layout (partitions, before, grows_to) VALUES (8, 4, 8)")
    database.partitions = 8
    assert await late(database) == {1, 5}
    await split(database, Growth(4, 8))
    await database.pool.execute("UPDATE layout SET grows_to = NULL")
    assert await late(database) == {5}


async def late(database: Database) -> set[int]:
    found = await outbox.sent_until(database)
    return {number for number, until in found.items() if until < max(found.values()) - 1_800}


async def rows(database: Database, statement: str) -> list[Any]:
    return [tuple(row) for row in await database.pool.fetch(statement)]


@pytest.mark.parametrize("name", ["risk-svc", "notify-svc"])
async def test_rows_of_promises_go_where_their_customers_belong(databases: Databases, name: str) -> None:
    table = "promise_state" if name == "risk-svc" else "promise"
    async with fresh_database(databases, SCHEMAS[name]) as database:
        await database.pool.execute(PROMISES[name], MOST + 10)
        site = Site(service(name), database)
        for move in site.service.moves:
            await site.move(move, Growth(4, 8))
        found = await rows(database, f"SELECT customer_id, partition FROM {table}")
    assert len(found) == MOST + 10
    assert {place for _, place in found} == set(range(8))
    assert [place for _, place in found] == [partition_of(customer.encode(), 8) for customer, _ in found]


async def test_each_new_partition_knows_the_incidents_and_erasures_of_its_own(databases: Databases) -> None:
    async with fresh_database(databases, SCHEMAS["risk-svc"]) as database:
        await database.pool.execute(INCIDENTS, MOST + 10)
        await database.pool.execute(
            "INSERT INTO erased (partition, customer, version, at) VALUES (1, 'one', 1, 2), (2, 'two', 1, 2)"
        )
        site = Site(service("risk-svc"), database)
        for _ in range(2):
            for move in site.service.moves:
                await site.move(move, Growth(4, 12))
        kept = await rows(database, "SELECT partition, count(DISTINCT incident_id), min(data) FROM incident GROUP BY 1")
        marks = await rows(database, "SELECT partition, customer FROM erased ORDER BY 1")
    assert sorted(kept) == [(number, MOST + 10, b"data") for number in range(12)]
    assert marks == [(1, b"one"), (2, b"two"), (5, b"one"), (6, b"two"), (9, b"one"), (10, b"two")]


def test_each_service_says_which_topics_it_reads_and_which_tables_follow() -> None:
    found = {name: service(name) for name in SERVICES}
    assert found["promise-svc"].readers == (Reader("promise-svc", ("answers",)),)
    assert found["delivery-svc"].readers == (Reader("delivery-svc", ("promises",)),)
    assert found["risk-svc"].readers == (
        Reader("risk-svc", ("promises", "milestones", "notices"), ("incidents",)),
        Reader(
            "risk-svc-insight",
            ("promises", "statements", "milestones", "gaps", "notices"),
            ("capabilities", "incidents"),
        ),
    )
    assert found["notify-svc"].readers == (
        Reader("notify-svc", ("promises", "contacts", "statements", "gaps", "briefs")),
    )


@pytest.mark.parametrize("name", ["promise-svc", "delivery-svc", "risk-svc", "notify-svc"])
async def test_no_table_with_a_partition_is_forgotten(databases: Databases, name: str) -> None:
    """One that a later migration adds has to say here what becomes of it."""
    async with fresh_database(databases, SCHEMAS[name]) as database:
        found = await rows(
            database, "SELECT table_name FROM information_schema.columns WHERE column_name = 'partition'"
        )
    follow = {move.table for move in service(name).moves}
    assert {table for (table,) in found} - follow == {"lease", "dead_letter", "outbox"} | ELSEWHERE[name]


ELSEWHERE: dict[str, set[str]] = {
    # Growing is refused while there are any of these.
    "promise-svc": {"suspect"},
    "delivery-svc": {"suspect"},
    # `work` is empty before anything moves; nobody reads the journal by partition. Each new owner of a partition writes
    # anew whose reviews fail.
    "risk-svc": {"suspect", "work", "journal", "review_aside"},
    # Each turn of the partition's owner writes how fresh its facts are.
    "notify-svc": {"suspect", "freshness", "review_aside"},
}
PROMISES = {
    "risk-svc": """
INSERT INTO promise_state
  (promise_id, partition, customer_id, kind, standing, live, shown, told, score, held_due, state)
SELECT 'p' || n, 0, 'c' || n, 'k', 'open', true, true, false, 0, now(), '' FROM generate_series(1, $1::int) AS n""",
    "notify-svc": """
INSERT INTO promise (promise_id, customer_id, partition, promise_version, gap_version)
SELECT 'p' || n, 'c' || n, 0, 1, 0 FROM generate_series(1, $1::int) AS n""",
}
INCIDENTS = """
INSERT INTO incident (partition, incident_id, version, data, places)
SELECT number, 'i' || n, 1, 'data', '[]' FROM generate_series(1, $1::int) AS n, generate_series(0, 3) AS number"""
