"""When which sender was last heard, noted without waiting and without the database."""

from __future__ import annotations

from datetime import datetime

from candor.intake import metrics
from candor.ops.clock import Clock, SystemClock


class Heard:
    """The minutes, in system time, in which each sender was heard since somebody last asked."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._minutes: dict[str, dict[datetime, datetime]] = {}

    def note(self, source: str) -> None:
        """Note that a sender is heard now."""
        now = self._clock.now()
        metrics.SOURCE_LAST_EVENT.labels(source).set(now.timestamp())
        self._minutes.setdefault(source, {})[now.replace(second=0, microsecond=0)] = now

    def taken(self) -> dict[str, list[datetime]]:
        """By sender, the last moment of each minute in which it was heard since this was last called, in order."""
        found, self._minutes = self._minutes, {}
        return {source: sorted(minutes.values()) for source, minutes in found.items()}

    def put_back(self, heard: dict[str, list[datetime]]) -> None:
        """Take again what could not be saved."""
        for source, moments in heard.items():
            minutes = self._minutes.setdefault(source, {})
            for at in moments:
                minutes.setdefault(at.replace(second=0, microsecond=0), at)
