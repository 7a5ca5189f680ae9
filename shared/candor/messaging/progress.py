"""Whether a worker gets on: turns that fail in a row, and partitions in which nothing is applied though events wait."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from candor.messaging.planning import OwnedPartition


@dataclass(frozen=True)
class Patience:
    """What a worker may fail before it says that it is not ready.

    So many turns in a row; so many times what is due by the clock (12 find one promise among thousands that fails); so
    many seconds in which nothing of a partition is applied while events wait for it.
    """

    turns: int = 10
    ticks: int = 24
    seconds: float = 60.0


class Progress:
    """`look` notes how far each leased partition is; `behind` says how many events wait for one."""

    def __init__(
        self,
        leased: Mapping[int, OwnedPartition],
        behind: Callable[[OwnedPartition], int],
        patience: Patience | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.failures = 0
        self._ticks = 0
        self._why = ""
        self._why_ticks = ""
        self._leased = leased
        self._behind = behind
        self._patience = patience or Patience()
        self._monotonic = monotonic
        self._moved: dict[int, tuple[int, float]] = {}

    def failed(self, why: str) -> None:
        """Note that a turn failed."""
        self.failures += 1
        self._why = why

    def done(self) -> None:
        """Note that a turn did its work."""
        self.failures = 0

    def tick_failed(self, why: str) -> None:
        """Note that what is due by the clock failed."""
        self._ticks += 1
        self._why_ticks = why

    def tick_done(self) -> None:
        """Note that what is due by the clock was done."""
        self._ticks = 0

    def look(self) -> None:
        """Note how far the partitions are; to be called about once a second."""
        now, moved = self._monotonic(), {}
        for number, own in [*self._leased.items()]:
            place = sum(own.offsets.values())
            before = self._moved.get(number, (-1, now))
            moved[number] = before if before[0] == place and self._behind(own) else (place, now)
        self._moved = moved

    def problems(self) -> list[str]:
        """Return in words what does not get on; halted partitions are told elsewhere."""
        found = []
        if self.failures >= self._patience.turns:
            found.append(f"{self.failures} turns in a row failed: {self._why}")
        if self._ticks >= self._patience.ticks:
            found.append(f"reviews by the clock failed {self._ticks} times in a row: {self._why_ticks}")
        now = self._monotonic()
        for number, (_, since) in sorted(self._moved.items()):
            own = self._leased.get(number)
            still = now - since
            if own is not None and not own.halted and still > self._patience.seconds:
                waiting = self._behind(own)
                found.append(f"partition {number}: nothing applied for {still:.0f} s while {waiting} events wait")
        return found
