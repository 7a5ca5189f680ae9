"""Steps of a delivery as reported: which reports are valid, given what is already known."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from delivery_svc.domain.refusal import Refusal, RefusalReason
from delivery_svc.domain.values import NamespacedId


class MilestoneStatus(StrEnum):
    """The status of a step of the work."""

    PLANNED = "planned"
    STARTED = "started"
    REACHED = "reached"
    REDATED = "redated"
    MISSED = "missed"
    CANCELLED = "cancelled"
    PAUSED = "paused"
    RESUMED = "resumed"


DONE = frozenset({MilestoneStatus.REACHED, MilestoneStatus.CANCELLED})
OPEN = frozenset({MilestoneStatus.PLANNED, MilestoneStatus.STARTED, MilestoneStatus.REDATED})
ENDS = DONE | {MilestoneStatus.MISSED}
WAITS = frozenset({MilestoneStatus.PAUSED, MilestoneStatus.RESUMED})
"""The step waits for the customer, or goes on: its own status stays."""


class DeliveredShare(NamedTuple):
    """The share of a scope item delivered so far, in [0, 1]."""

    item: str
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One report of a step. It names its promise or a foreign `reference` to it; `at` is when it happened.

    `correction` allows reopening a finished step. `reason` is internal; the customer may be told `public_reason`.
    """

    promise_id: str | None
    reference: NamespacedId | None
    milestone: str
    status: MilestoneStatus
    at: datetime
    planned: datetime | None = None
    final: bool = False
    reason: str | None = None
    correction: bool = False
    delivered: tuple[DeliveredShare, ...] = ()
    public_reason: str | None = None


class MilestoneState(NamedTuple):
    """The newest times of a step of a promise, whatever order its reports came in; None: nothing of that kind so far.

    `finished_at` is when it was reached or cancelled, `finished_as` which of the two; `missed_at` when it was missed;
    `reopened_at` what time a correction that opens it again is of. `waits`: how many pauses and ends of
    pauses had been reported before.
    """

    finished_at: datetime | None = None
    finished_as: MilestoneStatus | None = None
    missed_at: datetime | None = None
    reopened_at: datetime | None = None
    waits: int = 0

    @property
    def finished(self) -> bool:
        """Whether it has ended, and neither a correction nor a miss came after that."""
        at = self.finished_at
        return at is not None and all(one is None or one < at for one in (self.missed_at, self.reopened_at))


NOTHING: Final = MilestoneState()


def check(report: Report) -> None:
    """Refuse a report that contradicts itself."""
    if report.final and report.status not in ENDS:
        raise Refusal(
            RefusalReason.FINAL_WITHOUT_END,
            f"a final step is reached, missed or cancelled, not {report.status}",
            "/final",
        )
    if report.status is MilestoneStatus.REDATED and report.planned is None:
        raise Refusal(RefusalReason.REDATED_WITHOUT_PLAN, "a redated step needs its new planned time", "/planned")
    if report.delivered and report.status in (MilestoneStatus.PLANNED, MilestoneStatus.REDATED):
        raise Refusal(
            RefusalReason.NOTHING_DELIVERED_YET, f"a step that is {report.status} delivers nothing", "/delivered"
        )


def with_end(report: Report, most: timedelta) -> Report:
    """The report; a pause without an end of its own ends after `most`.

    Refused: a pause that ends before it begins, or lasts longer.
    """
    if report.status is not MilestoneStatus.PAUSED:
        return report
    end = report.planned or report.at + most
    if not report.at < end <= report.at + most:
        detail = f"a pause ends after it begins, and within {most.days:,} days: then the clock runs again"
        raise Refusal(RefusalReason.BAD_PAUSE, detail, "/planned")
    return replace(report, planned=end)


def check_items(report: Report, scope: Collection[str]) -> None:
    """Refuse a report of items that are not in the promise's `scope`: they would never be counted."""
    for place, part in enumerate(report.delivered):
        if part.item not in scope:
            named = ", ".join(scope) if scope else "none"
            detail = f"the promise has no scope item of this name; it has {named[:400]}"
            raise Refusal(RefusalReason.UNKNOWN_ITEM, detail, f"/delivered/{place}/item")


def record(known: MilestoneState, report: Report) -> MilestoneState:
    """What is known of the step after this report; in any order of reports it is the same.

    Refused: a later report that reopens a finished step, unless it is marked as a correction.
    """
    status, at, ended = report.status, report.at, known.finished_at
    if status in WAITS:
        return known
    if status in OPEN:
        if report.correction:
            return known._replace(reopened_at=_newer(known.reopened_at, at))
        if known.finished and ended is not None and at >= ended:
            raise Refusal(
                RefusalReason.MILESTONE_REGRESSED,
                f"the step is {known.finished_as} already; {status} needs correction: true",
                "/status",
            )
        return known
    if status is MilestoneStatus.MISSED:
        return known._replace(missed_at=_newer(known.missed_at, at))
    if at == ended and known.finished_as is not None:
        return known._replace(finished_as=min(known.finished_as, status))
    return known if ended is not None and at < ended else known._replace(finished_at=at, finished_as=status)


def _newer(known: datetime | None, at: datetime) -> datetime:
    return at if known is None else max(known, at)
