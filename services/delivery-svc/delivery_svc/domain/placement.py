"""Decides which promise a report is about, or why it is parked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from delivery_svc.domain.milestone import Report


class ParkReason(StrEnum):
    """Why a report is parked."""

    AWAITING_PROMISE = "awaiting_promise"
    AWAITING_REFERENCE = "awaiting_reference"
    AMBIGUOUS_REFERENCE = "ambiguous_reference"


@dataclass(frozen=True, slots=True)
class ParkedReport:
    """A report that waits for its promise, with everything needed to pass it on once the promise is known."""

    parked_id: str
    reason: ParkReason
    report: Report
    source: str
    source_event: str
    time: datetime
    historical: bool
    traceparent: str = ""


def place_report(report: Report, known: bool, referred: Sequence[str]) -> str | ParkReason:
    """The promise's id, or why the report is parked.

    `known`: the named promise has been seen. `referred`: promises that carry the report's reference; if there are
    several, none is guessed.
    """
    if report.promise_id is not None:
        return report.promise_id if known else ParkReason.AWAITING_PROMISE
    if len(referred) == 1:
        return referred[0]
    return ParkReason.AMBIGUOUS_REFERENCE if referred else ParkReason.AWAITING_REFERENCE
