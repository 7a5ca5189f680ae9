"""One transaction: all of it or nothing, and an honest answer when nobody can know."""

from __future__ import annotations

import asyncio
import json
from urllib.parse import urlsplit

import asyncpg
import pytest

from candor.records.packing import unpack
from candor.store.db import Database
from candor.store.errors import AmbiguousCommit, StoreUnavailable, TransactionAborted
from candor.store.lease import Offsets
from candor.store.unit_of_work import unit_of_work
from tests.support.foundation import made
from tests.support.proxy import Proxy
from tests.support.waiting import until

BLOCKED = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
EFFECT = "INSERT INTO effect (id) VALUES ($1)"


async def effects(database: Database) -> set[str]:
    return {row["id"] for row in await database.pool.fetch("SELECT id FROM effect")}


async def events(database: Database) -> list[str]:
    rows = await database.pool.fetch("SELECT records FROM outbox ORDER BY id")
    return [dict(record.headers)["ce_id"].decode() for row in rows for record in unpack(row["records"])]


async def test_state_and_events_commit_together(database: Database) -> None:
    database.written.clear()

    async with unit_of_work(database) as uow:
        await uow.connection.execute(EFFECT, "a")
        uow.emit([made("p1"), made("p2")])
        uow.emit([made("p3")])

    assert await effects(database) == {"a"}
    assert await events(database) == ["p1.1", "p2.1", "p3.1"]
    assert database.written.is_set()


async def test_an_exception_takes_everything_back(database: Database) -> None:
    database.written.clear()

    with pytest.raises(ZeroDivisionError):
        async with unit_of_work(database) as uow:
            await uow.connection.execute(EFFECT, "a")
            uow.emit([made("p1")])
            raise ZeroDivisionError

    assert await effects(database) == set()
    assert await events(database) == []
    assert not database.written.is_set()


async def test_work_without_events_wakes_nobody(database: Database) -> None:
    database.written.clear()
    async with unit_of_work(database) as uow:
        await uow.connection.execute(EFFECT, "a")
    assert not database.written.is_set()


async def test_work_that_need_not_reach_the_disk_commits_all_the_same(database: Database) -> None:
    async with unit_of_work(database, durable=False) as uow:
        assert await uow.connection.fetchval("SHOW synchronous_commit") == "off"
        await uow.connection.execute(EFFECT, "a")
    assert await effects(database) == {"a"}
    async with unit_of_work(database) as uow:
        assert await uow.connection.fetchval("SHOW synchronous_commit") == "on"


async def test_a_swallowed_statement_error_is_not_taken_for_success(database: Database) -> None:
    with pytest.raises(TransactionAborted):
        async with unit_of_work(database) as uow:
            await uow.connection.execute(EFFECT, "a")
            with pytest.raises(asyncpg.UniqueViolationError):
                await uow.connection.execute(EFFECT, "a")
    assert await effects(database) == set()


async def test_a_savepoint_undoes_its_own_statements_only(database: Database) -> None:
    async with unit_of_work(database) as uow:
        await uow.connection.execute(EFFECT, "a")
        with pytest.raises(asyncpg.UniqueViolationError):
            async with uow.savepoint():
                await uow.connection.execute(EFFECT, "b")
                await uow.connection.execute(EFFECT, "a")
        async with uow.savepoint():
            await uow.connection.execute(EFFECT, "c")
    assert await effects(database) == {"a", "c"}


async def test_a_constraint_checked_at_commit_is_no_ambiguity(database: Database) -> None:
    with pytest.raises(asyncpg.UniqueViolationError):
        async with unit_of_work(database) as uow:
            await uow.connection.execute("INSERT INTO late VALUES ('a'), ('a')")
    async with unit_of_work(database) as uow:
        await uow.connection.execute(EFFECT, "still usable")


