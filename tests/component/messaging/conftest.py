"""A database with the ledger's tables, empty for each test of the consumer."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from candor.store.db import Database
from tests.support.ledger.book import fresh_ledger
from tests.support.servers import Databases


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def ledger_url(databases: Databases) -> AsyncIterator[str]:
    async with fresh_ledger(databases) as url:
        yield url


@pytest_asyncio.fixture(loop_scope="session")
async def ledger(ledger_url: str) -> AsyncIterator[Database]:
    database = await Database.open(ledger_url)
    await database.pool.execute(
        "TRUNCATE effect, lease, member, suspect, review_aside, dead_letter, outbox RESTART IDENTITY"
    )
    yield database
    await database.close()
