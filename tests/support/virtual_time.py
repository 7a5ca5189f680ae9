"""An event loop whose time jumps to the next timer: minutes pass at once, and every run is the same."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

Result = TypeVar("Result")
START = datetime(2026, 11, 28, 12, 1, tzinfo=UTC)


class _JumpingSelector(selectors.DefaultSelector):
    """Instead of waiting for `timeout` seconds, lets them have passed."""

    def __init__(self) -> None:
        super().__init__()
        self.passed = 0.0

    def select(self, timeout: float | None = None) -> Any:
        if timeout is None:
            raise RuntimeError("nothing would ever happen: no timer is set in virtual time")
        self.passed += timeout
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """`time()` and `now()` tell the virtual time, in seconds from 0 and as system time; for code without sockets."""

    def __init__(self) -> None:
        self._waiting = _JumpingSelector()
        super().__init__(self._waiting)

    def time(self) -> float:
        return self._waiting.passed

    def now(self) -> datetime:
        return START + timedelta(seconds=self.time())


def loop() -> VirtualLoop:
    """The running loop."""
    running = asyncio.get_running_loop()
    assert isinstance(running, VirtualLoop)
    return running


def run(main: Coroutine[Any, Any, Result]) -> Result:
    """Run `main` in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)
