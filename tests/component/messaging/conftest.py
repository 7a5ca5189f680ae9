"""A database with the ledger's tables for each test of the consumer."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from candor.store.db import Database
from tests.support.ledger.book import fresh_ledger
from tests.support.servers import Databases


@pytest_asyncio.fixture(loop_scope="session")
async def ledger(databases: Databases) -> AsyncIterator[Database]:
    async with fresh_ledger(databases) as url:
        database = await Database.open(url)
        yield database
        await database.close()
