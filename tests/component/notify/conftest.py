"""A desk for each test, on a database of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.support.notify import Desk, desk, prepare
from tests.support.servers import Databases


@pytest_asyncio.fixture(loop_scope="session")
async def desk_(databases: Databases, tmp_path: Path) -> AsyncIterator[Desk]:
    url = await databases.fresh(prepare)
    async with desk(url, tmp_path) as made:
        yield made
    await databases.drop(url)
