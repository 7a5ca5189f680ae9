"""Keeps the tables of `insight` from the topics, a batch at a time; it decides and publishes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from candor.contracts import (
    CapabilityChanged,
    GapScored,
    IncidentReported,
    Message,
    PlanChanged,
    PromiseMade,
    StatementMade,
)
from candor.messaging.consumer import Work
from candor.messaging.transaction import NothingLeft
from risk_svc.insight import drivers, matters, rows, statements
from risk_svc.insight.batch import Batch

if TYPE_CHECKING:
    from candor.store.unit_of_work import UnitOfWork

WIDE_BY: Final = 0
"""Every partition receives every incident and capability; only the owner of this one writes it."""


class InsightHandler(NothingLeft):
    """Keeps no state in memory: each batch reads the rows that it changes."""

    topics: tuple[str, ...] = ("promises", "milestones", "notices", "gaps", "statements")
    broadcast: tuple[str, ...] = ("incidents", "capabilities")

    async def load(self, connection: Any, partition: int, *, first: bool) -> bool:  # noqa: ARG002
        """Nothing is kept in memory."""
        return False

    def drop(self, partition: int) -> None:
        """Nothing is kept in memory."""

    async def apply(self, uow: UnitOfWork, work: Sequence[Work], *, tick: bool) -> None:  # noqa: ARG002
        """Fold and save the events of one transaction."""
        wide = [one for item in work if item.partition == WIDE_BY for one in item.messages if _is_wide(one)]
        own = [one for item in work for one in item.messages if not _is_wide(one)]
        said = [one for one in own if one.data.TOPIC == "statements"]
        said += [one for one in wide if isinstance(one.data, CapabilityChanged)]
        await matters.hold(uow.connection, said)
        await rows.save_incidents(uow.connection, [one for one in wide if isinstance(one.data, IncidentReported)])
        messages = [one for one in own if one.data.TOPIC != "statements"]
        # As they stand before the gaps of this batch are written over them.
        scores = await drivers.standing(uow.connection, [one for one in said if isinstance(one.data, PlanChanged)])
        scores += [drivers.score_of(one) for one in messages if isinstance(one.data, GapScored)]
        if messages:
            batch = Batch(uow)
            await batch.take(messages)
            await batch.save()
        if said:
            # After the promises and erasures of this batch.
            await matters.save(uow.connection, said)
        await drivers.follow(uow.connection, scores)
        made = {one.envelope.subject for one in messages if isinstance(one.data, PromiseMade)}
        named = {one.data.promise_id for one in said if isinstance(one.data, StatementMade) and one.data.promise_id}
        await statements.adopt(uow.connection, made | named)


def _is_wide(message: Message) -> bool:
    return isinstance(message.data, IncidentReported | CapabilityChanged)
