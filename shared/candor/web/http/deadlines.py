"""Ends what takes too long, as `asyncio.timeout` does, with one timer for all requests instead of one for each."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self


class Deadline:
    """A piece of work inside `with`: raises TimeoutError where it was cancelled because its time was up (`over`)."""

    __slots__ = ("_before", "_running", "at", "over", "task")

    def __init__(self, task: asyncio.Task[object], at: float, running: dict[Deadline, None]) -> None:
        self.task = task
        self.at = at
        self.over = False
        self._before = task.cancelling()
        self._running = running

    def lift(self) -> None:
        """Give it all the time it wants."""
        self._running.pop(self, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.lift()
        # Somebody else may have cancelled the task as well, and must be obeyed.
        if self.over and self.task.uncancel() <= self._before and kind is asyncio.CancelledError:
            raise TimeoutError from error


class Deadlines:
    """Gives each piece of work the same time."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        # As all have the same time, it is up in the order in which they began.
        self._running: dict[Deadline, None] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def begin(self) -> Deadline:
        """Begin a piece of work of the current task, to be used with `with`."""
        loop = asyncio.get_running_loop()
        task = asyncio.current_task(loop)
        assert task is not None  # noqa: S101 - only tasks serve requests
        begun = Deadline(task, loop.time() + self.seconds, self._running)
        self._running[begun] = None
        # A timer once set stays, and is set again for whoever is first then: no request sets or cancels one.
        if self._timer is None or self._loop is not loop:
            self._loop, self._timer = loop, loop.call_at(begun.at, self._look, loop)
        return begun

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        now = loop.time()
        while self._running:
            first = next(iter(self._running))
            if first.at > now:
                self._timer = loop.call_at(first.at, self._look, loop)
                return
            first.lift()
            first.over = True
            first.task.cancel()
