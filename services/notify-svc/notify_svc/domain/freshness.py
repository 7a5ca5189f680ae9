"""How old the facts are that a decision rests on, from what each stage before notify-svc says of its own work. No I/O.

All times are system time in epoch seconds; business time may be replayed.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Mapping
from math import inf
from typing import Final

from candor.contracts import ProcessAlive

PROMISES, DELIVERY, RISK = "promise-svc", "delivery-svc", "risk-svc worker"
UPSTREAM: Final = (PROMISES, DELIVERY, RISK)
"""The processes without whose word it is not known how old facts are."""
KEPT: Final = 128
"""Words kept of one part and partition."""
SPARE: Final = 10.0
"""Seconds that words take from stage to stage at most, while all is well."""


class _Said:
    """What one part said of one partition: when, and up to when its work was done, both rising."""

    def __init__(self) -> None:
        self.at: list[float] = []
        self.until: list[float] = []

    def note(self, at: float, until: float, apart: float) -> None:
        if self.at and at < self.at[-1] + apart:
            return
        self.at.append(at)
        # What was true stays true, also if a process says less after it.
        self.until.append(max(until, self.until[-1]) if self.until else until)
        if len(self.at) > KEPT:
            del self.at[0], self.until[0]

    def by(self, moment: float) -> float:
        place = bisect_right(self.at, moment)
        return self.until[place - 1] if place else -inf


class Freshness:
    """Follows what was accepted through all stages to the facts that notify-svc has.

    A stage's word counts once the next stage has read beyond the moment at which it was given: only then has it
    everything that the word is about. `expected`: processes that the deployment has; `window`: seconds for which words
    are kept, the oldest age that still counts as fresh.
    """

    def __init__(self, expected: Collection[str], window: float) -> None:
        self._expected = frozenset(expected).intersection(UPSTREAM)
        self._apart = (window + SPARE) / (KEPT - 2)
        self._said: dict[tuple[str, str, int], _Said] = {}

    def heard(self, alive: ProcessAlive, at: float) -> None:
        """Take in a process's sign of life, given at system time `at`."""
        if alive.process not in self._expected:
            return
        for part, partitions in alive.reached.items():
            for number, until in partitions.items():
                self._said.setdefault((alive.process, part, number), _Said()).note(at, until, self._apart)

    def as_of(self, partition: int, read: float) -> float:
        """The time up to which everything accepted is in facts, if all that Kafka had at time `read` has been read."""
        scored = self._reached(RISK, "consumer", partition, self._reached(RISK, "relay", partition, read))
        promised = self._reached(PROMISES, "relay", partition, scored)
        reported = min(self._reached(DELIVERY, "relay", number, scored) for number in (partition, 0))
        placed = self._reached(DELIVERY, "consumer", partition, reported)
        return min(promised, placed, self._reached(PROMISES, "relay", partition, placed))

    def ages(self, now: float) -> Mapping[str, float]:
        """By expected process, the age of the oldest of its last words."""
        found = {name: 0.0 if any(key[0] == name for key in self._said) else inf for name in sorted(self._expected)}
        for (name, _, _), said in self._said.items():
            found[name] = max(found[name], now - said.until[-1])
        return found

    def _reached(self, process: str, part: str, partition: int, by: float) -> float:
        if process not in self._expected:
            return by
        said = self._said.get((process, part, partition))
        return said.by(by) if said else -inf