async def test_a_statement_that_takes_too_long_is_an_outage_and_frees_its_connection(database: Database) -> None:
    with pytest.raises(StoreUnavailable, match="QueryCanceled"):
        async with unit_of_work(database) as uow:
            await uow.connection.execute("SET LOCAL statement_timeout = '20ms'")
            await uow.connection.execute("SELECT pg_sleep(5)")
    await database.check()


async def test_an_error_of_the_caller_is_not_called_an_outage(database: Database) -> None:
    with pytest.raises(asyncpg.DataError):
        async with unit_of_work(database) as uow:
            await uow.connection.execute(EFFECT, 7)
    with pytest.raises(asyncpg.InterfaceError):
        async with unit_of_work(database) as uow:
            await uow.connection.execute(EFFECT, "one", "too many")


@pytest.mark.parametrize("delivered", [True, False], ids=["after the server got it", "before the server got it"])
async def test_a_link_cut_at_commit_is_ambiguous_either_way(database: Database, delivered: bool) -> None:
    parts = urlsplit(database.url)
    async with Proxy(str(parts.hostname), int(parts.port or 5432)).running() as proxy:
        behind = await Database.open(proxy.url(database.url), pool_size=1)
        try:
            proxy.cut_at, proxy.deliver_first = b"COMMIT", delivered
            with pytest.raises(AmbiguousCommit):
                async with unit_of_work(behind) as uow:
                    await uow.connection.execute(EFFECT, "a")
                    uow.emit([made("p1")])
            assert proxy.cuts == 1
            assert not behind.written.is_set()

            # The connection is gone for good, and the next work gets a whole one.
            async with unit_of_work(behind) as uow:
                assert (await uow.connection.fetchval("SELECT count(*) FROM effect")) == (1 if delivered else 0)
        finally:
            await behind.close()
    assert await events(database) == (["p1.1"] if delivered else [])


async def test_a_link_cut_before_commit_is_certain(database: Database) -> None:
    parts = urlsplit(database.url)
    async with Proxy(str(parts.hostname), int(parts.port or 5432)).running() as proxy:
        behind = await Database.open(proxy.url(database.url), pool_size=1)
        try:
            with pytest.raises(StoreUnavailable) as caught:
                async with unit_of_work(behind) as uow:
                    await uow.connection.execute(EFFECT, "a")
                    proxy.cut()
                    await uow.connection.execute(EFFECT, "b")
            assert not isinstance(caught.value, AmbiguousCommit)
            await behind.check()
        finally:
            await behind.close()
    assert await effects(database) == set()


async def test_a_backend_killed_by_the_server_is_an_outage(database: Database) -> None:
    with pytest.raises(StoreUnavailable):
        async with unit_of_work(database) as uow:
            backend = await uow.connection.fetchval("SELECT pg_backend_pid()")
            await uow.connection.execute(EFFECT, "a")
            await database.pool.execute("SELECT pg_terminate_backend($1)", backend)
            await uow.connection.execute(EFFECT, "b")
    assert await effects(database) == set()


async def test_cancelling_at_commit_waits_for_its_answer(database: Database) -> None:
    # The deferred check makes COMMIT itself wait for this other transaction.
    other = await asyncpg.connect(database.url)
    try:
        holding = other.transaction()
        await holding.start()
        await other.execute("INSERT INTO late VALUES ('a')")
        started = asyncio.Event()

        async def work() -> None:
            async with unit_of_work(database) as uow:
                await uow.connection.execute("INSERT INTO late VALUES ('a')")
                await uow.connection.execute(EFFECT, "kept")
                started.set()

        task = asyncio.create_task(work())
        await started.wait()
        await until(lambda: database.pool.fetchval(BLOCKED))
        task.cancel()
        await asyncio.sleep(0)
        await holding.rollback()
        with pytest.raises(asyncio.CancelledError):
            await task
    finally:
        await other.close()
    assert await effects(database) == {"kept"}


