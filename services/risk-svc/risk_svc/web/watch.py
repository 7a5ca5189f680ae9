"""Checks every second whether the database, Kafka and the feed answer, so that every page can show what does not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import structlog

from candor.contracts import PROCESSES
from candor.ops.clock import Clock, SystemClock
from candor.ops.tasks import end
from risk_svc import metrics
from risk_svc.web.standstill import ANSWERS, Moment, SignsOfLife, Silence, Stoppage

if TYPE_CHECKING:
    from candor.contracts import ProcessAlive

log = structlog.get_logger("risk.watch")
EVERY_SECONDS: Final = 1.0
ANSWER_SECONDS: Final = 2.0
Check = Callable[[], Awaitable[None]]


class Watch:
    """A background task of the web role; `stopped` tells a page what has stopped, without waiting.

    All times are system time: a replayed business clock goes on even if everything has stopped. `processes`: those that
    the deployment has, named as in PROCESSES.
    """

    name = "watch"

    def __init__(
        self,
        checks: Mapping[str, Check],
        clock: Clock | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        processes: Collection[str] = tuple(PROCESSES),
    ) -> None:
        self._checks = checks
        self._clock = clock or SystemClock()
        self._monotonic = monotonic
        self._signs = SignsOfLife(self._now(), processes)
        self._said: list[str] = []
        self._parts = {*ANSWERS, *processes}
        self._stopping = asyncio.Event()

    def heard(self, alive: ProcessAlive) -> None:
        """Take in a sign of life."""
        self._signs.heard(alive, self._now())

    def stopped(self) -> list[Stoppage]:
        """What has stopped at this moment."""
        return self._signs.stopped(self._now())

    def held(self) -> int:
        """Customers whose messages wait for a person at this moment."""
        return self._signs.held(self._now())

    def silent(self) -> list[Silence]:
        """Senders that are silent at this moment."""
        return self._signs.silent(self._now())

    async def run(self) -> None:
        """Ask until `stop`."""
        asking = [asyncio.create_task(self._ask(name, check)) for name, check in self._checks.items()]
        await self._stopping.wait()
        await end(*asking)

    async def stop(self) -> None:
        """End."""
        self._stopping.set()

    async def _ask(self, name: str, check: Check) -> None:
        # Each separately, so that one that hangs does not delay the others.
        while True:
            with suppress(Exception):
                async with asyncio.timeout(ANSWER_SECONDS):
                    await check()
                self._signs.answered(name, self._now())
            self._tell()
            await asyncio.sleep(EVERY_SECONDS)

    def _tell(self) -> None:
        said = [one.part for one in self.stopped()]
        self._parts.update(said)
        for part in self._parts:
            metrics.PART_STOPPED.labels(part).set(part in said)
        if said != self._said:
            log.warning("upstream changed", stopped=said, before=self._said)
            self._said = said

    def _now(self) -> Moment:
        return Moment(self._monotonic(), self._clock.now())
