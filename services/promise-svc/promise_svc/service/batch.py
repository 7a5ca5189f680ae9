"""One batch of commands about the ledger, erasures aside: load what it touches, decide each in order, save, send."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from candor.contracts import Message
from candor.intake import Origin
from candor.store import erasing
from candor.store.unit_of_work import UnitOfWork
from candor.web.http.problems import Problem
from promise_svc import domain, events, matter_events
from promise_svc.domain import (
    Arrival,
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
from promise_svc.domain.draft import Draft
from promise_svc.domain.promise import Outline
from promise_svc.domain.waiting import Waiting
from promise_svc.service.commands import Command, Erase, Result, Statement, WithdrawDraft, problem
from promise_svc.service.drafts import Drafts
from promise_svc.service.matters import Matters
from promise_svc.service.stories import Stories
from promise_svc.service.waiting import Waiters, origin_of
from promise_svc.store import ledger, waiting_rows
from promise_svc.store import matters as matter_rows

LOOK: Final = 2_000
"""Waiting statements that one step of the round looks at."""


@dataclass(slots=True, kw_only=True)
class _Batch:
    """What a batch loaded and changed; later statements see the decisions of earlier ones."""

    promises: dict[str, Promise]
    customers: dict[str, Customer]
    matters: Matters
    stories: Stories
    waiters: Waiters
    known: frozenset[str]
    added: set[str] = field(default_factory=set)
    changed: set[str] = field(default_factory=set)
    contacts: set[str] = field(default_factory=set)
    completed: set[str] = field(default_factory=set)
    changes: list[Change] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    joined: dict[str, Result | Exception] = field(default_factory=dict)
    drafts: Drafts = field(default_factory=Drafts)

    async def save(self, uow: UnitOfWork, most_waiting: int) -> None:
        """Write and send what was decided."""
        await ledger.add_promises(uow, [self.promises[name] for name in sorted(self.added)])
        await ledger.change_promises(uow, [self.promises[name] for name in sorted(self.changed - self.added)])
        await ledger.complete_promises(uow, [self.promises[name] for name in sorted(self.completed - self.added)])
        await ledger.add_changes(uow, self.changes)
        await ledger.save_customers(uow, self.known, [self.customers[name] for name in sorted(self.contacts)])
        await self.matters.save(uow)
        for name, refused in (await self.waiters.save(uow, most_waiting)).items():
            self.joined[name] = problem(refused)
        for name, refused in (await self.drafts.save(uow, most_waiting)).items():
            self.joined[name] = problem(refused)
        uow.emit(self.messages)


async def decide(uow: UnitOfWork, statements: Sequence[Statement], *, most_waiting: int) -> list[Result | Exception]:
    """Apply commands in order; of each what it results in, or the Problem that refuses it."""
    batch = await _load(uow, statements)
    results: list[Result | Exception] = []
    for statement in statements:
        try:
            results.append(_one(batch, statement.command, statement.origin))
        except Refusal as refused:
            results.append(problem(refused))
        except Problem as again:
            results.append(again)
    await batch.save(uow, most_waiting)
    # What waited within this batch alone has been taken or refused by now.
    return [batch.joined.get(_id(one), one) for one in results]


async def _load(uow: UnitOfWork, statements: Sequence[Statement]) -> _Batch:
    commands = [statement.command for statement in statements]
    await erasing.writing(uow)
    begun = {one.promise_id for one in commands if isinstance(one, Make | Outline | WithdrawDraft | Withdraw)}
    drafts = await Drafts.load(uow, begun)
    names = {command.customer_id for command in commands if isinstance(command, Make | Outline | SetContact | Enter)}
    names |= {draft.customer_id for draft in drafts.known.values()}
    customers = await ledger.customers(uow, names - {""})
    entered = [command for command in commands if isinstance(command, Enter)]
    # A matter never changes its promise: it may be asked for before the promise is locked, which comes first.
    ids = {command.promise_id for command in commands if not isinstance(command, SetContact | Erase | Enter)}
    ids |= await matter_rows.promises_of(uow, entered)
    promises = await ledger.promises(uow, ids)
    made = {command.promise_id for command in commands if isinstance(command, Make | Outline)}
    said = [(one.command, one.origin.time) for one in statements if isinstance(one.command, Revise | Withdraw | Settle)]
    matters = await Matters.load(uow, entered, made)
    again = {name for one in statements if (name := _told_again(promises, one))}
    return _Batch(
        promises=promises,
        customers=dict(customers),
        matters=matters,
        stories=await Stories.load(uow, promises, said, whole={*matters.taken(entered), *again}),
        waiters=await Waiters.load(uow, made - promises.keys()),
        known=frozenset(customers),
        drafts=drafts,
    )


def _told_again(promises: Mapping[str, Promise], statement: Statement) -> str:
    """The promise that a statement tells again, so that all that was said of it has to be read; "" if there is none."""
    command = statement.command
    if not isinstance(command, Make | Outline) or (known := promises.get(command.promise_id)) is None:
        return ""
    older = known.first_at is not None and statement.origin.time <= known.first_at
    return command.promise_id if older or (not command.if_new and _adds(known, command)) else ""


def _adds(known: Promise, command: Make | Outline) -> bool:
    """Whether a promise that is told again has more: what says the same or is refused needs no history."""
    said = command if isinstance(command, Outline) else command.outline
    try:
        return said is not None and said.reported and _with_more(known, said) != known
    except (Refusal, Problem):
        return False


def _id(result: Result | Exception) -> str:
    if isinstance(result, Waiting):
        return result.waiting_id
    return result.promise_id if isinstance(result, Draft) else ""


async def overlooked(uow: UnitOfWork, after: int) -> int:
    """Pass on what waits though its promise is known: they came at the same moment, in two processes.

    Looks at LOOK rows after a place; returns the next place, 0 at the end.
    """
    names, place = await waiting_rows.overlooked(uow, after, LOOK)
    if names:
        await erasing.writing(uow)
        promises = await ledger.promises(uow, names)
        customers = await ledger.customers(uow, {promise.customer_id for promise in promises.values()})
        waiters = await Waiters.load(uow, promises)
        said = [(one.command, one.time) for found in waiters.found.values() for one in found]
        stories = await Stories.load(uow, promises, said)
        batch = _Batch(
            promises=promises,
            customers=dict(customers),
            matters=Matters(),
            stories=stories,
            waiters=waiters,
            known=frozenset(customers),
        )
        for promise in list(promises.values()):
            if promise.promise_id not in stories.unread:
                _join(batch, promise, customers.get(promise.customer_id))
        await batch.save(uow, 0)
    return place


def _one(batch: _Batch, command: Command, origin: Origin) -> Result:
    match command:
        case Revise() | Withdraw() | Settle():
            return _say(batch, command, origin)
        case Make():
            return _made(batch, command, origin)
        case Outline():
            return _outline(batch, command, origin)
        case WithdrawDraft():
            return _withdraw_draft(batch, command, origin)
        case SetContact():
            return _set_contact(batch, command, origin)
        case Enter():
            return _enter(batch, command, origin)
        case _:
            raise AssertionError("erasures run alone")


def _say(batch: _Batch, command: domain.Statement, origin: Origin) -> Promise | Waiting:
    promise = batch.promises.get(command.promise_id)
    if promise is None and command.reported:
        if isinstance(command, Withdraw):
            batch.drafts.withdraw(command)
        return batch.waiters.wait(command, origin)
    if promise is None:
        raise Refusal(RefusalReason.UNKNOWN_PROMISE, "there is no such promise")
    if command.reported:
        return _report(batch, promise, command, origin)
    match command:
        case Revise():
            promise, change = domain.revise(promise, command, origin.time)
        case Withdraw():
            promise, change = domain.withdraw(promise, command, origin.time)
        case Settle():
            promise, change = domain.settle(promise, command, origin.time)
    _take(batch, Arrival(promise, (change,)), origin)
    return promise


def _report(batch: _Batch, promise: Promise, command: domain.Statement, origin: Origin) -> Promise:
    stands = domain.restates(promise, command, origin.time) if isinstance(command, Revise) else None
    found = Arrival(stands) if stands is not None else batch.stories.arrive(promise, command, origin.time)
    return _take(batch, found, origin)


def _join(batch: _Batch, promise: Promise, customer: Customer | None) -> Promise:
    """The promise with what waited for it, but for what was said before its customer was erased."""
    for one in batch.waiters.leave(promise.promise_id):
        try:
            domain.admit(customer.erased_at if customer else None, one.time)
            promise = _report(batch, promise, one.command, origin_of(one))
            batch.joined[one.waiting_id] = promise
        except Refusal as refused:
            batch.joined[one.waiting_id] = problem(refused)
            if one.waiting_id in batch.waiters.gone and refused.why is not RefusalReason.CUSTOMER_ERASED:
                batch.waiters.reject(one, refused)
    return promise


def _take(batch: _Batch, found: Arrival, origin: Origin, *, begun: bool = False, more: bool = False) -> Promise:
    """Keep a promise with what changed it, and tell its readers: a message each of its new versions."""
    name = found.promise.promise_id
    if found.promise == batch.promises.get(name):
        return found.promise
    batch.promises[name] = found.promise
    batch.changed.add(name)
    for change in found.changes:
        batch.changes.append(change)
        batch.stories.add(change)
    batch.messages += events.told(found, origin, begun=begun, more=more)
    return found.promise


def _enter(batch: _Batch, command: Enter, origin: Origin) -> Matter:
    if (known := batch.matters.repeated(command)) is not None:
        return known
    before = batch.matters.current.get((command.kind, command.matter_id))
    matter, entry = batch.matters.decide(command, origin.time, batch.promises, batch.customers)
    promise = batch.promises.get(matter.promise_id or "")
    if matter.kind is Kind.HANDOFF and promise is not None:
        ended = promise.state is not domain.State.MADE
        if ended and command.begins and not command.waits:
            raise Refusal(RefusalReason.PROMISE_CLOSED, f"the promise is {promise.state}; nothing is left to hand over")
        deliverer, accepted, due = matter.content["deliverer"], matter.state == "accepted", matter.content.get("due")
        due = None if due is None else datetime.fromisoformat(due)
        assigned, change = domain.assign(promise, deliverer, matter.at, origin.time, accepted=accepted, due=due)
        if assigned is not promise:
            _take(batch, Arrival(assigned, () if change is None else (change,)), origin)
    if matter.kind is Kind.OFFER and promise is not None:
        _offered(batch, command, (before, matter), promise, origin)
    batch.matters.keep(matter, entry)
    if not matter.waiting:
        batch.messages.append(matter_events.changed(matter, origin, entry))
    return matter


def _offered(
    batch: _Batch, command: Enter, offer: tuple[Matter | None, Matter], promise: Promise, origin: Origin
) -> None:
    """Move the promise to the date of the option that was taken; refuse options that could move it nowhere."""
    before, after = offer
    if command.begins and not command.waits:
        domain.refuse_past(promise, after)
    revised = domain.agreed_date(promise, before, after, reported=not command.now)
    if revised is None:
        return
    if revised.reported:
        _report(batch, promise, revised, replace(origin, time=after.since or origin.time))
    else:
        moved, change = domain.revise(promise, revised, origin.time)
        _take(batch, Arrival(moved, (change,)), origin)


def _made(batch: _Batch, command: Make, origin: Origin) -> Promise:
    known = batch.drafts.current.get(command.promise_id)
    if command.outline is None or known is None:
        promise = _make(batch, command, origin)
        batch.drafts.end(command.promise_id)
        return promise
    found = _outline(batch, command.outline, origin)
    assert isinstance(found, Promise)  # noqa: S101 - nothing was missing
    return found


def _outline(batch: _Batch, said: Outline, origin: Origin) -> Promise | Draft:
    """Another field or two of a draft, which is a promise once nothing is missing."""
    if said.promise_id in batch.promises:
        known_promise = batch.promises[said.promise_id]
        return known_promise if said.if_new else _again(batch, known_promise, said, origin)
    known = batch.drafts.current.get(said.promise_id)
    customer = batch.customers.get(said.customer_id or (known.customer_id if known else ""))
    draft = batch.drafts.with_more(said, origin, customer)
    if draft.missing:
        batch.drafts.keep(draft)
        return draft
    first_at = draft.fields["due"].at if said.if_new else None
    promise = _make(batch, said.read(draft.document, draft.complete_at), origin, first_at)
    batch.drafts.end(said.promise_id)
    batch.joined[said.promise_id] = promise
    return promise


def _withdraw_draft(batch: _Batch, command: WithdrawDraft, origin: Origin) -> Draft:
    found = batch.drafts.withdraw(Withdraw(command.promise_id, command.reason))
    if found is None:
        raise Refusal(RefusalReason.UNKNOWN_PROMISE, "there is no such draft")
    # Whatever completes it later is withdrawn at once.
    waits = Withdraw(command.promise_id, command.reason, None, command.public_reason, reported=True)
    batch.waiters.wait(waits, origin)
    return found


def _make(batch: _Batch, command: Make, origin: Origin, first_at: datetime | None = None) -> Promise:
    customer = batch.customers.get(command.customer_id)
    domain.admit(customer.erased_at if customer else None, min(command.made_at, origin.time))
    known = batch.promises.get(command.promise_id)
    if known is not None and command.if_new and known.customer_id == command.customer_id:
        return _older(batch, known, command, origin)
    if known is not None and command.outline is not None:
        return _again(batch, known, command.outline, origin)
    if known is not None:
        return domain.same(known, command)
    first_at = origin.time if command.if_new else first_at
    promise = domain.make(command, historical=origin.historical, first_at=first_at)
    batch.promises[promise.promise_id] = promise
    batch.added.add(promise.promise_id)
    batch.messages.append(events.made(promise, origin))
    batch.stories.begin(promise.promise_id)
    promise = _join(batch, promise, customer)
    for matter in batch.matters.adopt(promise, customer):
        batch.messages.append(matter_events.changed(matter, origin, adopted=True))
    return promise


def _again(batch: _Batch, known: Promise, said: Outline, origin: Origin) -> Promise:
    """The promise with what its sender tells of it once more. Raises Refusal for what contradicts what is known."""
    if not said.reported:
        if _with_more(known, said) == known:
            return known
        raise Refusal(RefusalReason.PROMISE_EXISTS, "a promise with this id exists already", "/promise_id")
    customer = batch.customers.get(known.customer_id)
    domain.admit(customer.erased_at if customer else None, origin.time)
    found = _with_more(known, said)
    if found == known:
        return known
    found, story = batch.stories.complete(replace(found, version=known.version + 1))
    batch.completed.add(known.promise_id)
    return _take(batch, Arrival(found, (), story), origin, more=True)


def _with_more(known: Promise, said: Outline) -> Promise:
    required = {"customer_id": known.customer_id, "kind": known.kind, "what": known.what, "due": str(known.latest_due)}
    return domain.added(known, said.read({**required, **said.fields}, known.made_at), said.fields)


def _older(batch: _Batch, known: Promise, command: Make, origin: Origin) -> Promise:
    """The promise with a state of it that its system told, which may be older than the one by which it was made."""
    found = batch.stories.precede(known, command, origin.time)
    return known if found is None else _take(batch, found, origin, begun=True)


def _set_contact(batch: _Batch, command: SetContact, origin: Origin) -> Customer:
    known = batch.customers.get(command.customer_id) or Customer(command.customer_id)
    customer = domain.set_contact(known, command, origin.time)
    if customer is not known:
        batch.customers[customer.customer_id] = customer
        batch.contacts.add(customer.customer_id)
        batch.messages.append(events.contact(customer, origin))
    return customer
