"""Password and certificates of the database are changed under a running process, which goes on without a restart."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, urlsplit

import asyncpg
import pytest
from sqlmodel import text

from candor.ops import database_url
from candor.store.connecting import connect
from candor.store.db import Database
from candor.store.errors import StoreUnavailable
from candor.store.examine import examine
from candor.store.migrate import upgrade
from candor.waiting import reach
from tests.support.certificates import Authority
from tests.support.foundation import MIGRATIONS
from tests.support.pgbouncer import pgbouncer
from tests.support.servers import Databases
from tests.support.waiting import until


class Role(NamedTuple):
    """An ordinary role that owns one database: its address without a password, and the file of that."""

    name: str
    address: str
    file: Path
    admin: asyncpg.Connection[asyncpg.Record]

    @property
    def url(self) -> str:
        return database_url.with_password_file(self.address, self.file)

    async def change_password(self) -> str:
        """Give it another password, and end its connections."""
        word = secrets.token_hex(8)
        await self.admin.execute(f"ALTER ROLE {self.name} PASSWORD '{word}'")
        await self.admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1", self.name)
        return word


@asynccontextmanager
async def role(postgres: str, databases: Databases, folder: Path) -> AsyncIterator[Role]:
    url = await databases.fresh()
    name = f"r{secrets.token_hex(5)}"
    parts = urlsplit(url)
    admin = await asyncpg.connect(f"{postgres}/postgres")
    try:
        await admin.execute(f"CREATE ROLE {name} LOGIN")
        await admin.execute(f'ALTER DATABASE "{database_url.database_of(url)}" OWNER TO {name}')
        address = f"postgresql://{name}@{parts.netloc.rpartition('@')[2]}{parts.path}"
        yield Role(name, address, folder / "password", admin)
    finally:
        await databases.drop(url)
        await admin.execute(f"DROP ROLE {name}")
        await admin.close()


async def works(database: Database) -> bool:
    """Whether both the pool and the reading engine have connections."""
    try:
        await database.release(await database.acquire("SELECT 1"))
        async with database.reading() as session:
            found = await session.exec(text("SELECT 1"))  # type: ignore[call-overload]
            return bool(found.scalar_one())
    except StoreUnavailable:
        return False


async def test_a_new_password_is_used_by_what_connects_next(
    postgres: str, databases: Databases, tmp_path: Path
) -> None:
    async with role(postgres, databases, tmp_path) as owner:
        owner.file.write_text(await owner.change_password() + "\n")
        await reach(owner.url)
        await upgrade(owner.url, MIGRATIONS)
        database = await Database.open(owner.url)
        try:
            assert await works(database)
            word = await owner.change_password()
            assert not await works(database)
            with pytest.raises(StoreUnavailable, match="InvalidPassword"):
                await reach(owner.url)
            *_, last = [one async for one in examine(owner.url, MIGRATIONS)]
            assert (last.name, last.ok, "DATABASE_PASSWORD_FILE" in last.mend) == ("database sign-in", False, True)
            owner.file.write_text(word + "\n")
            await until(lambda: works(database))
            await reach(owner.url)
            await upgrade(owner.url, MIGRATIONS)
        finally:
            await database.close()


async def test_a_file_that_is_no_good_leaves_the_last_good_password_in_use_and_is_said(
    postgres: str, databases: Databases, tmp_path: Path
) -> None:
    async with role(postgres, databases, tmp_path) as owner:
        owner.file.write_text(word := await owner.change_password())
        database = await Database.open(owner.url)
        try:
            owner.file.write_text("")
            assert database.password_file
            database.password_file.look()
            assert "DATABASE_PASSWORD_FILE" in database.password_file.problem
            await database.pool.expire_connections()
            assert await works(database)
            for opens in (reach(owner.url), connect(owner.url), Database.open(owner.url)):
                with pytest.raises(StoreUnavailable, match=r"DATABASE_PASSWORD_FILE .*must hold one line"):
                    await opens
            *_, last = [one async for one in examine(owner.url, MIGRATIONS)]
            assert (last.name, last.ok, "must hold one line" in last.detail) == ("database sign-in", False, True)
            owner.file.write_text(word)
            database.password_file.look()
            assert database.password_file.problem == ""
        finally:
            await database.close()


@pytest.mark.pgbouncer
async def test_behind_a_pooler_new_certificates_are_used_by_what_connects_next(
    databases: Databases, postgres: str, tmp_path: Path
) -> None:
    name = database_url.database_of(await databases.fresh())
    parts = urlsplit(postgres)
    (tmp_path / "password").write_text(str(parts.password))

    def renewed() -> Authority:
        # Over the files of before: nothing of theirs is believed any more.
        authority = Authority(tmp_path)
        authority.sign("candor")
        return authority

    first = renewed()
    with pgbouncer(postgres, "session", first.sign("bouncer"), clients=first.file) as server:
        port = urlsplit(server).port
        files = {"sslrootcert": first.file, "sslcert": tmp_path / "candor.crt", "sslkey": tmp_path / "candor.key"}
        query = "&".join(f"{key}={quote(str(path))}" for key, path in files.items())
        address = f"postgresql://{parts.username}@127.0.0.1:{port}/{name}?sslmode=verify-full&{query}"
        url = database_url.with_password_file(address, tmp_path / "password")
        database = await Database.open(url)
        assert await works(database)
    try:
        second = await asyncio.to_thread(renewed)
        with pgbouncer(postgres, "session", second.sign("bouncer"), clients=second.file, port=port):
            await until(lambda: works(database))
    finally:
        await database.close()
