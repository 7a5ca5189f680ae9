"""A background whose work comes in rounds, with a rest after each that `stop` ends."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod


class Rounds(ABC):
    """Does one round after another until it is told to stop; what a round must survive, it catches itself."""

    def __init__(self) -> None:
        self._stopping = asyncio.Event()

    @abstractmethod
    async def round(self) -> float:
        """Do one round; return for how many seconds to rest after it."""

    async def run(self) -> None:
        """Do rounds until `stop` is called; raises what a round raises."""
        while not self._stopping.is_set():
            await self.rest(await self.round())

    async def stop(self) -> None:
        """End after the round in progress, without a rest."""
        self._stopping.set()

    async def rest(self, seconds: float) -> None:
        """Return after so many seconds, or at once when it is told to stop."""
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return
