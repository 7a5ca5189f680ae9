"""A worker in the test's own process, and waiting for what it does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from candor.messaging.consumer import Worker


@asynccontextmanager
async def running(worker: Worker) -> AsyncIterator[Worker]:
    """The worker at work inside the block, and drained after it."""
    task = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        await worker.stop()
        await task


async def until(condition: Callable[[], Awaitable[object] | object], seconds: float = 30) -> bool:
    """Wait for `condition`; False if it did not come in time."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while loop.time() < deadline:
        found = condition()
        if isinstance(found, Awaitable):
            found = await found
        if found:
            return True
        await asyncio.sleep(0.05)
    return False
