"""Customers with links, on a desk of their own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.support.customer_page import Customers, customers
from tests.support.notify import Desk


@pytest_asyncio.fixture(loop_scope="session")
async def site(desk_: Desk, tmp_path: Path) -> AsyncIterator[Customers]:
    async with customers(desk_, tmp_path) as made:
        yield made
