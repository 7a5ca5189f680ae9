"""Moments of all promises, kept for repeated learning: the newest, and a fair sample of older ones.

On flights, forgetting all but the newest months cost the long expert .014 of Brier skill, so a sample is kept.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from risk_svc.forecast.layout import WIDTH

ROOM: Final = 65_536
SAMPLE: Final = 131_072
"""Number of newest moments and of older ones kept: about 110 MB together."""
EXPERTS: Final = 4
REFERENCE: Final = 3
"""Number of P(late) forecasts that are mixed, and the index of the reference class among them."""
SURVIVALS: Final = 3
"""Number of curves that are mixed; the last is the reference class's."""
UNKNOWN: Final = -1
_BLOCK: Final = 4096


class Memory:
    """One row per moment, numbered by serial; of those before the newest `room`, `sample` are kept (Vitter 1985)."""

    def __init__(self, room: int = ROOM, sample: int = SAMPLE) -> None:
        self.room, self.count = room, 0
        self.sample, self.kept, self.left = sample, 0, 0
        self.held = 0
        self.features = np.zeros((0, WIDTH), np.float16)
        self.at, self.made, self.deadline, self.unit, self.horizon = (np.zeros(0) for _ in range(5))
        self.group = np.zeros(0, np.int64)
        self.done, self.until = np.zeros(0), np.zeros(0)
        """When the promise was completed, and until when it was watched; inf while unknown."""
        self.late = np.zeros(0, np.int8)
        self.learned = np.zeros(0, bool)
        self.scored = np.zeros(0, bool)
        self.lost = np.zeros(0)
        """Since when the promise is no longer expected: cancelled or withdrawn."""
        self.counted, self.look = np.zeros(0), np.zeros(0)
        """Until when the reference class has counted the time that it was overdue, and when it counts next."""
        self.shares = np.zeros((0, EXPERTS))
        self.own = np.zeros((0, SURVIVALS, 3))
        self.named = np.zeros((0, 6))
        """The times named by the three raw and the three stated quantiles; nan once judged."""
        self.said, self.p = np.zeros((0, 3), np.float32), np.zeros(0)
        """The times (y) that people are told, and P(late)."""
        self.judged = np.zeros(0)
        """The earliest of these times that is not judged yet; inf if none is left."""

    @property
    def size(self) -> int:
        """The number of rows that contain a moment."""
        return min(self.count, self.room) + self.kept

    def add(
        self,
        row: NDArray[np.float16],
        at: float,
        made: float,
        deadline: float,
        unit: float,
        horizon: float,
        group: int,
    ) -> int:
        """Stores a moment and returns its serial; `horizon` is that of its quantiles (y)."""
        serial = self.count
        spot = serial % self.room
        if serial >= self.room:
            self._keep(spot)
        if spot >= self.held:
            self._grow()
        self.features[spot] = row
        self.at[spot], self.made[spot], self.deadline[spot], self.unit[spot] = at, made, deadline, unit
        self.horizon[spot] = horizon
        self.group[spot], self.late[spot] = group, UNKNOWN
        self.counted[spot], self.look[spot] = at, np.inf
        self.done[spot] = self.until[spot] = np.inf
        self.lost[spot] = np.inf
        self.learned[spot] = self.scored[spot] = False
        self.named[spot], self.judged[spot] = np.nan, np.inf
        self.count += 1
        return serial

    def overdue(self, serial: int) -> None:
        """Marks the moment just added as past its deadline: that it is late is not an answer to learn."""
        spot = serial % self.room
        self.late[spot], self.learned[spot] = True, True
        self.look[spot] = self.at[spot]

    def spots(self, serials: list[int]) -> list[int]:
        """Places of those serials that are still stored."""
        oldest = self.count - self.room
        return [serial % self.room for serial in serials if serial >= oldest]

    def drawn(self, ages: NDArray[np.int64], random: np.random.Generator) -> NDArray[np.int64]:
        """Places of moments by age (0 is the newest); ages beyond `room` are drawn from the sample."""
        spots = (self.count - 1 - ages) % self.room
        if not self.kept:
            return spots
        return np.where(ages < self.room, spots, self.room + random.integers(0, self.kept, len(ages)))

    def _keep(self, spot: int) -> None:
        """Moves an evicted moment into the sample or drops it; only one whose answer is known enters the sample."""
        if self.late[spot] == UNKNOWN:
            return
        self.left += 1
        # Whether it is completed later is noted no more: it counts as watched until now.
        self.until[spot] = min(self.until[spot], self.at[(self.count - 1) % self.room])
        place = self.kept
        if self.kept < self.sample:
            self.kept += 1
        else:
            place = int(np.random.default_rng((11, self.left)).integers(0, self.left))
            if place >= self.sample:
                return
        if self.room + place >= self.held:
            self._grow()
        for value in vars(self).values():
            if isinstance(value, np.ndarray):
                value[self.room + place] = value[spot]

    def _grow(self) -> None:
        more = min(max(_BLOCK, self.held), self.room + self.sample - self.held)
        for name, value in vars(self).items():
            if isinstance(value, np.ndarray):
                setattr(self, name, np.concatenate([value, np.zeros((more, *value.shape[1:]), value.dtype)]))
        self.held += more
