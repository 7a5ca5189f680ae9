"""What delivery-svc learns from `promises`: known promises, their references, and customers to erase."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from candor.contracts import CustomerErased, Message, PromiseMade
from candor.messaging.consumer import Work
from candor.store import outbox, receipts
from candor.store.unit_of_work import UnitOfWork
from delivery_svc.service import matching
from delivery_svc.store import parked_rows, promise_rows

SWEEP_TICKS = 60
COUNT_TICKS = 10


class PromisesHandler:
    """Keeps no state in memory: every decision reads the tables."""

    topics: tuple[str, ...] = ("promises",)
    broadcast: tuple[str, ...] = ()

    def __init__(self) -> None:
        self._ticks = 0
        self._more = True

    async def load(self, connection: Any, partition: int) -> None:  # noqa: ARG002
        """Nothing to read; the next tick looks for reports that a previous owner left unmatched."""
        self._more = True

    def drop(self, partition: int) -> None:
        """Nothing to release."""

    async def apply(self, uow: UnitOfWork, work: Sequence[Work], *, tick: bool) -> None:
        """Add and erase promises in event order; on ticks, match what neither the HTTP nor the Kafka path matched."""
        made: list[PromiseMade] = []
        for message in (message for piece in work for message in piece.messages):
            if isinstance(message.data, CustomerErased):
                # A promise from this batch may belong to the customer: it must be stored before it can be erased.
                await self._learn(uow, made)
                made = []
                await self._forget(uow, message)
            elif isinstance(message.data, PromiseMade):
                made.append(message.data)
        await self._learn(uow, made)
        if tick:
            await self._tick(uow)

    async def _learn(self, uow: UnitOfWork, made: Sequence[PromiseMade]) -> None:
        if not made:
            return
        references = [(name.system, name.id, promise.promise_id) for promise in made for name in promise.references]
        seen = [
            (one.promise_id, one.customer_id, promise_rows.as_json([part.item for part in one.scope]).decode())
            for one in made
        ]
        await promise_rows.add_promises(uow, seen, references)
        await matching.arrived(uow, {promise.promise_id for promise in made})

    async def _forget(self, uow: UnitOfWork, message: Message) -> None:
        customer_id = message.envelope.subject
        await promise_rows.erase_customer(uow, customer_id)
        await receipts.erase(uow, [customer_id])
        await outbox.erase(uow, [customer_id])

    async def _tick(self, uow: UnitOfWork) -> None:
        if self._ticks % COUNT_TICKS == 0:
            await parked_rows.count(uow)
        self._ticks += 1
        everything = self._more or self._ticks % SWEEP_TICKS == 0
        found = await matching.look_again(uow, everything=everything)
        self._more = everything and found == matching.MOST
