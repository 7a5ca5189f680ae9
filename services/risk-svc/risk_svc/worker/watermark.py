"""Tracks how old the events are that a partition is still reading."""

from __future__ import annotations

import math
from typing import Final

SETTLE_S: Final = 10.0
"""Real seconds without an older event after which none is expected."""


class Watermark:
    """The oldest business time among the events of the last SETTLE_S real seconds.

    Topics are not ordered among each other: while history or a backlog is read, a promise may arrive long before the
    milestone that completed it. Conclusions from time alone (it never came) wait until no older events arrive. `system`
    and business times are in epoch seconds.
    """

    def __init__(self, system: float = -math.inf) -> None:
        # The partition was just acquired: nothing is known of what is still to be read.
        self._slots = [(system, -math.inf), (-math.inf, math.inf)]

    def note(self, system: float, oldest: float) -> None:
        """Notes events read at system time `system`, the oldest of business time `oldest`."""
        begun, low = self._slots[0]
        if system - begun < SETTLE_S:
            self._slots[0] = (begun, min(low, oldest))
        else:
            self._slots = [(system, oldest), self._slots[0]]

    def oldest(self, system: float) -> float:
        """Oldest business time of the last SETTLE_S seconds (at most twice that); inf if no event was read."""
        return min((low for begun, low in self._slots if system - begun < 2 * SETTLE_S), default=math.inf)
