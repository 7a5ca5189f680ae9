"""A fresh database with the shared tables for each test of the store."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from candor.store.db import Database
from tests.support.foundation import fresh_foundation
from tests.support.servers import Databases


@pytest_asyncio.fixture(loop_scope="session")
async def database(databases: Databases) -> AsyncIterator[Database]:
    async with fresh_foundation(databases) as fresh:
        yield fresh
