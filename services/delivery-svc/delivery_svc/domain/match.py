"""A match by hand, which can be undone: the reports that it brought, and what the promise's steps are without them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from delivery_svc.domain.milestone import DeliveredShare, Report
from delivery_svc.domain.placement import ParkReason
from delivery_svc.domain.refusal import Refusal, RefusalReason
from delivery_svc.domain.values import NamespacedId

MOST: Final = 200
"""Reports that an undo takes back, and that are left of each step: what is left of a step is told whole."""
REPORTERS: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A parked report that a person matched to a promise, alone or with all that name the same `reference`."""

    match_id: str
    promise_id: str
    reference: NamespacedId | None
    waits_for: ParkReason
    alike: bool
    source: str
    matched_by: str

    @property
    def brought(self) -> NamespacedId | None:
        """The reference that the promise has by this match; reports under it came by it too."""
        return self.reference if self.alike and self.waits_for is ParkReason.AWAITING_REFERENCE else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """A report as it was passed on. `said`: when its sender said it, None if that was not kept then."""

    version: int
    report: Report
    source: str
    source_event: str
    said: datetime | None
    historical: bool
    parked_id: str | None


class Left(NamedTuple):
    """What is left of a promise without some reports: its steps that these were of, items they delivered, senders.

    An item is None where nobody else reported it; `reporters` are the newest senders, the last one last.
    """

    steps: dict[str, list[Passed]]
    items: dict[str, tuple[DeliveredShare, datetime] | None]
    reporters: list[str]


def without(reports: Sequence[Passed], gone: Sequence[Passed]) -> Left:
    """What is left of a promise's `reports`, in their order, without those that are `gone`.

    Raises Refusal if a step has too many left to be told.
    """
    versions = {one.version for one in gone}
    kept = [one for one in reports if one.version not in versions]
    names = {one.report.milestone for one in gone}
    steps = {name: [one for one in kept if one.report.milestone == name] for name in names}
    for name, left in steps.items():
        if len(left) > MOST:
            detail = f"the step {name} has {len(left):,} other reports; an undo tells at most {MOST}"
            raise Refusal(RefusalReason.LIMIT_REACHED, detail, "", MOST)
    items: dict[str, tuple[DeliveredShare, datetime] | None] = {
        part.item: None for one in gone for part in one.report.delivered
    }
    for one in kept:
        for part in one.report.delivered:
            if part.item in items:
                stands = items[part.item]
                if stands is None or one.report.at >= stands[1]:
                    items[part.item] = (part, one.report.at)
    return Left(steps, items, _reporters(kept))


def _reporters(kept: Sequence[Passed]) -> list[str]:
    newest = {one.source: place for place, one in enumerate(kept)}
    return sorted(newest, key=lambda source: newest[source])[-REPORTERS:]
