"""When a loop last came round, for whoever must tell that it goes on."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

STUCK_SECONDS: Final = 5.0


class Liveness:
    """`beat` after each turn that did its work; `stuck` where none has for STUCK_SECONDS of the system's time."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._last = monotonic()

    def beat(self) -> None:
        """A turn is done."""
        self._last = self._monotonic()

    @property
    def stuck(self) -> bool:
        """Whether turns fail, or do not end."""
        return self._monotonic() - self._last > STUCK_SECONDS
