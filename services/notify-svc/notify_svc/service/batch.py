"""The rows of one consumer transaction, and how events change them: by version, regardless of order."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from candor.contracts import (
    ContactRemoved,
    ContactSet,
    CustomerErased,
    Envelope,
    GapScored,
    Message,
    PromiseAssigned,
    PromiseMade,
    PromiseRestated,
    PromiseRevised,
    PromiseSettled,
    PromiseWithdrawn,
)
from candor.store.unit_of_work import UnitOfWork
from notify_svc import translate
from notify_svc.domain.episode import observe
from notify_svc.domain.facts import Rules
from notify_svc.store import read_model
from notify_svc.store.read_model import Customer, PromiseRecord

CONTACT_EVENTS: Final = (ContactSet, ContactRemoved)


@dataclass(slots=True)
class Batch:
    """The rows of one transaction, and which of them changed."""

    customers: dict[str, Customer]
    promises: dict[str, PromiseRecord]
    changed: set[str] = field(default_factory=set)
    contacts: set[str] = field(default_factory=set)
    erased: set[str] = field(default_factory=set)
    doomed: set[str] = field(default_factory=set)
    withdrawn: set[str] = field(default_factory=set)


async def load(uow: UnitOfWork, messages: Sequence[Message], due: Sequence[str]) -> Batch:
    """The rows that `messages` refer to and those of the `due` promises, locked."""
    customers: set[str] = set()
    promises = set(due)
    for message in messages:
        customers.add(message.envelope.key)
        if isinstance(message.data, (*CONTACT_EVENTS, CustomerErased)):
            customers.add(message.envelope.subject)
        else:
            promises.add(message.envelope.subject)
    await read_model.end_doomed(uow, promises)
    rows = await read_model.promises(uow, promises)
    customers.update(known.customer_id for known in rows.values())
    return Batch(await read_model.customers(uow, customers), rows)


async def load_more(uow: UnitOfWork, batch: Batch, ids: Collection[str]) -> None:
    """Add the rows of further promises and of their customers to the batch."""
    more = await read_model.promises(uow, set(ids) - batch.promises.keys())
    batch.promises.update(more)
    missing = {known.customer_id for known in more.values()} - batch.customers.keys()
    batch.customers.update(await read_model.customers(uow, missing))


def take(batch: Batch, partition: int, message: Message, rules_of: Callable[[Customer | None], Rules]) -> None:
    """Apply one event to the batch; an event that is not newer than the known state changes nothing.

    `rules_of` says when to speak to a customer.
    """
    envelope, data = message.envelope, message.data
    match data:
        case ContactSet() | ContactRemoved():
            _contact(batch, envelope, data)
        case CustomerErased():
            _erase(batch, envelope, data)
        case (
            PromiseMade()
            | PromiseRevised()
            | PromiseWithdrawn()
            | PromiseSettled()
            | PromiseAssigned()
            | PromiseRestated()
        ):
            _promise(batch, partition, envelope, data)
        case GapScored():
            _gap(batch, partition, envelope, data, rules_of(batch.customers.get(data.customer_id)))
        case _:
            return


def _gap(batch: Batch, partition: int, envelope: Envelope, data: GapScored, rules: Rules) -> None:
    if data.promise_id not in batch.promises and _erased(batch, data.customer_id):
        return
    known = _known(batch, partition, data.promise_id, data.customer_id)
    if envelope.version <= known.gap_version:
        return
    known.gap_version = envelope.version
    known.gap = translate.gap_scored(envelope, data, rules.min_cases)
    batch.changed.add(known.promise_id)
    known.episode = observe(known.episode, known.gap, rules)


def _contact(batch: Batch, envelope: Envelope, data: ContactSet | ContactRemoved) -> None:
    customer = batch.customers.setdefault(data.customer_id, Customer(data.customer_id))
    if envelope.version <= customer.contact_version:
        return
    customer.contact_version = envelope.version
    # An event sent before the erasure but read after it must not bring the contact back.
    forgotten = customer.erased_at is not None and envelope.time <= customer.erased_at
    customer.sealed = data.sealed if isinstance(data, ContactSet) and not forgotten else None
    customer.refused_on = []
    batch.contacts.add(data.customer_id)


def _erase(batch: Batch, envelope: Envelope, data: CustomerErased) -> None:
    customer = batch.customers.setdefault(data.customer_id, Customer(data.customer_id))
    if envelope.version <= customer.erased_version:
        return
    customer.erased_version = envelope.version
    customer.erased_at = envelope.time
    customer.sealed = None
    customer.refused_on = []
    batch.erased.add(data.customer_id)
    for name in [name for name, known in batch.promises.items() if known.customer_id == data.customer_id]:
        del batch.promises[name]
        batch.doomed.add(name)


def _promise(
    batch: Batch,
    partition: int,
    envelope: Envelope,
    data: PromiseMade | PromiseRevised | PromiseWithdrawn | PromiseSettled | PromiseAssigned | PromiseRestated,
) -> None:
    if _forgotten(batch, data.customer_id, envelope.time):
        return
    known = _known(batch, partition, data.promise_id, data.customer_id)
    if envelope.version <= known.promise_version:
        return
    if isinstance(data, PromiseMade):
        known.promise = translate.promise_made(envelope, data)
    elif known.promise is None:
        # The promise itself has not been read: without `what` and a date nothing can be told, so nothing is kept.
        return
    else:
        known.promise = translate.promise_changed(known.promise, envelope, data)
    known.promise_version = envelope.version
    batch.changed.add(known.promise_id)
    if known.promise.withdrawn:
        batch.withdrawn.add(known.promise_id)
    else:
        batch.withdrawn.discard(known.promise_id)


def _known(batch: Batch, partition: int, promise_id: str, customer_id: str) -> PromiseRecord:
    known = batch.promises.get(promise_id)
    if known is None:
        known = batch.promises[promise_id] = PromiseRecord(
            promise_id=promise_id, customer_id=customer_id, partition=partition
        )
    return known


def _erased(batch: Batch, customer_id: str) -> bool:
    customer = batch.customers.get(customer_id)
    return customer is not None and customer.erased_at is not None


def _forgotten(batch: Batch, customer_id: str, at: datetime) -> bool:
    customer = batch.customers.get(customer_id)
    return customer is not None and customer.erased_at is not None and at <= customer.erased_at
