"""A circuit breaker for each address: one that keeps failing is left alone for a while."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

FAILURES: Final = 5
"""In a row, until an address is left alone."""
FIRST: Final = 60.0
LONGEST: Final = 3_600.0
"""Seconds for which it is left alone, doubled by each failure after."""
MOST: Final = 10_000
"""Addresses that are remembered, those that failed last."""


class Circuit:
    """What addresses failed; in memory, so each process learns it by itself."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._failed: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def open_for(self, address: str) -> float:
        """Seconds for which nothing goes to the address; 0 if it may."""
        _, until = self._failed.get(address, (0, 0.0))
        return max(until - self._monotonic(), 0.0)

    def note(self, address: str, *, failed: bool) -> None:
        """Note how an attempt ended. The first after a pause decides whether there is a longer one."""
        if not failed:
            self._failed.pop(address, None)
            return
        count = self._failed.pop(address, (0, 0.0))[0] + 1
        over = count - FAILURES
        pause = 0.0 if over < 0 else min(FIRST * 2.0 ** min(over, 10), LONGEST)
        self._failed[address] = (count, self._monotonic() + pause)
        if len(self._failed) > MOST:
            self._failed.popitem(last=False)
