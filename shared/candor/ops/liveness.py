"""When a loop last completed a turn, so that others can tell whether it is still running."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

STUCK_SECONDS: Final = 5.0


class Liveness:
    """`beat` after each turn that did its work; `stuck` if there was none for STUCK_SECONDS of system time."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._last = monotonic()

    def beat(self) -> None:
        """Note that a turn is done."""
        self._last = self._monotonic()

    @property
    def stuck(self) -> bool:
        """Whether turns fail or hang."""
        return self._monotonic() - self._last > STUCK_SECONDS
