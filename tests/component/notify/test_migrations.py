"""A database of the first version is brought up to date with what it holds."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from candor.store.migrate import upgrade
from notify_svc.wiring import MIGRATIONS
from tests.support.servers import Databases

NOTICE = """
INSERT INTO notice (notice_id, customer_id, promise_id, episode, statement, state, reason, spoken_for, version, closing,
  subject, body, html, evidence, findings, gap_version, recipient, reply_to, decided_at, changed_at)
VALUES ($1, 'c1', 'p1', 1, 'warning', 'sent', 'delivered', 'slip_held', 3, false, 's', 'b', 'h', '{}', '[]', 1, 'r', '',
  now(), now())"""
OWNERS = NOTICE.replace("INSERT INTO notice (", "INSERT INTO notice (audience, ahead_of, ").replace(
    "VALUES (", "VALUES ('owner', 'n1', "
)


@pytest_asyncio.fixture(loop_scope="session")
async def first_version(databases: Databases, tmp_path: Path) -> AsyncIterator[str]:
    """The address of a database as the first migration left it, with one notice in it."""
    shutil.copytree(MIGRATIONS, tmp_path / "old", ignore=shutil.ignore_patterns("__pycache__", "0002_*", "0003_*"))

    async def prepare(url: str) -> None:
        await upgrade(url, tmp_path / "old")

    url = await databases.fresh(prepare)
    connection = await asyncpg.connect(url)
    await connection.execute(NOTICE, "n1")
    await connection.close()
    yield url
    await databases.drop(url)


async def test_notices_from_before_owners_were_told_are_the_customers(first_version: str) -> None:
    await upgrade(first_version, MIGRATIONS)
    connection = await asyncpg.connect(first_version)
    row = await connection.fetchrow(
        "SELECT audience, addressee, ahead_of, owner, owner_wait_until, public_words FROM notice"
    )
    assert row is not None
    assert tuple(row) == ("customer", "c1", None, "no_owner", None, False)
    with pytest.raises(asyncpg.UniqueViolationError):
        await connection.execute(NOTICE, "n2")
    for name in ("o1", "o2"):
        await connection.execute(OWNERS, name)
    await connection.close()
