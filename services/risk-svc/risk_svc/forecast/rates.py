"""Reference classes as fading means: the outcomes of similar promises, with recent ones counting more."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from typing import Final

Key = tuple[Hashable, ...]
MAX_KEYS: Final = 100_000
"""Maximum classes of one table; beyond it the half with the least weight is dropped."""


class Rates:
    """Exponentially faded means by class, shrunk to a parent when read; times in epoch seconds, 200 bytes a class."""

    def __init__(self, most: int = MAX_KEYS) -> None:
        self.table: dict[Key, list[float]] = {}
        self._most = most

    def add(self, key: Key, value: float, at: float, half_life: float) -> None:
        """Counts one value, fading what is there to `at`; `half_life` in seconds."""
        held = self.table.get(key)
        if held is None:
            if len(self.table) >= self._most:
                evict(self.table, 2, 1)
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
        """The class's mean at `at`, as if `shrink` more promises had shown the parent's mean."""
        held = self.table.get(key)
        if held is None:
            return parent
        fade = 2.0 ** ((held[2] - at) / half_life) if at > held[2] else 1.0
        return (held[0] * fade + shrink * parent) / (held[1] * fade + shrink)


class FadingMeans:
    """Means of one value by class, faded at several half-lives at once: one look-up serves all of them.

    A class is (time, sum, weight, sum, weight …), one pair per half-life; about 300 bytes for three.
    """

    def __init__(self, paces: int, most: int = MAX_KEYS) -> None:
        self.table: dict[Key, list[float]] = {}
        self._paces, self._most = paces, most

    def add(self, key: Key, value: float, at: float, half_lives: Sequence[float]) -> None:
        """Counts one value, fading what is there to `at`; `half_lives` in seconds."""
        held = self.table.get(key)
        if held is None:
            if len(self.table) >= self._most:
                evict(self.table, 0, 2)
            self.table[key] = [at, *(value, 1.0) * self._paces]
            return
        last, spot = held[0], 1
        for half_life in half_lives:
            if at > last:
                fade = 2.0 ** ((last - at) / half_life)
                held[spot] *= fade
                held[spot + 1] *= fade
            held[spot] += value
            held[spot + 1] += 1.0
            spot += 2
        held[0] = max(at, last)

    def mean(self, key: Key, pace: int, at: float, half_life: float, parent: float, shrink: float) -> float:
        """The class's mean at `at` by one of its paces, as if `shrink` more promises had shown the parent's mean."""
        held = self.table.get(key)
        if held is None:
            return parent
        fade = 2.0 ** ((held[0] - at) / half_life) if at > held[0] else 1.0
        return (held[1 + 2 * pace] * fade + shrink * parent) / (held[2 + 2 * pace] * fade + shrink)

    def seen(self, key: Key, pace: int) -> float | None:
        """The class's unshrunk mean by one of its paces; None if nothing was counted."""
        held = self.table.get(key)
        return None if held is None else held[1 + 2 * pace] / held[2 + 2 * pace]


def evict(table: dict[Key, list[float]], time: int, weight: int) -> None:
    """Drops the oldest and lightest half of a table; `time` and `weight` are their indices within a class."""
    ranked = sorted(table, key=lambda key: (table[key][time], table[key][weight], repr(key)))
    for key in ranked[: len(ranked) // 2]:
        del table[key]


def log_odds(share: float, guard: float = 0.01) -> float:
    """Log-odds of a share in [0, 1], kept finite by `guard`."""
    return math.log((share + guard) / (1.0 + guard - share))
