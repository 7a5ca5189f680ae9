"""Backgrounds of a service that run while a test looks at what they do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from candor.runtime import Background


@asynccontextmanager
async def at_work(*parts: Background) -> AsyncIterator[None]:
    """All run; stopped in this order when the block ends, and what they raised is raised."""
    tasks = [asyncio.create_task(part.run()) for part in parts]
    try:
        yield
    finally:
        for part in parts:
            await part.stop()
        await asyncio.gather(*tasks)
