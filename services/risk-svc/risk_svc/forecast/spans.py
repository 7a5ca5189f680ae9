"""How long promises of a kind took, counted: of those that came due, how many were done within any time."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

BIN: Final = 0.02
"""Width of a bin in log seconds: times are counted to within 2 %, and evenly within a bin."""
SHORTEST: Final = 1.0
PENDING: Final = -1
"""The bin of those not done so far: they may be open, or will never be."""
Z: Final = 1.96
LEAST_TARGET: Final = 1e-9


class Kept(NamedTuple):
    """Of `n` promises that came due, the share done within a time, with its 95 % interval (Wilson 1927)."""

    n: int
    share: float
    low: float
    high: float


class Spans:
    """Counts of promises by the time from making them to completing them; the order of what is counted is immaterial.

    Promises count once they are due, as not done until they are; withdrawn ones do not.
    """

    def __init__(self, kinds: int) -> None:
        self.counts: dict[str, dict[int, int]] = {}
        self._kinds = kinds

    def due(self, kind: str) -> None:
        """Counts a promise that has come due."""
        if kind not in self.counts and len(self.counts) >= self._kinds:
            del self.counts[next(iter(self.counts))]
        held = self.counts.setdefault(kind, {})
        held[PENDING] = held.get(PENDING, 0) + 1

    def completed(self, kind: str, seconds: float) -> None:
        """Counts one of those that came due as done this many seconds after it was made."""
        held = self.counts.get(kind, {})
        if held.get(PENDING):
            held[PENDING] -= 1
            place = _bin(seconds)
            held[place] = held.get(place, 0) + 1

    def within(self, kind: str, seconds: float) -> Kept | None:
        """The share done within `seconds`, never less for a longer time; None if none has come due."""
        held = self.counts.get(kind, {})
        n = sum(held.values())
        if not n:
            return None
        spot = math.inf if math.isinf(seconds) else math.log(max(seconds, SHORTEST)) / BIN
        done = sum(count * min(1.0, max(0.0, spot - place)) for place, count in held.items() if place != PENDING)
        return Kept(n, done / n, *wilson(done / n, n))

    def target(self, kind: str, share: float) -> float | None:
        """The shortest time in seconds within which at least this share was done; None if less than that ever was."""
        held = self.counts.get(kind, {})
        wanted, done = share * sum(held.values()), 0.0
        for place in sorted(place for place in held if place != PENDING):
            count = held[place]
            if count and done + count >= wanted > LEAST_TARGET:
                return math.exp(BIN * (place + max(0.0, wanted - done) / count))
            done += count
        return None


def _bin(seconds: float) -> int:
    return max(0, math.floor(math.log(max(seconds, SHORTEST)) / BIN))


def wilson(share: float, n: float) -> tuple[float, float]:
    """The 95 % interval of a share of `n` (Wilson 1927); `n` may be an effective number."""
    middle = (share + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z / (1 + Z * Z / n) * math.sqrt(share * (1 - share) / n + Z * Z / (4 * n * n))
    return max(0.0, min(share, middle - half)), min(1.0, max(share, middle + half))
