"""A role that lacks a right is told which, and what gives it: by the process that starts, and by `candor doctor`."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import asyncpg
import pytest
import pytest_asyncio

from candor.ops.database_url import database_of, named
from candor.store.examine import examine
from candor.store.fitness import UnfitDatabaseError
from candor.store.migrate import upgrade
from candor.waiting import reach
from promise_svc.wiring import MIGRATIONS
from tests.support.api import Keys
from tests.support.servers import Databases

PASSWORD = "a-word-for-one-test"


class Stranger(NamedTuple):
    """A role that owns nothing, and its address of a database that has our schema."""

    role: str
    url: str


@pytest_asyncio.fixture(loop_scope="session")
async def stranger(databases: Databases, postgres: str) -> AsyncIterator[Stranger]:
    prefix = f"t{secrets.token_hex(5)}"
    url, role = named(postgres, f"{prefix}_promise"), f"{prefix}_app"
    await upgrade(url, MIGRATIONS)
    admin = await asyncpg.connect(url)
    await admin.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{PASSWORD}'")
    yield Stranger(role, f"postgresql://{role}:{PASSWORD}@{url.rpartition('@')[2]}")
    await admin.close()
    await databases.drop(url)
    admin = await asyncpg.connect(f"{postgres}/postgres")
    await admin.execute(f"DROP ROLE {role}")
    await admin.close()


async def shut_out(url: str) -> None:
    admin = await asyncpg.connect(url)
    await admin.execute(f"REVOKE CONNECT ON DATABASE {database_of(url)} FROM PUBLIC")
    await admin.close()


async def test_a_missing_grant_is_named_with_the_command_that_gives_it(stranger: Stranger) -> None:
    with pytest.raises(UnfitDatabaseError) as found:
        await upgrade(stranger.url, MIGRATIONS)
    mend = f"run `candor migrate promise-svc --grants {stranger.role}` as the owner of the database"
    assert f"the role {stranger.role} may not read the tables" in str(found.value)
    assert mend in str(found.value)
    said = {one.name: one async for one in examine(stranger.url, MIGRATIONS)}
    assert (said["database schema"].detail, said["database schema"].mend) == (
        f"hidden from the role {stranger.role}",
        mend,
    )
    assert said["database rights"].mend == mend


async def test_a_role_that_may_not_connect_is_told_so(stranger: Stranger, postgres: str) -> None:
    await shut_out(f"{postgres}/{database_of(stranger.url)}")
    with pytest.raises(UnfitDatabaseError, match=f"{stranger.role} may not connect to the database"):
        await reach(stranger.url)
    with pytest.raises(UnfitDatabaseError, match=f"candor migrate promise-svc --grants {stranger.role}"):
        await upgrade(stranger.url, MIGRATIONS)
    (said,) = [one async for one in examine(stranger.url, MIGRATIONS)]
    assert "may not connect" in said.detail
    assert f"candor migrate promise-svc --grants {stranger.role}" in said.mend


@pytest.mark.parametrize("entry", [True, False])
async def test_a_process_that_lacks_a_right_ends_with_one_line_and_no_traceback(
    entry: bool, stranger: Stranger, postgres: str, tmp_path: Path
) -> None:
    prefix, _, _ = database_of(stranger.url).rpartition("_")
    if not entry:
        await shut_out(f"{postgres}/{database_of(stranger.url)}")
    given = {
        name.upper(): str(value)
        for name, value in {
            "database_url": stranger.url,
            "database_prefix": prefix,
            "port": 0,
            "kafka_bootstrap_servers": "127.0.0.1:1",
            **Keys(tmp_path).write(),
        }.items()
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "promise_svc", env={**os.environ, **given}, stdout=-1, stderr=-1
    )
    out, err = await process.communicate()
    lines = [json.loads(line) for line in out.decode().splitlines()]
    assert (process.returncode, err.decode()) == (3, "")
    assert lines[-1]["event"] == "could not start"
    assert f"--grants {stranger.role}" in lines[-1]["reason"]
    assert "Traceback" not in out.decode()
