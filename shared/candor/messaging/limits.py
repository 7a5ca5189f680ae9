"""Decides when a topic partition has too many dead letters, which may hide a broken build."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import sqrt
from typing import Final

from candor.messaging.suspicion import Budget
from candor.store.dead_letter import BEHIND

CHANCE: Final = 4.0
"""Standard deviations by which the share must be exceeded: a steady 1 % of bad events must not stop a partition."""


@dataclass(frozen=True)
class Limits:
    """Dead letters allowed for a topic partition: `consecutive` in a row, and `share` of the last `window` records.

    The share applies from `minimum` records on, and must be exceeded by more than chance explains. At most `waiting`
    letters of a partition wait for a person, those behind others among them: they are read when it is taken over, and
    counted every second. The `budget` is for events that cannot be applied within the limits of a transaction.
    """

    consecutive: int = 20
    share: float = 0.01
    window: int = 10_000
    minimum: int = 100
    waiting: int = 10_000
    budget: Budget = field(default_factory=Budget)

    def allowed(self, seen: int) -> float:
        """Return the number of dead letters tolerated among the last `seen` records (at most `window`)."""
        expected = self.share * min(seen, self.window)
        return expected + CHANCE * sqrt(expected)

    def full(self, unresolved: int) -> str:
        """Return why a partition with so many unresolved letters must stop; empty while it may continue."""
        return f"{unresolved:,} dead letters wait for a person" if unresolved >= self.waiting else ""


class Guard:
    """Counts one topic partition's dead letters by offset; records that wait behind another count neither way.

    Its state can be rebuilt from the dead-letter table, so a restart does not reset the limits.
    """

    def __init__(
        self, limits: Limits, dead: Iterable[int] = (), behind: Iterable[int] = (), following: int = 0
    ) -> None:
        self.limits = limits
        self._dead = deque(sorted(offset for offset in dead if offset >= following - limits.window))
        self.run = _run(set(self._dead), set(behind), following)
        self.seen = following

    def copy(self) -> Guard:
        """Return a copy that can be discarded with the transaction."""
        twin = Guard(self.limits)
        twin._dead = self._dead.copy()
        twin.run, twin.seen = self.run, self.seen
        return twin

    def passed(self, offset: int) -> None:
        """Note that the record at `offset` was good."""
        self.run = 0
        self.seen = offset + 1

    def foreign(self, offset: int) -> None:
        """Note that the record at `offset` is not ours: it says nothing about our builds, and counts neither way."""
        self.seen = offset + 1

    def buried(self, offset: int, reason: str) -> None:
        """Note that the record at `offset` became a dead letter."""
        self.seen = offset + 1
        if reason == BEHIND:
            return
        self.run += 1
        self._dead.append(offset)

    def exceeded(self) -> str:
        """Return why the partition must stop, for the person on call; empty while it may continue."""
        limits = self.limits
        if self.run >= limits.consecutive:
            return f"{self.run} dead letters in a row, up to offset {self.seen - 1}"
        while self._dead and self._dead[0] < self.seen - limits.window:
            self._dead.popleft()
        count = len(self._dead)
        if self.seen >= limits.minimum and count > limits.allowed(self.seen):
            return f"{count} dead letters in the last {min(self.seen, limits.window)} records"
        return ""


def _run(dead: set[int], behind: set[int], following: int) -> int:
    length = 0
    offset = following - 1
    while offset in dead or offset in behind:
        length += offset in dead
        offset -= 1
    return length
