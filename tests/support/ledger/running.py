"""A worker in the test's own process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from candor.messaging.consumer import Worker
from tests.support.at_work import at_work


@asynccontextmanager
async def running(worker: Worker) -> AsyncIterator[Worker]:
    """The worker at work inside the block, and drained after it."""
    async with at_work(worker):
        yield worker
