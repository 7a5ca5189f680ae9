"""How old the events are that a partition is still reading."""

from __future__ import annotations

import math
from typing import Final

SETTLE_S: Final = 10.0
"""Real seconds without an older event after which none is expected any more."""


class Watermark:
    """The oldest business time among the events of the last SETTLE_S real seconds.

    Topics have no order among each other: while history or a backlog is read, a promise may come long before the
    milestone that completed it. What time alone would conclude (it never came) waits until nothing older comes in.
    `system` and business times are epoch seconds.
    """

    def __init__(self, system: float = -math.inf) -> None:
        # Just acquired, nothing is known of what is still to be read.
        self._slots = [(system, -math.inf), (-math.inf, math.inf)]

    def note(self, system: float, oldest: float) -> None:
        """Events were read at system time `system`, the oldest of business time `oldest`."""
        begun, low = self._slots[0]
        if system - begun < SETTLE_S:
            self._slots[0] = (begun, min(low, oldest))
        else:
            self._slots = [(system, oldest), self._slots[0]]

    def oldest(self, system: float) -> float:
        """Oldest business time of the last SETTLE_S seconds (at most twice that); inf when nothing came."""
        return min((low for begun, low in self._slots if system - begun < 2 * SETTLE_S), default=math.inf)
