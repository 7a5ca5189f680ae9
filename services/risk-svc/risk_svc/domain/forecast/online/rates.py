"""Reference classes as means that fade: what became of like promises, recent ones counting more."""

from __future__ import annotations

import math
from collections.abc import Hashable
from typing import Final

Key = tuple[Hashable, ...]
MOST_KEYS: Final = 100_000
"""Classes of one table; past it the half with the least weight goes."""


class Rates:
    """Exponentially faded means by class, read shrunk to a parent; times in epoch seconds, about 200 bytes a class."""

    def __init__(self, most: int = MOST_KEYS) -> None:
        self.table: dict[Key, list[float]] = {}
        self._most = most

    def add(self, key: Key, value: float, at: float, half_life: float) -> None:
        """Counts one value, fading what is there to `at`; `half_life` in seconds."""
        held = self.table.get(key)
        if held is None:
            if len(self.table) >= self._most:
                self._evict()
            self.table[key] = [value, 1.0, at]
            return
        if at > held[2]:
            fade = 2.0 ** ((held[2] - at) / half_life)
            held[0] *= fade
            held[1] *= fade
            held[2] = at
        held[0] += value
        held[1] += 1.0

    def mean(self, key: Key, at: float, half_life: float, parent: float, shrink: float) -> float:
        """The class's mean at `at`, as if `shrink` like promises had shown the parent's."""
        held = self.table.get(key)
        if held is None:
            return parent
        fade = 2.0 ** ((held[2] - at) / half_life) if at > held[2] else 1.0
        return (held[0] * fade + shrink * parent) / (held[1] * fade + shrink)

    def weight(self, key: Key, at: float, half_life: float) -> float:
        """How many like promises the class rests on, faded to `at`."""
        held = self.table.get(key)
        if held is None:
            return 0.0
        return held[1] * (2.0 ** ((held[2] - at) / half_life) if at > held[2] else 1.0)

    def _evict(self) -> None:
        ranked = sorted(self.table, key=lambda key: (self.table[key][2], self.table[key][1], repr(key)))
        for key in ranked[: len(ranked) // 2]:
            del self.table[key]


def log_odds(share: float, guard: float = 0.01) -> float:
    """Log-odds of a share in [0, 1], kept finite by `guard`."""
    return math.log((share + guard) / (1.0 + guard - share))
