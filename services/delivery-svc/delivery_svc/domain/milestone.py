"""Steps of a delivery as reported: which reports are valid, given what is already known."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

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


DONE = frozenset({MilestoneStatus.REACHED, MilestoneStatus.CANCELLED})
OPEN = frozenset({MilestoneStatus.PLANNED, MilestoneStatus.STARTED, MilestoneStatus.REDATED})
ENDS = DONE | {MilestoneStatus.MISSED}


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


@dataclass(frozen=True, slots=True)
class MilestoneState:
    """The latest state of one step of one promise."""

    status: MilestoneStatus
    at: datetime


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


def check_items(report: Report, scope: Collection[str]) -> None:
    """Refuse a report of items that are not in the promise's `scope`: they would never be counted."""
    for place, part in enumerate(report.delivered):
        if part.item not in scope:
            named = ", ".join(scope) if scope else "none"
            detail = f"the promise has no scope item of this name; it has {named[:400]}"
            raise Refusal(RefusalReason.UNKNOWN_ITEM, detail, f"/delivered/{place}/item")


def record(known: MilestoneState | None, report: Report) -> MilestoneState:
    """The latest state after this report. A late report (older `at`) is stored but changes nothing here.

    Refused: a later report that reopens a finished step, unless it is marked as a correction.
    """
    if known is not None and report.at < known.at:
        return known
    regress = known is not None and known.status in DONE and report.status in OPEN
    if regress and known is not None and not report.correction:
        raise Refusal(
            RefusalReason.MILESTONE_REGRESSED,
            f"the step is {known.status} already; {report.status} needs correction: true",
            "/status",
        )
    return MilestoneState(report.status, report.at)
