"""Keeps the tables of `insight` from the topics, a batch at a time; it decides and publishes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from candor.contracts import IncidentReported
from candor.messaging.consumer import Work
from candor.messaging.transaction import NothingLeft
from risk_svc.insight import rows
from risk_svc.insight.batch import Batch

if TYPE_CHECKING:
    from candor.store.unit_of_work import UnitOfWork

INCIDENTS_BY: Final = 0
"""Every partition receives every incident; only the owner of this one writes it."""


class InsightHandler(NothingLeft):
    """Keeps no state in memory: each batch reads the rows that it changes."""

    topics: tuple[str, ...] = ("promises", "milestones", "notices", "gaps")
    broadcast: tuple[str, ...] = ("incidents",)

    async def load(self, connection: Any, partition: int, *, first: bool) -> bool:  # noqa: ARG002
        """Nothing is kept in memory."""
        return False

    def drop(self, partition: int) -> None:
        """Nothing is kept in memory."""

    async def apply(self, uow: UnitOfWork, work: Sequence[Work], *, tick: bool) -> None:  # noqa: ARG002
        """Fold and save the events of one transaction."""
        messages = [one for item in work for one in item.messages if not isinstance(one.data, IncidentReported)]
        struck = [
            one
            for item in work
            if item.partition == INCIDENTS_BY
            for one in item.messages
            if isinstance(one.data, IncidentReported)
        ]
        await rows.save_incidents(uow.connection, struck)
        if messages:
            batch = Batch(uow)
            await batch.take(messages)
            await batch.save()
