"""The two clocks: business time (what "late" means; may replay history) and system time (leases, tokens, retries)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time, aware and in UTC."""

    def now(self) -> datetime: ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class BusinessClock:
    """Business time that was `start` at system time `origin` and runs at `speed` business seconds a system second.

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
        """Real seconds until business time reaches `moment`; 0 if it has passed."""
        return max(0.0, (moment - self.now()).total_seconds() / self.speed)


def parse_clock(text: str, origin: datetime | None) -> Clock:
    """The business clock of a setting `start@speed`, e.g. `2013-03-07T17:00:00Z@1300`; empty text: the system clock.

    Raises ValueError where the text cannot be read or the shared system-clock origin is missing: each process taking
    its own would have them disagree on the time.
    """
    if not text:
        return SystemClock()
    start, separator, speed = text.rpartition("@")
    if not separator:
        raise ValueError(f"CLOCK must look like 2013-03-07T17:00:00Z@1300, not {text!r}")
    if origin is None:
        raise ValueError("CLOCK needs CLOCK_ORIGIN, one system time shared by every process")
    return BusinessClock(datetime.fromisoformat(start), float(speed), origin)


def ahead(moment: datetime, now: datetime, tolerance: timedelta = timedelta(minutes=5)) -> bool:
    """Whether an event's time lies further in the future than clocks may differ."""
    return moment > now + tolerance
