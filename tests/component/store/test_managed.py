"""PostgreSQL as others run it: behind PgBouncer, with TLS, with several hosts, in another encoding."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import asyncpg
import pytest
from sqlmodel import text

from candor.ops import database_url
from candor.store.db import Database
from candor.store.errors import StoreUnavailable
from candor.store.fitness import UnfitDatabaseError
from candor.store.migrate import create_database, upgrade
from candor.store.unit_of_work import unit_of_work
from tests.support.certificates import Authority
from tests.support.foundation import MIGRATIONS
from tests.support.pgbouncer import pgbouncer
from tests.support.servers import Databases


async def works(url: str) -> None:
    """Write in a unit of work, read by the reading engine, and hold the limits in both."""
    database = await Database.open(url)
    try:
        async with unit_of_work(database) as uow:
            await uow.connection.execute("CREATE TABLE IF NOT EXISTS drink (name text)")
            await uow.connection.execute("INSERT INTO drink VALUES ($1)", "☕")
            assert await uow.connection.fetchval("SHOW statement_timeout") == "8s"
        async with database.reading() as session:
            found = await session.exec(text("SELECT DISTINCT name FROM drink"))  # type: ignore[call-overload]
            assert found.scalar_one() == "☕"
            shown = await session.exec(text("SHOW default_transaction_read_only"))  # type: ignore[call-overload]
            assert shown.scalar_one() == "on"
    finally:
        await database.close()


@pytest.mark.pgbouncer
async def test_a_pooler_in_session_mode_works(databases: Databases, postgres: str) -> None:
    url = await databases.fresh()
    with pgbouncer(postgres, "session") as server:
        await upgrade(f"{server}/{database_url.database_of(url)}", MIGRATIONS)
        await works(f"{server}/{database_url.database_of(url)}")


@pytest.mark.pgbouncer
@pytest.mark.parametrize("mode", ["transaction", "statement"])
async def test_a_pooler_that_shares_connections_is_refused_in_words(
    mode: str, databases: Databases, postgres: str
) -> None:
    url = await databases.fresh()
    with pgbouncer(postgres, mode) as server, pytest.raises(UnfitDatabaseError, match="pool_mode = session"):
        await upgrade(f"{server}/{database_url.database_of(url)}", MIGRATIONS)


@pytest.mark.pgbouncer
async def test_sslmode_means_what_libpq_says(databases: Databases, postgres: str, tmp_path: Path) -> None:
    name = database_url.database_of(await databases.fresh())
    authority, stranger = Authority(tmp_path), Authority(tmp_path, "stranger")
    with pgbouncer(postgres, "session", authority.sign("bouncer")) as server:

        def url(query: str) -> str:
            return database_url.checked(f"{server}/{name}?{query}")

        await works(url("sslmode=require"))
        await works(url(f"sslmode=verify-full&sslrootcert={quote(str(authority.file))}&channel_binding=prefer"))
        for refused in ("sslmode=disable", f"sslmode=verify-ca&sslrootcert={quote(str(stranger.file))}"):
            with pytest.raises((StoreUnavailable, asyncpg.PostgresError, OSError)):
                await works(url(refused))


async def test_the_second_host_is_used_when_the_first_is_gone(databases: Databases) -> None:
    url = await databases.fresh()
    host = url.partition("@")[2].partition("/")[0]
    await works(url.replace(host, f"127.0.0.1:1,{host}") + "?target_session_attrs=read-write")


async def test_databases_are_made_in_utf8_whatever_the_servers_template(databases: Databases, postgres: str) -> None:
    url = f"{postgres}/{database_url.database_of(await databases.fresh())}_made"
    admin = await asyncpg.connect(f"{postgres}/postgres")
    try:
        await create_database(url)
        name = database_url.database_of(url)
        encoding = await admin.fetchval(
            "SELECT pg_encoding_to_char(encoding) FROM pg_database WHERE datname = $1", name
        )
        assert encoding == "UTF8"
        await admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        await admin.execute(
            f"CREATE DATABASE \"{name}\" ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
        )
        with pytest.raises(UnfitDatabaseError, match="encoded as LATIN1"):
            await upgrade(url, MIGRATIONS)
    finally:
        await admin.execute(f'DROP DATABASE IF EXISTS "{database_url.database_of(url)}" WITH (FORCE)')
        await admin.close()
