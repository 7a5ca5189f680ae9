"""How late the event loop runs: the first metric to check when everything in a process is slow at once."""

from __future__ import annotations

import asyncio

from candor.ops.metrics import LOOP_LAG_SECONDS

EVERY_SECONDS = 0.5


class LoopLag:
    """A background that measures how late a timer fires."""

    name = "loop-lag"

    def __init__(self, every: float = EVERY_SECONDS) -> None:
        self._every = every
        self._stop = asyncio.Event()

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        while not self._stop.is_set():
            due = loop.time() + self._every
            try:
                async with asyncio.timeout_at(due):
                    await self._stop.wait()
            except TimeoutError:
                LOOP_LAG_SECONDS.set(max(0.0, loop.time() - due))

    async def stop(self) -> None:
        self._stop.set()
