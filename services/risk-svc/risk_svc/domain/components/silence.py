"""C of the gap (definitions.md): how long a slip has been likely without the customer being notified."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import ClassVar, Final

from candor.calendar import Calendar
from candor.contracts import Component
from risk_svc.domain.component import GapComponent, OpenCase, Part

ALWAYS: Final = Calendar()


@dataclass(frozen=True, slots=True)
class Silence(GapComponent):
    """C grows to 1 over `silence_hours` (Hc, business hours above 0; assumed)."""

    silence_hours: float = 8.0
    """Business hours over which silence about a likely delay counts fully. Example: 8"""

    name: ClassVar[StrEnum] = Component.SILENCE
    default_weight: ClassVar[float] = 0.5

    def __post_init__(self) -> None:
        if not 0 < self.silence_hours < math.inf:
            raise ValueError("silence_hours must be above 0")

    def open(self, case: OpenCase) -> Part | None:
        """The silence since the promise became doubtful, according to its view."""
        since = case.state.view.doubtful_since
        if since is None:
            return None
        quiet = silence(since, case.now, self.silence_hours, case.calendar.at(case.state.zone))
        return Part(self.name, quiet, "likely to slip, and the customer has not been told") if quiet > 0.0 else None


COMPONENT: Final = Silence()


def silence(doubtful_since: float | None, now: float, hours: float, calendar: Calendar = ALWAYS) -> float:
    """C = min(1, hours since P(slip) passed θ without a notice / Hc); 0 if notified or not doubtful.

    Times are in epoch seconds; hours are counted by `calendar`.
    """
    if doubtful_since is None or now <= doubtful_since:
        return 0.0
    passed = now - doubtful_since
    if not calendar.always:
        passed = calendar.elapsed(_moment(doubtful_since), _moment(now)).total_seconds()
    return min(1.0, passed / 3600.0 / hours)


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
