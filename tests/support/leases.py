"""Another member of a group, that lives for as long as a test needs it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

ALIVE = """
INSERT INTO member (grp, id, until) VALUES ($1, $2, clock_timestamp() + interval '5 seconds')
ON CONFLICT (grp, id) DO UPDATE SET until = excluded.until"""


@asynccontextmanager
async def living(pool: Any, group: str, name: str) -> AsyncIterator[None]:
    """Keeps the member alive as it would itself; what it owns is for the test to say."""

    async def live() -> None:
        while True:
            await asyncio.sleep(0.5)
            await pool.execute(ALIVE, group, name)

    await pool.execute(ALIVE, group, name)
    task = asyncio.create_task(live())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
