"""Waiting for something to become true, with a limit that only a hang reaches."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable


async def until(
    condition: Callable[[], object | Awaitable[object]], *, seconds: float = 60, pause: float = 0.01
) -> None:
    """Return once `condition()` is true; TimeoutError after `seconds`."""
    async with asyncio.timeout(seconds):
        while True:
            outcome = condition()
            if inspect.isawaitable(outcome):
                outcome = await outcome
            if outcome:
                return
            await asyncio.sleep(pause)
