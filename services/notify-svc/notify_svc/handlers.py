"""Events of three topics and the passing of time → the read model, and promises to decide upon."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from candor.contracts import (
    ContactRemoved,
    ContactSet,
    CustomerErased,
    Envelope,
    GapScored,
    Message,
    PromiseMade,
    PromiseRevised,
    PromiseSettled,
    PromiseWithdrawn,
)
from candor.messaging.consumer import Work
from candor.ops.clock import Clock
from candor.store.unit_of_work import UnitOfWork
from notify_svc import store, translate
from notify_svc.domain.episode import observe
from notify_svc.rethink import forgive, withdraw
from notify_svc.service import Speaker
from notify_svc.store import Customer, Known

DUE_AT_ONCE: Final = 500
CONTACT_EVENTS: Final = (ContactSet, ContactRemoved)


@dataclass(slots=True)
class _Batch:
    """The rows that one transaction works on, and which of them changed."""

    customers: dict[str, Customer]
    promises: dict[str, Known]
    changed: set[str] = field(default_factory=set)
    contacts: set[str] = field(default_factory=set)
    erased: set[str] = field(default_factory=set)
    withdrawn: set[str] = field(default_factory=set)


class NotifyHandler:
    """Keeps no memory between transactions: whatever a batch needs it reads, locked, in that transaction.

    `lag` tells how many seconds the input is behind. While it is more than `freshest`, or with `deciding` off,
    events are taken in and nothing is decided: what is old must not become news.
    """

    topics: tuple[str, ...] = ("promises", "contacts", "gaps")
    broadcast: tuple[str, ...] = ()

    def __init__(
        self, speaker: Speaker, clock: Clock, lag: Callable[[], float], *, freshest: float = 60, deciding: bool = True
    ) -> None:
        self._speaker = speaker
        self._clock = clock
        self._lag = lag
        self._freshest = freshest
        self._deciding = deciding

    async def load(self, connection: Any, partition: int) -> None:
        """Nothing is kept in memory."""

    def drop(self, partition: int) -> None:
        """Nothing is kept in memory."""

    async def apply(self, uow: UnitOfWork, work: Sequence[Work], *, tick: bool) -> None:
        """Take in the events of one transaction and decide upon what they touched, and on a tick what is due."""
        now = self._clock.now()
        partitions = [item.partition for item in work]
        messages = [(item.partition, message) for item in work for message in item.messages]
        lag = self._lag()
        fresh = self._deciding and lag <= self._freshest
        due = await store.due(uow, partitions, now, DUE_AT_ONCE) if tick and fresh else []
        if tick:
            await store.freshen(uow, partitions, lag)
        if not messages and not due:
            return
        batch = await _load(uow, [message for _, message in messages], due)
        for partition, message in messages:
            self._take(batch, partition, message)
        await self._settle(uow, batch, set(due), now, fresh=fresh)

    def _take(self, batch: _Batch, partition: int, message: Message) -> None:
        envelope, data = message.envelope, message.data
        match data:
            case ContactSet() | ContactRemoved():
                _contact(batch, envelope, data)
            case CustomerErased():
                _erase(batch, envelope, data)
            case PromiseMade() | PromiseRevised() | PromiseWithdrawn() | PromiseSettled():
                _promise(batch, partition, envelope, data)
            case GapScored():
                self._gap(batch, partition, envelope, data)
            case _:
                return

    def _gap(self, batch: _Batch, partition: int, envelope: Envelope, data: GapScored) -> None:
        if data.promise_id not in batch.promises and _erased(batch, data.customer_id):
            return
        known = _known(batch, partition, data.promise_id, data.customer_id)
        if envelope.version <= known.gap_version:
            return
        known.gap_version = envelope.version
        known.gap = translate.gap_scored(envelope, data, self._speaker.rules.least_cases)
        batch.changed.add(known.promise_id)
        known.episode = observe(known.episode, known.gap, self._speaker.rules)

    async def _settle(self, uow: UnitOfWork, batch: _Batch, due: set[str], now: datetime, *, fresh: bool) -> None:
        await store.erase(uow, sorted(batch.erased))
        of_contacts = [known for known in batch.promises.values() if known.customer_id in batch.contacts]
        if of_contacts:
            await forgive(uow, of_contacts, now)
        withdrawn = [batch.promises[name] for name in batch.withdrawn if name in batch.promises]
        if withdrawn:
            await withdraw(uow, withdrawn, now)
        touched = batch.changed | due | {known.promise_id for known in of_contacts}
        rows = [batch.promises[name] for name in sorted(touched) if name in batch.promises]
        # A gap older than the last one decided upon comes where the read model was emptied: it is no news.
        current = [known for known in rows if known.gap_version >= known.decided_gap]
        if fresh:
            await self._speaker.consider(uow, current, batch.customers, now)
        else:
            for known in current:
                known.check_at = now
        await store.save_promises(uow, rows)
        changed = batch.contacts | batch.erased
        await store.save_customers(uow, [batch.customers[name] for name in changed])


async def _load(uow: UnitOfWork, messages: Sequence[Message], due: Sequence[str]) -> _Batch:
    customers: set[str] = set()
    promises = set(due)
    reached: set[str] = set()
    for message in messages:
        customers.add(message.envelope.key)
        if isinstance(message.data, (*CONTACT_EVENTS, CustomerErased)):
            reached.add(message.envelope.subject)
            customers.add(message.envelope.subject)
        else:
            promises.add(message.envelope.subject)
    rows = await store.promises(uow, promises, reached)
    customers.update(known.customer_id for known in rows.values())
    return _Batch(await store.customers(uow, customers), rows)


def _contact(batch: _Batch, envelope: Envelope, data: ContactSet | ContactRemoved) -> None:
    customer = batch.customers.setdefault(data.customer_id, Customer(data.customer_id))
    if envelope.version <= customer.contact_version:
        return
    customer.contact_version = envelope.version
    # Sent before the erasure, read after it: what was forgotten stays forgotten.
    forgotten = customer.erased_at is not None and envelope.time <= customer.erased_at
    customer.sealed = data.sealed if isinstance(data, ContactSet) and not forgotten else None
    customer.refused = False
    batch.contacts.add(data.customer_id)


def _erase(batch: _Batch, envelope: Envelope, data: CustomerErased) -> None:
    customer = batch.customers.setdefault(data.customer_id, Customer(data.customer_id))
    if envelope.version <= customer.erased_version:
        return
    customer.erased_version = envelope.version
    customer.erased_at = envelope.time
    customer.sealed = None
    customer.refused = False
    batch.erased.add(data.customer_id)
    for name in [name for name, known in batch.promises.items() if known.customer_id == data.customer_id]:
        del batch.promises[name]


def _promise(
    batch: _Batch,
    partition: int,
    envelope: Envelope,
    data: PromiseMade | PromiseRevised | PromiseWithdrawn | PromiseSettled,
) -> None:
    if _forgotten(batch, data.customer_id, envelope.time):
        return
    known = _known(batch, partition, data.promise_id, data.customer_id)
    if envelope.version <= known.promise_version:
        return
    if isinstance(data, PromiseMade):
        known.promise = translate.promise_made(envelope, data)
    elif known.promise is None:
        # Its beginning has not been read: without `what` and a date there is nothing to say, so nothing is kept.
        return
    else:
        known.promise = translate.promise_changed(known.promise, envelope, data)
    known.promise_version = envelope.version
    batch.changed.add(known.promise_id)
    if known.promise.withdrawn:
        batch.withdrawn.add(known.promise_id)


def _known(batch: _Batch, partition: int, promise_id: str, customer_id: str) -> Known:
    known = batch.promises.get(promise_id)
    if known is None:
        known = batch.promises[promise_id] = Known(promise_id, customer_id, partition)
    return known


def _erased(batch: _Batch, customer_id: str) -> bool:
    customer = batch.customers.get(customer_id)
    return customer is not None and customer.erased_at is not None


def _forgotten(batch: _Batch, customer_id: str, at: datetime) -> bool:
    customer = batch.customers.get(customer_id)
    return customer is not None and customer.erased_at is not None and at <= customer.erased_at
