"""Kept rows that are sent again: marked page by page, in a lane of their own."""

from __future__ import annotations

from candor.records.partitioner import partition_of
from candor.store import replaying
from candor.store.db import Database
from candor.store.outbox import Backlog
from candor.store.unit_of_work import unit_of_work
from tests.support.foundation import made
from tests.support.outboxes import emit, leased, mark, replay, windows


async def test_a_replay_sends_everything_again_in_order_and_nothing_waits_as_if_it_were_new(database: Database) -> None:
    leases = await leased(database)
    for version in range(1, 6):
        await emit(database, made("p1", "c1", version), made("p2", "c2", version))
    before = await windows(database)
    await mark(database, leases, before)
    await database.pool.execute("UPDATE outbox SET created_at = now() - interval '7 h'")
    assert await replay(database) == 10
    assert await windows(database) == []
    again = await windows(database, again=True)
    assert [(row.id, row.records) for row in again] == [(row.id, row.records) for row in before]
    backlog = Backlog(database)
    await backlog.refresh()
    assert (backlog.rows, backlog.age_s) == (0, 0.0)
    assert await mark(database, leases, again, again=True) == len(again)
    assert await windows(database, again=True) == []


async def test_a_sending_from_before_a_second_replay_cannot_mark_what_that_wants(database: Database) -> None:
    leases = await leased(database)
    await emit(database, made("p1", "c1"))
    await mark(database, leases, await windows(database))
    await replay(database)
    under_way = await windows(database, again=True)
    await replay(database)
    assert await mark(database, leases, under_way, again=True) == 0
    assert await mark(database, leases, await windows(database, again=True), again=True) == 1


async def test_what_is_sent_for_the_first_time_while_its_partition_repeats_goes_out_again_behind_it(
    database: Database,
) -> None:
    leases = await leased(database)
    await emit(database, made("p1", "c1", 1))
    await mark(database, leases, await windows(database))
    await replay(database)
    await emit(database, made("p1", "c1", 2))
    await emit(database, made("p2", "c2", 1))
    assert partition_of(b"c1", 4) != partition_of(b"c2", 4)
    first, second, other = [*await windows(database, again=True), *await windows(database)]
    await mark(database, leases, [second, other])
    assert [row.id for row in await windows(database, again=True)] == [first.id, second.id]


async def test_what_is_sent_while_rows_are_being_marked_goes_out_again_too(database: Database) -> None:
    leases = await leased(database)
    for version in range(1, 4):
        await emit(database, made("p1", "c1", version))
    await mark(database, leases, (await windows(database))[:2])
    async with unit_of_work(database) as uow:
        number = await replaying.request(uow)
    [waiting] = await windows(database)
    await mark(database, leases, [waiting])
    assert [row.id for row in await windows(database, again=True)] == [waiting.id]
    async with unit_of_work(database) as uow:
        assert await replaying.step(uow, 1)
        # A kill here: whoever comes next goes on behind the cursor.
    async with unit_of_work(database) as uow:
        while await replaying.step(uow, 1):
            assert not (await replaying.progress(uow, number)).events > 3
        assert await replaying.progress(uow, number) == (3, True)
    assert len(await windows(database, again=True)) == 3


async def test_a_replay_of_some_partitions_or_since_some_time(database: Database) -> None:
    leases = await leased(database)
    for number in range(12):
        await emit(database, made(f"p{number}", f"c{number}"))
    rows = await windows(database)
    await mark(database, leases, rows)
    wanted = [row for row in rows if row.partition == 2]
    assert await replay(database, partitions=[2]) == len(wanted) > 0
    assert [row.id for row in await windows(database, again=True)] == [row.id for row in wanted]
    middle = await database.pool.fetchval("SELECT created_at FROM outbox ORDER BY id OFFSET 6 LIMIT 1")
    assert await replay(database, since=middle) == 6
    # A transaction that began earlier and wrote later: it belongs to what comes after.
    early = "UPDATE outbox SET created_at = now() - interval '1 d' WHERE id = (SELECT max(id) FROM outbox)"
    await database.pool.execute(early)
    assert await replay(database, since=middle) == 6
