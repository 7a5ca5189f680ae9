"""Milestones of the promises that one transaction touches: the known, the added, and the resulting events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from typing import Self

from candor.contracts import Message
from candor.intake import Origin
from candor.store import erasing
from candor.store.unit_of_work import UnitOfWork
from delivery_svc import events
from delivery_svc.domain import NOTHING, MilestoneState, Refusal, RefusalReason, Report, check_items, limits, record
from delivery_svc.domain.milestone import WAITS
from delivery_svc.store import promise_rows
from delivery_svc.store.promise_rows import KnownPromise, MilestoneRecord


@dataclass(frozen=True, slots=True)
class MatchedOutcome:
    """A report was matched to its promise and passed on."""

    promise_id: str
    customer_id: str
    version: int


class MilestoneHistories:
    """Promises, locked until commit, with what is known of each of their steps."""

    def __init__(self, promises: dict[str, KnownPromise], steps: dict[tuple[str, str], MilestoneState]) -> None:
        self.promises = promises
        self._steps = steps
        self._names = Counter(promise_id for promise_id, _ in steps)
        self._paused: Counter[str] = Counter()
        for (promise_id, _), state in steps.items():
            self._paused[promise_id] += state.waits
        self._passed: list[MilestoneRecord] = []
        self._messages: list[Message] = []

    @classmethod
    async def load(cls, uow: UnitOfWork, ids: Collection[str]) -> Self:
        """Load those of `ids` that are known."""
        if ids:
            # Whoever erases a customer waits for this transaction before it says up to where rows are of before.
            await erasing.writing(uow)
        promises = await promise_rows.known(uow, ids)
        return cls(promises, await promise_rows.steps(uow, promises.keys()))

    def add(self, promise_id: str, report: Report, origin: Origin, parked_id: str | None = None) -> MatchedOutcome:
        """Pass a report on for a loaded promise; `parked_id`: it was parked until now.

        Raises Refused as `check_items` and `record` do, and at a limit.
        """
        known = self.promises[promise_id]
        check_items(report, known.scope)
        place = (promise_id, report.milestone)
        self._fits(known, place)
        self._waits(promise_id, report)
        self._names[promise_id] += place not in self._steps
        self._steps[place] = record(self._steps.get(place, NOTHING), report)
        known = known._replace(version=known.version + 1)
        self.promises[promise_id] = known
        name = report.reference
        self._passed.append(
            MilestoneRecord(
                *(promise_id, known.version, report.milestone, report.status, report.at, report.planned),
                *(report.final, report.reason, origin.source, origin.event_id),
                promise_rows.as_json(report.delivered).decode(),
                report.public_reason,
                report.correction,
                said_at=origin.time,
                historical=origin.historical,
                named=report.promise_id,
                system=None if name is None else name.space,
                ref_id=None if name is None else name.id,
                parked_id=parked_id,
            )
        )
        self._messages.append(events.milestone(promise_id, known.customer_id, known.version, report, origin))
        return MatchedOutcome(known.promise_id, known.customer_id, known.version)

    def _fits(self, known: KnownPromise, place: tuple[str, str]) -> None:
        if known.version >= limits.REPORTS:
            raise too_many("/promise_id", "reports of its steps", limits.REPORTS)
        if place not in self._steps and self._names[known.promise_id] >= limits.STEPS:
            raise too_many("/milestone", "differently named steps that are reported", limits.STEPS)

    def _waits(self, promise_id: str, report: Report) -> None:
        if report.status not in WAITS:
            return
        if self._paused[promise_id] >= limits.PAUSES:
            raise too_many("/status", "pauses and ends of pauses", limits.PAUSES)
        self._paused[promise_id] += 1

    async def save(self, uow: UnitOfWork) -> None:
        """Write and publish what was added."""
        await promise_rows.pass_on(uow, self._passed)
        uow.emit(self._messages)


def too_many(pointer: str, what: str, limit: int) -> Refusal:
    """Return the refusal of one report too many of a promise."""
    return Refusal(RefusalReason.LIMIT_REACHED, f"a promise has at most {limit:,} {what}", pointer, limit)
