"""Use cases of the ledger, in batches: load what the batch touches, decide each in order, save, send."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final

from candor.contracts import ContactRemoved, CustomerErased, Message
from candor.intake import Acceptance, Origin, Submission, once
from candor.store import erasing
from candor.store.unit_of_work import UnitOfWork
from candor.web.http.problems import Problem
from promise_svc import domain, events, matter_events
from promise_svc.domain import (
    Change,
    Customer,
    Enter,
    Kind,
    Make,
    Matter,
    Promise,
    Refusal,
    RefusalReason,
    Revise,
    SetContact,
    Settle,
    Withdraw,
)
from promise_svc.service.matters import Matters
from promise_svc.store import ledger
from promise_svc.store import matters as matter_rows


@dataclass(frozen=True, slots=True)
class Erase:
    """Erase everything about a customer."""

    customer_id: str


@dataclass(frozen=True, slots=True)
class ErasureResult:
    """What an erasure deleted; `through`: nothing of before is left in this service."""

    customer_id: str
    promises: int
    through: bool


AT_ONCE: Final = 4
"""Erasures of one transaction that are begun in it."""
TOMBSTONES: Final = (CustomerErased, ContactRemoved)
Command = Make | Revise | Withdraw | Settle | SetContact | Erase | Enter
Result = Promise | Customer | ErasureResult | Matter
Statement = Submission[Command, Result]


async def apply(uow: UnitOfWork, statements: Sequence[Statement]) -> list[Acceptance | Exception]:
    """Called by a group commit: applies each statement once, in order; a refused one results in a Problem."""
    outcomes: list[Acceptance | Exception] = []
    for ends, run in groupby(statements, lambda statement: isinstance(statement.command, Erase)):
        # Save each run with its responses before the next: an erasure must find statements that came just before it.
        outcomes += await once(uow, list(run), _erasures if ends else _batch)
    return outcomes


async def _erasures(uow: UnitOfWork, statements: Sequence[Statement]) -> list[Result | Exception]:
    # Everybody else waits for this transaction: only so many are begun in it, the others by the background.
    return [await _erase(uow, statement, begin=place < AT_ONCE) for place, statement in enumerate(statements)]


@dataclass(slots=True)
class _Batch:
    """What a batch loaded and changed; later statements see the decisions of earlier ones."""

    promises: dict[str, Promise]
    customers: dict[str, Customer]
    matters: Matters
    added: set[str] = field(default_factory=set)
    changed: set[str] = field(default_factory=set)
    contacts: set[str] = field(default_factory=set)
    changes: list[Change] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)


async def _batch(uow: UnitOfWork, statements: Sequence[Statement]) -> list[Result | Exception]:
    commands = [statement.command for statement in statements]
    await erasing.writing(uow)
    names = {command.customer_id for command in commands if isinstance(command, Make | SetContact | Enter)}
    customers = await ledger.customers(uow, names - {""})
    entered = [command for command in commands if isinstance(command, Enter)]
    # A matter never changes its promise: it may be asked for before the promise is locked, which comes first.
    ids = {command.promise_id for command in commands if not isinstance(command, SetContact | Erase | Enter)}
    ids |= await matter_rows.promises_of(uow, entered)
    promises = await ledger.promises(uow, ids)
    made = {command.promise_id for command in commands if isinstance(command, Make)}
    batch = _Batch(promises, dict(customers), await Matters.load(uow, entered, made))
    results: list[Result | Exception] = []
    for statement in statements:
        try:
            results.append(_one(batch, statement.command, statement.origin))
        except Refusal as refused:
            results.append(problem(refused))
    await ledger.add_promises(uow, [batch.promises[name] for name in sorted(batch.added)])
    await ledger.change_promises(uow, [batch.promises[name] for name in sorted(batch.changed - batch.added)])
    await ledger.add_changes(uow, batch.changes)
    await ledger.save_customers(uow, customers.keys(), [batch.customers[name] for name in sorted(batch.contacts)])
    await batch.matters.save(uow)
    uow.emit(batch.messages)
    return results


def _one(batch: _Batch, command: Command, origin: Origin) -> Result:
    match command:
        case Make():
            return _make(batch, command, origin)
        case SetContact():
            return _set_contact(batch, command, origin)
        case Enter():
            return _enter(batch, command, origin)
        case Erase():
            raise AssertionError("erasures run alone")
    promise = batch.promises.get(command.promise_id)
    if promise is None:
        raise Refusal(RefusalReason.UNKNOWN_PROMISE, "there is no such promise")
    match command:
        case Revise():
            promise, change = domain.revise(promise, command, origin.time)
        case Withdraw():
            promise, change = domain.withdraw(promise, command, origin.time)
        case Settle():
            promise, change = domain.settle(promise, command, origin.time)
    _changed(batch, promise, change, origin)
    return promise


def _changed(batch: _Batch, promise: Promise, change: Change | None, origin: Origin) -> None:
    batch.promises[promise.promise_id] = promise
    batch.changed.add(promise.promise_id)
    if change is not None:
        batch.changes.append(change)
        batch.messages.append(events.changed(promise, change, origin))


def _enter(batch: _Batch, command: Enter, origin: Origin) -> Matter:
    if (known := batch.matters.repeated(command)) is not None:
        return known
    matter, entry = batch.matters.decide(command, origin.time, batch.promises, batch.customers)
    promise = batch.promises.get(matter.promise_id or "")
    if matter.kind is Kind.HANDOFF and promise is not None:
        ended = promise.state is not domain.State.MADE
        if ended and command.begins and not command.waits:
            raise Refusal(RefusalReason.PROMISE_CLOSED, f"the promise is {promise.state}; nothing is left to hand over")
        deliverer, accepted = matter.content["deliverer"], matter.state == "accepted"
        assigned, change = domain.assign(promise, deliverer, matter.at, origin.time, accepted=accepted)
        if assigned is not promise:
            _changed(batch, assigned, change, origin)
    batch.matters.keep(matter, entry)
    if not matter.waiting:
        batch.messages.append(matter_events.changed(matter, origin, entry))
    return matter


def _make(batch: _Batch, command: Make, origin: Origin) -> Promise:
    customer = batch.customers.get(command.customer_id)
    domain.admit(customer.erased_at if customer else None, min(command.made_at, origin.time))
    if command.promise_id in batch.promises:
        raise Refusal(RefusalReason.PROMISE_EXISTS, "a promise with this id exists already", "/promise_id")
    promise = domain.make(command, historical=origin.historical)
    batch.promises[promise.promise_id] = promise
    batch.added.add(promise.promise_id)
    batch.messages.append(events.made(promise, origin))
    for matter in batch.matters.adopt(promise, customer):
        batch.messages.append(matter_events.changed(matter, origin, adopted=True))
    return promise


def _set_contact(batch: _Batch, command: SetContact, origin: Origin) -> Customer:
    known = batch.customers.get(command.customer_id) or Customer(command.customer_id)
    customer = domain.set_contact(known, command, origin.time)
    if customer is not known:
        batch.customers[customer.customer_id] = customer
        batch.contacts.add(customer.customer_id)
        batch.messages.append(events.contact(customer, origin))
    return customer


async def _erase(uow: UnitOfWork, statement: Statement, *, begin: bool) -> Result | Exception:
    name = statement.command.customer_id if isinstance(statement.command, Erase) else ""
    await erasing.hold_off(uow)
    known = await ledger.customers(uow, [name])
    if not known and not await ledger.has_rows(uow, name):
        return problem(Refusal(RefusalReason.UNKNOWN_CUSTOMER, "there is nobody of this name"))
    customer = domain.erase(known.get(name) or Customer(name), statement.origin.time)
    await ledger.save_customers(uow, known.keys(), [customer])
    # What this transaction was going to send is not in a row yet.
    uow.retract(lambda message: message.envelope.key == name and not isinstance(message.data, TOMBSTONES))
    mark = await erasing.begin(uow, name, customer.erasures, customer.erased_at or statement.origin.time)
    done = await ledger.erasures().first(uow, mark) if begin else erasing.Step(0, True)
    # After every row of before, in the order in which the relay sends them.
    uow.emit(events.erased(customer, statement.origin))
    return ErasureResult(name, done.gone, through=not done.more)


_CODES = {
    RefusalReason.UNKNOWN_PROMISE: "not_found",
    RefusalReason.UNKNOWN_CUSTOMER: "not_found",
    RefusalReason.UNKNOWN_MATTER: "not_found",
    RefusalReason.WRONG_FIELD: "invalid_field",
    RefusalReason.DUE_BEFORE_MADE: "invalid_field",
    RefusalReason.COMPLETED_BEFORE_MADE: "invalid_field",
    RefusalReason.COMPLETED_AHEAD: "invalid_field",
}


def problem(refused: Refusal) -> Problem:
    """The refusal as an HTTP problem response."""
    code = _CODES.get(refused.why, refused.why.value)
    if refused.why is RefusalReason.LIMIT_REACHED:
        return Problem.limit_reached(refused.pointer, refused.detail, refused.limit)
    if code == "invalid_field":
        return Problem.invalid_field(refused.pointer, refused.detail)
    return Problem(code, refused.detail)


__all__ = ["Command", "Erase", "ErasureResult", "Result", "Statement", "apply", "problem"]
