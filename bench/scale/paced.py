"""Questions at an even pace, each timed from when it was due, so that a stall counts for all that it delayed."""

from __future__ import annotations

import asyncio
import itertools
import math
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

Ask = Callable[[int], Awaitable[object]]


class Paced:
    """Calls `ask` with 0, 1, 2 … `rate` times a second inside `async with`; one that fails waits for ever."""

    def __init__(self, ask: Ask, rate: float) -> None:
        self._ask = ask
        self._rate = rate
        self._since = -math.inf
        self._waits: dict[int, tuple[float, float]] = {}
        self._running: set[asyncio.Task[None]] = set()
        self._first = asyncio.Event()
        self._asked = asyncio.Event()
        self._maker: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._maker = asyncio.create_task(self._make())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.finish(0)

    async def first(self, seconds: float = 60.0) -> None:
        """Return once one was answered. Raises TimeoutError."""
        await asyncio.wait_for(self._first.wait(), seconds)

    def mark(self) -> None:
        """Count only what is due from now on."""
        self._since = time.monotonic()
        self._asked.clear()

    async def finish(self, patience: float) -> None:
        """Ask no more; what has no answer after `patience` more seconds never had one.

        With patience one at least is asked after the mark, however soon this comes.
        """
        if self._maker is not None:
            if patience > 0:
                await self._asked.wait()
            self._maker.cancel()
            await asyncio.wait([self._maker])
            self._maker = None
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=max(0.001, patience))
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)

    def slowest(self, share: float = 1.0) -> float:
        """Seconds within which `share` of the questions since the mark were answered; infinite if they were not.

        A question that is still open does not count before `finish`.
        """
        waits = sorted(wait for due, wait in self._waits.values() if due >= self._since)
        return waits[min(len(waits) - 1, int(share * len(waits)))] if waits else math.inf

    async def _make(self) -> None:
        begun = time.monotonic()
        for number in itertools.count():
            due = begun + number / self._rate
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            task = asyncio.create_task(self._one(number, due))
            self._running.add(task)
            task.add_done_callback(self._running.discard)
            if due >= self._since:
                self._asked.set()

    async def _one(self, number: int, due: float) -> None:
        wait = math.inf
        try:
            with suppress(Exception):
                await self._ask(number)
                wait = time.monotonic() - due
                self._first.set()
        finally:
            self._waits[number] = (due, wait)
