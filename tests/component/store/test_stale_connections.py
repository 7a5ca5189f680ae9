"""A connection that died in a pool while nobody looked fails no request; nothing is done twice for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import pytest
from sqlalchemy import event
from sqlmodel import text

from candor.local.postgres import PostgresServer
from candor.store import stale
from candor.store.db import Database
from candor.store.errors import AmbiguousCommit, StoreUnavailable
from candor.store.group_commit import GroupCommit
from candor.store.unit_of_work import UnitOfWork, unit_of_work
from tests.support.foundation import made
from tests.support.proxy import Proxy
from tests.support.servers import own_folder

pytestmark = pytest.mark.asyncio(loop_scope="session")
Use = Callable[[Database], Awaitable[object]]


async def read(database: Database) -> object:
    async with database.reading() as session:
        rows = await session.exec(text("SELECT count(*) FROM effect"))  # type: ignore[call-overload]
        return rows.scalar()


async def write(database: Database) -> object:
    async with unit_of_work(database) as uow:
        return await uow.connection.fetchval("SELECT count(*) FROM effect")


async def look(database: Database) -> object:
    await database.check()
    return 0


USES = pytest.mark.parametrize("use", [read, write, look])


@pytest.fixture(scope="module")
def own_server() -> Iterator[PostgresServer]:
    """A PostgreSQL that the tests of this file may kill."""
    with own_folder("stale") as folder:
        server = PostgresServer(folder, None)
        server.start()
        try:
            yield server
        finally:
            server.stop()


@asynccontextmanager
async def behind(database: Database) -> AsyncIterator[tuple[Proxy, Database]]:
    """The same database by way of a proxy."""
    parts = urlsplit(database.url)
    async with Proxy(str(parts.hostname), int(parts.port or 5432)).running() as proxy:
        opened = await Database.open(proxy.url(database.url), pool_size=2)
        try:
            yield proxy, opened
        finally:
            proxy.cut()
            await opened.close()


async def fill(database: Database) -> None:
    """Several connections in either pool, as after a busy hour."""
    await asyncio.gather(*(use(database) for use in (read, write) for _ in range(4)))


@USES
@pytest.mark.parametrize("how", ["killed", "restarted"])
async def test_the_server_was_killed_or_restarted(own_server: PostgresServer, how: str, use: Use) -> None:
    database = await Database.open(f"{own_server.url}/postgres")
    try:
        await database.pool.execute("CREATE TABLE IF NOT EXISTS effect (id text)")
        await fill(database)
        await asyncio.to_thread(own_server.kill if how == "killed" else own_server.stop)
        await asyncio.to_thread(own_server.start)
        assert await use(database) == 0
    finally:
        await database.close()


@USES
async def test_the_server_ended_the_connections_only_now(database: Database, use: Use) -> None:
    await fill(database)
    await database.pool.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
        "AND pid <> pg_backend_pid()"
    )
    # Nobody had the time to notice: the news of it and the next question cross.
    assert await use(database) == 0


@USES
async def test_something_between_dropped_them_without_a_word(
    database: Database, use: Use, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stale, "IDLE_SECONDS", 0.0)
    monkeypatch.setattr(stale, "ASKED_SECONDS", 0.2)
    async with behind(database) as (proxy, opened):
        await fill(opened)
        proxy.swallow()
        assert await use(opened) == 0


@pytest.mark.parametrize("how", ["cut", "terminated"])
async def test_a_query_on_a_link_that_breaks_is_asked_again_and_what_was_read_stays(
    database: Database, how: str
) -> None:
    async with behind(database) as (proxy, opened), opened.reading() as session:
        rows = await session.exec(text("SELECT 1, pg_backend_pid()"))  # type: ignore[call-overload]
        first, backend = rows.one()
        if how == "cut":
            proxy.cut()
        else:
            await database.pool.execute("SELECT pg_terminate_backend($1)", backend)
        again = await session.exec(text("SELECT 2"))  # type: ignore[call-overload]
        assert (first, again.scalar()) == (1, 2)


async def test_a_server_that_stays_away_is_said_after_one_more_try(database: Database) -> None:
    async with behind(database) as (proxy, opened):
        tried: list[object] = []
        event.listen(opened._engine.sync_engine, "do_connect", lambda *_: tried.append(1))
        await fill(opened)
        tried.clear()
        proxy.refuse()
        for use in (read, write, look):
            with pytest.raises(StoreUnavailable):
                await use(opened)
        assert len(tried) <= 2


@pytest.mark.parametrize("commands", [["a"], ["a", "b", "c"]])
async def test_intake_that_breaks_before_its_commit_is_done_again_once(database: Database, commands: list[str]) -> None:
    async with behind(database) as (proxy, opened):
        tries: list[list[str]] = []

        async def apply(uow: UnitOfWork, found: Sequence[str]) -> Sequence[str | Exception]:
            tries.append(list(found))
            await uow.connection.execute("INSERT INTO effect (id) SELECT unnest($1::text[])", list(found))
            uow.emit([made(command) for command in found])
            if len(tries) == 1:
                proxy.cut()
            return list(found)

        group = GroupCommit(opened, apply)
        assert await group.submit_all(commands) == commands
        await group.close()
    assert tries == [commands, commands]
    assert [tuple(row) for row in await database.pool.fetch("SELECT id, n FROM effect ORDER BY id")] == [
        (command, 1) for command in commands
    ]
    assert await database.pool.fetchval("SELECT sum(events) FROM outbox") == len(commands)


async def test_intake_that_breaks_each_time_is_tried_twice_and_refused(database: Database) -> None:
    async with behind(database) as (proxy, opened):
        tries = 0

        async def apply(uow: UnitOfWork, found: Sequence[str]) -> Sequence[str | Exception]:
            nonlocal tries
            tries += 1
            proxy.cut()
            await uow.connection.execute("SELECT 1")
            return list(found)

        group = GroupCommit(opened, apply)
        (outcome,) = await group.submit_all(["a"])
        await group.close()
    assert (type(outcome).__mro__[1], tries) == (StoreUnavailable, 2)
    assert not isinstance(outcome, AmbiguousCommit)


async def test_a_stale_connection_and_then_a_commit_of_unknown_fate_is_not_done_again(database: Database) -> None:
    async with behind(database) as (proxy, opened):
        tries = 0

        async def apply(uow: UnitOfWork, found: Sequence[str]) -> Sequence[str | Exception]:
            nonlocal tries
            tries += 1
            if tries == 1:
                proxy.cut()
            else:
                proxy.cut_at, proxy.deliver_first = b"COMMIT", True
            await uow.connection.execute("INSERT INTO effect (id) SELECT unnest($1::text[])", list(found))
            return list(found)

        group = GroupCommit(opened, apply)
        (outcome,) = await group.submit_all(["a"])
        await group.close()
    assert (type(outcome), tries) == (AmbiguousCommit, 2)
    assert await database.pool.fetchval("SELECT array_agg(id) FROM effect") == ["a"]
