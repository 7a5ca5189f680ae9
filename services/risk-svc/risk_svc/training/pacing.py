"""When the learner does what: how long it reads and learns before it says so, and which boundaries it may close."""

from __future__ import annotations

import math
from collections import deque
from typing import NamedTuple


class Pacing(NamedTuple):
    """How long things take, in real seconds: `quiet` and `longest` are those of BoundaryPacing.

    The state is stored every `checkpoint`. History is learnt in chunks of `chunk`, of which the newest version is
    published; what is unread is read for `reading` at a time, so that a journal that never ends holds nothing else up.
    """

    quiet: float = 2.0
    longest: float = 60.0
    checkpoint: float = 600.0
    chunk: float = 1.0
    reading: float = 1.0


class BoundaryPacing:
    """Decides which boundaries may be closed: those before which nothing has arrived for `quiet` real seconds.

    Import and catch-up deliver the past in parts. Stragglers cannot block the present: after `longest` real seconds
    without a closing, one boundary is closed anyway. Real times are of a monotonic clock.
    """

    def __init__(self, quiet: float, longest: float, now: float) -> None:
        self._quiet = quiet
        self._longest = longest
        self._free = now
        self._heard: deque[tuple[float, float]] = deque()

    def heard(self, now: float, earliest: float) -> None:
        """Notes that entries arrived, the earliest of business time `earliest`."""
        self._heard.append((now, earliest))

    def limit(self, now: float, upcoming: float, passed: float) -> float:
        """The newest boundary that may be closed, given the next one and the last that the business clock passed."""
        while self._heard and self._heard[0][0] <= now - self._quiet:
            self._heard.popleft()
        free = min((earliest for _, earliest in self._heard), default=math.inf)
        free = min(free, passed)
        if upcoming <= free or upcoming > passed:
            self._free = now
            return free
        if now - self._free < self._longest:
            return -math.inf
        self._free = now
        return upcoming
