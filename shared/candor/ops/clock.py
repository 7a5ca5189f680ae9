"""The two clocks: business time (what "late" means; may replay history) and system time (leases, tokens, retries)."""

from __future__ import annotations

import math
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Protocol

LATEST: Final = datetime.max.replace(tzinfo=UTC)


class Clock(Protocol):
    """Returns the current time, aware and in UTC."""

    def now(self) -> datetime: ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class BusinessClock:
    """Business time that was `start` at system time `origin` and runs at `speed` business seconds per system second.

    Processes that share start, speed and origin agree on the time. Raises ValueError for naive times or speed <= 0.
    """

    def __init__(self, start: datetime, speed: float, origin: datetime, system: Clock | None = None) -> None:
        if start.tzinfo is None or origin.tzinfo is None:
            raise ValueError("the business clock's start and origin need a zone, e.g. 2013-03-07T17:00:00Z")
        if not 0 < speed <= 1_000_000:
            raise ValueError(f"the business clock's speed must be above 0 and at most 1000000, not {speed}")
        self.start = start.astimezone(UTC)
        self.speed = speed
        self.origin = origin.astimezone(UTC)
        self._system = system or SystemClock()

    def now(self) -> datetime:
        return self.start + (self._system.now() - self.origin) * self.speed

    def system_seconds_until(self, moment: datetime) -> float:
        """Return real seconds until business time reaches `moment`; 0 if it has passed."""
        return max(0.0, (moment - self.now()).total_seconds() / self.speed)


class HeldClock:
    """Business time that stands at `start` until a file names the shared origin, and runs from then on.

    For a replay that can begin only after other work, such as importing history. The program that starts it writes one
    line to the file, once: the origin, an aware ISO time; optionally, after a space, another speed, if that work showed
    a need for one; optionally, after another space, the business time at which the clock stops for good, an aware ISO
    time after `start`. The file is checked at most every 0.05 s until it has been read; later changes are ignored.
    """

    def __init__(self, start: datetime, speed: float, origin_file: Path, system: Clock | None = None) -> None:
        self._system = system or SystemClock()
        self._file = origin_file
        self._looked = -math.inf
        self._running: BusinessClock | None = None
        self._until = LATEST
        self.start = BusinessClock(start, speed, start).start
        self.speed = speed

    def now(self) -> datetime:
        if self._running is None:
            self._look()
        # The origin may be slightly ahead of us: time stands still until then, and never runs backwards.
        return self.start if self._running is None else min(max(self.start, self._running.now()), self._until)

    def _look(self) -> None:
        if time.monotonic() - self._looked < 0.05:
            return
        self._looked = time.monotonic()
        try:
            origin, speed, until = [*self._file.read_text().split(), "", "", ""][:3]
            running = BusinessClock(
                self.start, float(speed or self.speed), datetime.fromisoformat(origin), self._system
            )
            stops = datetime.fromisoformat(until) if until else LATEST
            if stops <= self.start:
                return
        except (OSError, TypeError, ValueError):
            return
        self.speed = running.speed
        self._until = stops.astimezone(UTC)
        self._running = running


def parse_clock(text: str, origin: datetime | None, origin_file: Path | None = None) -> Clock:
    """Return the business clock for a setting `start@speed`, e.g. `2013-03-07T17:00:00Z@1300`; empty: the system clock.

    The shared origin is passed directly, or through a file that will contain it (HeldClock).

    Raises ValueError if the text cannot be read or the shared system-clock origin is missing: if each process used its
    own, they would disagree on the time.
    """
    if not text:
        return SystemClock()
    start, separator, speed = text.rpartition("@")
    if not separator:
        raise ValueError(f"CLOCK must look like 2013-03-07T17:00:00Z@1300, not {text!r}")
    if origin is None and origin_file is not None:
        return HeldClock(datetime.fromisoformat(start), float(speed), origin_file)
    if origin is None:
        raise ValueError("CLOCK needs CLOCK_ORIGIN or CLOCK_ORIGIN_FILE, one system time shared by every process")
    return BusinessClock(datetime.fromisoformat(start), float(speed), origin)


def ahead(moment: datetime, now: datetime, tolerance: timedelta = timedelta(minutes=5)) -> bool:
    """Whether an event's time is further in the future than clocks may differ."""
    return moment > now + tolerance
