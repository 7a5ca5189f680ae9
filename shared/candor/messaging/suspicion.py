"""Which events of a partition are under suspicion of not being applicable at all, and which are tried next."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from candor.messaging.slices import Slice, offset_of
from candor.store.dead_letter import OVER_LIMIT
from candor.store.suspects import BURY, RETRY, SEARCH, STUCK, Suspect

Ranges = dict[str, tuple[int, int]]
"""Offsets by topic card: the first, and the one after the last."""

DIED: Final = "the process ended during the attempt"


@dataclass(frozen=True)
class Budget:
    """How often what may be our own fault is tried: `whole` times as one, then in halves, one event `single` times.

    After a failed attempt the partition rests for `rest` times as long as that took, in which the others go on.
    """

    whole: int = 2
    single: int = 3
    rest: float = 1.0


@dataclass(slots=True)
class Suspicion:
    """The search in one partition: `ranges` hold the culprit, `trial` is what is being tried of them.

    Without ranges the next events are: their owner before us died, maybe of them. `stuck` says in words why a person
    must decide about the one event left, `shown` whether they can see it; what they decided to put aside is `buried`.
    """

    ranges: Ranges = field(default_factory=dict)
    failures: int = 0
    error: str = ""
    stuck: str = ""
    buried: bool = False
    shown: bool = False
    trial: Ranges = field(default_factory=dict)
    rests_until: float = 0.0

    def choose(self, pieces: Sequence[Slice], budget: Budget) -> list[Slice]:
        """Return what of these records to try next; nothing if they do not reach into what is suspected."""
        inside = self._inside(pieces) if self.ranges else list(pieces)
        if not self.ranges:
            self.ranges = extents(inside)
        total = sum(len(piece.records) for piece in inside)
        if total > 1 and self.failures >= budget.whole:
            inside, _ = halves(inside, total)
        self.trial = extents(inside)
        return inside

    def failed(self, error: str, budget: Budget, *, certain: bool = False) -> None:
        """Note that the trial failed; what fails for a `certain` reason is not tried again as it is."""
        self.error = error
        single = _size(self.trial) == 1
        most = budget.single if single else budget.whole
        if self.trial == self.ranges:
            self.failures += 1
        else:
            self.ranges, self.failures = self.trial, 1 if single else budget.whole
        if certain:
            self.failures = max(self.failures, most)
        self.trial = {}
        if single and self.failures >= most:
            self._halt()

    def passed(self, offsets: Mapping[str, int]) -> bool:
        """Note how far the partition has come; returns whether nothing is left to suspect."""
        begun = bool(self.ranges)
        self.trial = {}
        self._trim(offsets)
        return begun and not self.ranges

    def decided(self, state: str) -> None:
        """Go on with what a person decided."""
        self.failures, self.stuck = 0, ""
        self.buried = state == BURY

    def rows(self) -> list[Suspect]:
        """Return what is to be known after a restart."""
        state = STUCK if self.stuck else SEARCH
        return [
            Suspect(card, low, high, self.trial.get(card, (low, low))[1], self.failures, self.error, state)
            for card, (low, high) in self.ranges.items()
        ]

    def _inside(self, pieces: Sequence[Slice]) -> list[Slice]:
        found = []
        for piece in pieces:
            low, high = self.ranges.get(piece.card, (0, 0))
            part = piece.part(*(bisect_left(piece.records, end, key=offset_of) for end in (low, high)))
            if part.records:
                found.append(part)
        return found

    def _trim(self, offsets: Mapping[str, int]) -> None:
        left = _after(self.ranges, offsets)
        if left != self.ranges and _size(left) == 1:
            # What failed so far was more than this one event.
            self.failures = 0
        self.ranges = left

    def _halt(self) -> None:
        [(card, (low, _))] = self.ranges.items()
        self.stuck = f"{card}: the event at offset {low} cannot be applied ({self.error}), attempts: {self.failures}"


def recalled(rows: Sequence[Suspect], offsets: Mapping[str, int], budget: Budget) -> Suspicion | None:
    """Return what the partition's owner before us knew; None if its search was over.

    A trial that neither failed nor passed is what that process died of. An event that an error stopped is tried once
    more: this may be the release that mends it.
    """
    if not rows:
        return None
    first = rows[0]
    known = Suspicion({row.topic: (row.low, row.high) for row in rows}, first.failures, first.error)
    trial = _after({row.topic: (row.low, row.tried) for row in rows if row.tried > row.low}, offsets)
    known._trim(offsets)
    if not known.ranges:
        return None
    if trial:
        known.trial = trial
        known.failed(DIED, budget)
    elif first.state in (RETRY, BURY):
        known.decided(first.state)
    elif first.state == STUCK and first.error == DIED:
        known._halt()
    elif first.state == STUCK:
        known.failures = budget.single - 1
    return known


def newer(card: str, offset: int, reason: str, detail: str) -> Suspicion:
    """Return what halts a partition before an event that this release does not know."""
    known = Suspicion({card: (offset, offset + 1)}, 1, f"{reason}: {detail}")
    known.stuck = (
        f"{card}: this release does not know the event at offset {offset} ({known.error}): upgrade the service"
    )
    return known


def extents(pieces: Sequence[Slice]) -> Ranges:
    """Return the offsets of records."""
    return {piece.card: (piece.records[0].offset, piece.records[-1].offset + 1) for piece in pieces if piece.records}


def verdict(suspicion: Suspicion) -> tuple[str, str]:
    """Reason and detail of the dead letter of an event that a person put aside."""
    return OVER_LIMIT, suspicion.error


def halves(pieces: Sequence[Slice], total: int) -> tuple[list[Slice], list[Slice]]:
    """Return the first and the second half of `total` records, each in order."""
    first: list[Slice] = []
    second: list[Slice] = []
    room = total // 2
    for piece in pieces:
        cut = min(room, len(piece.records))
        if cut:
            first.append(piece.part(0, cut))
        if cut < len(piece.records):
            second.append(piece.part(cut, len(piece.records)))
        room -= cut
    return first, second


def _after(ranges: Ranges, offsets: Mapping[str, int]) -> Ranges:
    left = {card: (max(low, offsets.get(card, 0)), high) for card, (low, high) in ranges.items()}
    return {card: (low, high) for card, (low, high) in left.items() if low < high}


def _size(ranges: Ranges) -> int:
    return sum(high - low for low, high in ranges.values())
