"""Which promises are learnt from when there are more than fit: one in 2, 4, 8 …, the same ones in every process."""

from __future__ import annotations

import math
from bisect import bisect_right
from typing import Final
from zlib import crc32

import msgspec

MOST_LEVEL: Final = 20
NONE: Final = MOST_LEVEL + 1
MOST_CHANGES: Final = 256
"""Changes that are remembered; of promises made before them no new one is begun with."""


class Sample(msgspec.Struct, array_like=True):
    """The share of promises that is learnt, by when they were made: one in 2^level, by their pseudonym.

    `levels` holds (made from, level), in order. A promise is in the sample for its whole life or not at all: the level
    of its time is only ever raised, and it stays below another level for promises made later. `newest` is the latest
    time at which a promise was made that was left out.
    """

    levels: list[tuple[float, int]] = msgspec.field(default_factory=lambda: [(-math.inf, 0)])
    newest: float = -math.inf

    @property
    def level(self) -> int:
        """The level of promises made from now on."""
        return self.levels[-1][1]

    @property
    def share(self) -> float:
        """The share of promises made from now on that is learnt."""
        return float(2.0**-self.level)

    @property
    def whole(self) -> bool:
        """Whether no promise was ever left out."""
        return self.levels == [(-math.inf, 0)]

    def keeps(self, name: str, made: float) -> bool:
        """Whether a promise of this pseudonym, made at this time, is in the sample."""
        level = self.levels[self._place(made)][1]
        return level == 0 or (level <= MOST_LEVEL and not crc32(name.encode()) & ((1 << level) - 1))

    def thin(self, since: float, level: int) -> None:
        """Raise the level to at least `level` for promises made at `since` or later."""
        place = self._place(since)
        before = [one for one in self.levels if one[0] < since]
        after = [(since, self.levels[place][1]), *(one for one in self.levels if one[0] > since)]
        self._merge([*before, *((at, max(level, old)) for at, old in after)])

    def ease(self, since: float) -> None:
        """Lower the level by one for promises made at `since` or later, and after all that were left out."""
        since = max(since, math.nextafter(max(self.newest, self.levels[-1][0]), math.inf))
        self._merge([*self.levels, (since, self.level - 1)])

    def lose(self, until: float) -> None:
        """Begin with no promise any more that was made by `until`."""
        until = math.nextafter(until, math.inf)
        after = [one for one in self.levels if one[0] > until]
        level = self.levels[self._place(until)][1]
        self.newest = max(self.newest, until)
        self._merge([(-math.inf, NONE), (until, level), *after])

    def left_out(self, made: float) -> None:
        """Note that a promise made at this time is not learnt from."""
        self.newest = max(self.newest, made)

    def _place(self, made: float) -> int:
        return bisect_right(self.levels, (made, math.inf)) - 1

    def _merge(self, levels: list[tuple[float, int]]) -> None:
        kept: list[tuple[float, int]] = []
        for at, level in levels:
            if not kept or kept[-1][1] != level:
                kept.append((at, level))
        if len(kept) > MOST_CHANGES:
            kept = [(-math.inf, NONE), *kept[1 - MOST_CHANGES :]]
        self.levels = kept
