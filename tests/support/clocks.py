"""A clock that tests move by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

NOON = datetime(2013, 3, 8, 12, tzinfo=UTC)


class ManualClock:
    """Stands still until told otherwise; the same interface as the system's and the business clock."""

    def __init__(self, now: datetime = NOON) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def advance(self, by: timedelta) -> datetime:
        self._now += by
        return self._now

    def set(self, now: datetime) -> None:
        self._now = now
