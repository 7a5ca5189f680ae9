"""C of the gap (definitions.md): how long a slip has been likely without the customer being notified."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import ClassVar, Final

from candor.calendar import Calendar
from candor.contracts import Component
from risk_svc.domain.component import GapComponent, OpenCase, Part
from risk_svc.domain.pauses import Wait, waits

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
        stood = waits(case.state)
        quiet = silence(since, case.now, self.silence_hours, case.calendar.at(case.state.zone), stood)
        return Part(self.name, quiet, "likely to slip, and the customer has not been told") if quiet > 0.0 else None


COMPONENT: Final = Silence()


def silence(
    doubtful_since: float | None,
    now: float,
    hours: float,
    calendar: Calendar = ALWAYS,
    stood: Sequence[Wait] = (),
) -> float:
    """C = min(1, hours since P(slip) passed θ without a notice / Hc); 0 if notified or not doubtful.

    Times are in epoch seconds; hours are counted by `calendar`, but for those in which the promise's clock `stood`.
    """
    if doubtful_since is None or now <= doubtful_since:
        return 0.0
    passed = _passed(doubtful_since, now, calendar)
    for wait in stood:
        passed -= _passed(max(wait.since, doubtful_since), min(wait.until, now), calendar)
    return min(1.0, max(0.0, passed) / 3600.0 / hours)


def _passed(since: float, until: float, calendar: Calendar) -> float:
    if until <= since:
        return 0.0
    return until - since if calendar.always else calendar.elapsed(_moment(since), _moment(until)).total_seconds()


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
