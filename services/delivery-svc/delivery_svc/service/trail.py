"""Milestones of the promises that one transaction touches: the known, the added, and the resulting events."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Self

from candor.contracts import Message
from candor.intake import Origin
from candor.store import erasing
from candor.store.unit_of_work import UnitOfWork
from delivery_svc import events
from delivery_svc.domain import MilestoneState, Report, check_items, record
from delivery_svc.store import promise_rows
from delivery_svc.store.promise_rows import KnownPromise, MilestoneRecord


@dataclass(frozen=True, slots=True)
class MatchedOutcome:
    """A report was matched to its promise and passed on."""

    promise_id: str
    customer_id: str
    version: int


class MilestoneHistories:
    """Promises, locked until commit, with the latest state of each of their steps."""

    def __init__(self, promises: dict[str, KnownPromise], steps: dict[tuple[str, str], MilestoneState]) -> None:
        self.promises = promises
        self._steps = steps
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

    def add(self, promise_id: str, report: Report, origin: Origin) -> MatchedOutcome:
        """Pass a report on for a loaded promise. Raises Refused as `check_items` and `record` do."""
        known = self.promises[promise_id]
        check_items(report, known.scope)
        place = (promise_id, report.milestone)
        self._steps[place] = record(self._steps.get(place), report)
        known = known._replace(version=known.version + 1)
        self.promises[promise_id] = known
        self._passed.append(
            MilestoneRecord(
                *(promise_id, known.version, report.milestone, report.status, report.at, report.planned),
                *(report.final, report.reason, origin.source, origin.event_id),
                promise_rows.as_json(report.delivered).decode(),
                report.public_reason,
            )
        )
        self._messages.append(events.milestone(promise_id, known.customer_id, known.version, report, origin))
        return MatchedOutcome(known.promise_id, known.customer_id, known.version)

    async def save(self, uow: UnitOfWork) -> None:
        """Write and publish what was added."""
        await promise_rows.pass_on(uow, self._passed)
        uow.emit(self._messages)
