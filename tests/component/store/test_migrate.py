"""A service's database is made by whoever starts first, once."""

from __future__ import annotations

import asyncio
import secrets

import asyncpg
import pytest

from candor.store import migrate
from candor.store.errors import StoreUnavailable
from tests.support.foundation import MIGRATIONS, foundation
from tests.support.servers import Databases

TABLES = {
    "outbox",
    "ingest",
    "lease",
    "member",
    "dead_letter",
    "erasure",
    "effect",
    "late",
    "rate",
    "audit_log",
    "alembic_version",
    "replay",
    "layout",
}


async def tables(url: str) -> set[str]:
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return {row["tablename"] for row in rows}
    finally:
        await connection.close()


@pytest.mark.parametrize("name", ["plain", 'od"d-name'])
async def test_ten_processes_start_at_once_on_a_database_that_is_not_there(
    postgres: str, databases: Databases, name: str
) -> None:
    url = f"{postgres}/new_{secrets.token_hex(4)}_{name}"
    await asyncio.gather(*(foundation(url) for _ in range(10)))
    assert await tables(url) == TABLES
    connection = await asyncpg.connect(f"{postgres}/postgres")
    database = url.rpartition("/")[2].replace('"', '""')
    await connection.execute(f'DROP DATABASE "{database}" WITH (FORCE)')
    await connection.close()


async def test_a_second_run_changes_nothing(databases: Databases) -> None:
    url = await databases.fresh(foundation)
    connection = await asyncpg.connect(url)
    await connection.execute("INSERT INTO effect (id) VALUES ('kept')")
    await foundation(url)
    assert await connection.fetchval("SELECT id FROM effect") == "kept"
    await connection.close()


async def test_a_failing_migration_leaves_nothing_half_done(databases: Databases) -> None:
    url = await databases.fresh()
    connection = await asyncpg.connect(url)
    await connection.execute("CREATE TABLE late (in_the_way int)")
    with pytest.raises(Exception, match="late"):
        await foundation(url)
    assert await tables(url) == {"late"}
    await connection.close()


async def test_a_server_that_is_away_is_an_outage() -> None:
    with pytest.raises(StoreUnavailable):
        await migrate.upgrade("postgresql://nobody@127.0.0.1:1/nothing", MIGRATIONS)


async def test_an_address_without_a_database_is_refused(postgres: str) -> None:
    with pytest.raises(ValueError, match="names no database"):
        await migrate.create_database(f"{postgres}/")
