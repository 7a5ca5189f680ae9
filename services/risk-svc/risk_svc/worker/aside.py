"""A part of a process that steps aside while the read side is being rebuilt, and goes on once it is whole."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final, Generic, Protocol, TypeVar

import structlog

from candor.messaging.consumer import Worker

LOOK_SECONDS: Final = 0.5
log = structlog.get_logger("risk.rebuild")


class Part(Protocol):
    """A background that can say whether it stands still."""

    @property
    def name(self) -> str: ...

    @property
    def standing_still(self) -> bool: ...

    async def run(self) -> None: ...

    async def stop(self) -> None: ...


P = TypeVar("P", bound=Part)


class ReadSideIncompleteError(Exception):
    """The read side is being rebuilt, or a rebuild of it was cut off."""


class Aside(Generic[P]):
    """Runs a part that `build` makes; `look` says why it may not run now, in which case the part ends and waits.

    `part` is the newest one made. While waiting the process is not ready, and counts as standing still.
    """

    def __init__(self, build: Callable[[], P], look: Callable[[], Awaitable[str]]) -> None:
        self.part = build()
        self.why = ""
        self._build = build
        self._look = look
        self._used = False
        self._stopping = asyncio.Event()

    @property
    def name(self) -> str:
        """The name of the part."""
        return self.part.name

    @property
    def standing_still(self) -> bool:
        """Whether the part waits, or stands still itself."""
        return bool(self.why) or self.part.standing_still

    async def check(self) -> None:
        """Readiness check: raise ReadSideIncompleteError while the part waits."""
        if self.why:
            raise ReadSideIncompleteError(self.why)

    async def run(self) -> None:
        """Run the part, over and over, until `stop`; an error that ends it is raised."""
        while not self._stopping.is_set():
            await self._see()
            if self.why:
                await self._pause()
            else:
                await self._work()

    async def stop(self) -> None:
        """End the part, or the waiting."""
        self._stopping.set()

    async def _work(self) -> None:
        if self._used:
            self.part = self._build()
        self._used = True
        task = asyncio.create_task(self.part.run())
        try:
            while not (self._stopping.is_set() or self.why or task.done()):
                await self._pause()
                await self._see()
            if not task.done():
                await self.part.stop()
            await task
        finally:
            task.cancel()
            await asyncio.wait([task])
        if not (self._stopping.is_set() or self.why):
            raise RuntimeError(f"{self.name} ended without being stopped")

    async def _see(self) -> None:
        before = self.why
        # While the database is away nothing is folded either; what was found last still holds.
        with suppress(Exception):
            self.why = await self._look()
        if self.why and not before:
            log.warning("waiting for a rebuild of the read side", part=self.name, reason=self.why)
        elif before and not self.why:
            log.info("the read side is whole again", part=self.name)

    async def _pause(self) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), LOOK_SECONDS)


class Consuming(Aside[Worker]):
    """Aside for a consumer, which has a readiness check of its own."""

    async def check_part(self) -> None:
        """Readiness check of the newest consumer: raise while a partition is halted or it does not get on."""
        await self.part.check()

    async def reached(self) -> dict[int, float]:
        """How far the newest consumer is, by partition."""
        return await self.part.reached()