async def test_cancelled_work_returns_every_connection(database: Database) -> None:
    async def work(number: int) -> None:
        async with unit_of_work(database) as uow:
            await uow.connection.execute(EFFECT, str(number))
            await uow.connection.execute("SELECT pg_sleep(0.02)")
            await asyncio.sleep(0.02)

    tasks = [asyncio.create_task(work(number)) for number in range(100)]
    for number, task in enumerate(tasks):
        await asyncio.sleep(0.003)
        if number % 3:
            task.cancel()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)

    kept = {str(number) for number, outcome in enumerate(outcomes) if outcome is None}
    assert kept >= {str(number) for number in range(0, 100, 3)}
    # What was cancelled while it committed has been saved all the same, and nothing else has.
    extra = {int(name) for name in await effects(database) - kept}
    assert kept <= await effects(database)
    assert all(isinstance(outcomes[number], asyncio.CancelledError) for number in extra)
    assert database.pool.get_size() == database.pool.get_idle_size()


async def test_a_server_that_is_away_is_an_outage(database: Database) -> None:
    parts = urlsplit(database.url)
    async with Proxy(str(parts.hostname), int(parts.port or 5432)).running() as proxy:
        url = proxy.url(database.url)
        behind = await Database.open(url, pool_size=1)
    try:
        with pytest.raises(StoreUnavailable):
            async with unit_of_work(behind):
                pass
        with pytest.raises(StoreUnavailable):
            await behind.check()
        with pytest.raises(StoreUnavailable):
            await Database.open(url)
    finally:
        await behind.close()


OFFSETS = Offsets("a group", {1: {"promises": 9}, 2: {"milestones": 4}})


@pytest.mark.parametrize("emitted", [0, 2])
async def test_next_offsets_are_written_with_the_events_and_without_any(database: Database, emitted: int) -> None:
    await leased(database)
    async with unit_of_work(database) as uow:
        uow.emit([made(f"p{number}") for number in range(emitted)])
        uow.advance(OFFSETS)
    assert await offsets(database) == {0: {"promises": 1}, 1: {"promises": 9}, 2: {"promises": 1, "milestones": 4}}
    assert len(await events(database)) == emitted


async def test_next_offsets_are_taken_back_with_the_events(database: Database) -> None:
    await leased(database)
    with pytest.raises(ZeroDivisionError):
        async with unit_of_work(database) as uow:
            uow.emit([made("p1")])
            uow.advance(OFFSETS)
            raise ZeroDivisionError
    assert await offsets(database) == {number: {"promises": 1} for number in range(3)}


async def test_next_offsets_are_written_once_the_partitions_were_grown_too(database: Database) -> None:
    await leased(database)
    await database.pool.execute("UPDATE layout SET partitions = 8")
    async with unit_of_work(database) as uow:
        uow.emit([made("p1")])
        uow.advance(OFFSETS)
    assert (await offsets(database))[2] == {"promises": 1, "milestones": 4}
    assert await events(database) == ["p1.1"]


async def leased(database: Database) -> None:
    """Three partitions of the group, and of another, each with the next offset of one card."""
    await database.pool.execute(
        "INSERT INTO lease (grp, partition, owner, epoch, offsets) SELECT grp, number, 'me', 1, $2::text::jsonb"
        " FROM unnest($1::text[]) AS grp, generate_series(0, 2) AS number",
        [OFFSETS.group, "another"],
        json.dumps({"promises": 1}),
    )


async def offsets(database: Database) -> dict[int, dict[str, int]]:
    """By partition, of the group alone; what another group has stays as it was."""
    rows = await database.pool.fetch("SELECT grp, partition, offsets FROM lease")
    found = {(row["grp"], row["partition"]): json.loads(row["offsets"]) for row in rows}
    assert all(cards == {"promises": 1} for (group, _), cards in found.items() if group == "another")
    return {number: cards for (group, number), cards in found.items() if group == OFFSETS.group}
