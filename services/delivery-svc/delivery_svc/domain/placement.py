"""Which promise a report is about, or why it has to wait."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from delivery_svc.domain.milestone import Report


class ParkReason(StrEnum):
    """Why a report waits."""

    AWAITING_PROMISE = "awaiting_promise"
    AWAITING_REFERENCE = "awaiting_reference"
    AMBIGUOUS_REFERENCE = "ambiguous_reference"


@dataclass(frozen=True, slots=True)
class ParkedReport:
    """A report that waits for its promise, with all that is needed to pass it on as if it had come later."""

    parked_id: str
    reason: ParkReason
    report: Report
    source: str
    source_event: str
    time: datetime
    historical: bool
    traceparent: str = ""


def place_report(report: Report, known: bool, referred: Sequence[str]) -> str | ParkReason:
    """The promise's id, or why the report waits.

    `known`: the named promise has been seen. `referred`: promises that carry the report's reference; a reference that
    several carry is never guessed.
    """
    if report.promise_id is not None:
        return report.promise_id if known else ParkReason.AWAITING_PROMISE
    if len(referred) == 1:
        return referred[0]
    return ParkReason.AMBIGUOUS_REFERENCE if referred else ParkReason.AWAITING_REFERENCE
