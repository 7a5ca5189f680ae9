"""What delivery-svc learns from `promises`: known promises, their references, and customers to erase."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from candor.contracts import CustomerErased, Message, PromiseMade, PromiseRestated, PromiseTerms
from candor.messaging.consumer import Work
from candor.messaging.transaction import NothingLeft
from candor.store.unit_of_work import UnitOfWork
from delivery_svc.service import matching
from delivery_svc.store import erasures, promise_rows


class PromisesHandler(NothingLeft):
    """Keeps no state in memory: every decision reads the tables."""

    topics: tuple[str, ...] = ("promises",)
    broadcast: tuple[str, ...] = ()

    async def load(self, connection: Any, partition: int, *, first: bool) -> bool:  # noqa: ARG002
        """Nothing to read."""
        return False

    def drop(self, partition: int) -> None:
        """Nothing to release."""

    async def apply(self, uow: UnitOfWork, work: Sequence[Work], *, tick: bool) -> None:  # noqa: ARG002
        """Add and erase promises in event order."""
        made: list[Message] = []
        for message in (message for piece in work for message in piece.messages):
            if isinstance(message.data, CustomerErased):
                # A promise from this batch may belong to the customer: it must be stored before it can be erased.
                await self._learn(uow, made)
                made = []
                await erasures.mark(uow, message)
            elif isinstance(message.data, PromiseMade) or _more(message) is not None:
                made.append(message)
        await self._learn(uow, made)

    async def _learn(self, uow: UnitOfWork, messages: Sequence[Message]) -> None:
        if not messages:
            return
        gone = await erasures.erased_at(uow, {message.envelope.key for message in messages})
        # A copy of what was said before the erasure may come after it.
        living = [m for m in messages if m.envelope.key not in gone or m.envelope.time > gone[m.envelope.key]]
        made = [message.data for message in living if isinstance(message.data, PromiseMade)]
        references = [(name.system, name.id, promise.promise_id) for promise in made for name in promise.references]
        seen = [
            (
                *(one.promise_id, one.customer_id),
                promise_rows.as_json([part.item for part in one.scope]).decode(),
                one.held_due,
            )
            for one in made
        ]
        await promise_rows.add_promises(uow, seen, references)
        told = [more for one in living if (more := _more(one)) is not None]
        scopes = {name: promise_rows.as_json([part.item for part in terms.scope]).decode() for name, terms in told}
        named = [(one.system, one.id, name) for name, terms in told for one in terms.references]
        await promise_rows.complete(uow, [*scopes.items()], named)
        arrived = {one.promise_id for one in made} | scopes.keys()
        await matching.arrived(uow, arrived)


def _more(message: Message) -> tuple[str, PromiseTerms] | None:
    """The promise of which more was told, and all its terms."""
    data = message.data
    return (data.promise_id, data.terms) if isinstance(data, PromiseRestated) and data.terms is not None else None
