"""Turns decisions into the events that other services read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final
from urllib.parse import quote

from candor.contracts import (
    MOVES,
    STAFF,
    AskedBy,
    ContactRemoved,
    ContactSet,
    CustomerErased,
    Dependency,
    Event,
    Message,
    Move,
    PlannedMilestone,
    PromiseAssigned,
    PromiseMade,
    PromiseRestated,
    PromiseRevised,
    PromiseSettled,
    PromiseState,
    PromiseTerms,
    PromiseWithdrawn,
    Reference,
    Revision,
    ScopeItem,
    Verdict,
    message,
)
from candor.intake import Origin
from promise_svc.domain import Arrival, Change, ChangeKind, Customer, Promise

ENDS: Final = (ChangeKind.WITHDRAWN, ChangeKind.SETTLED)


def made(promise: Promise, origin: Origin) -> Message:
    """The event for a new promise."""
    data = PromiseMade(
        promise_id=promise.promise_id,
        customer_id=promise.customer_id,
        kind=promise.kind,
        what=promise.what,
        made_at=promise.made_at,
        first_due=promise.first_due,
        latest_due=promise.latest_due,
        held_due=promise.held_due,
        **_terms(promise),
    )
    return sent(origin, promise.customer_id, promise.version, data)


def _terms(promise: Promise) -> dict[str, Any]:
    terms = promise.terms
    return {
        "requested_due": promise.requested_due,
        "tolerance_s": promise.tolerance_s,
        "labels": terms.labels,
        "milestones": [PlannedMilestone(*step) for step in terms.milestones],
        "depends_on": [Dependency(*named) for named in terms.depends_on],
        "references": [Reference(*named) for named in terms.references],
        "value": terms.value,
        "currency": terms.currency,
        "owner": terms.owner,
        "department": terms.department,
        "channel": terms.channel,
        "deliverer": terms.deliverer,
        "accepted": terms.accepted,
        "zone": terms.zone,
        "scope": [ScopeItem(*part) for part in terms.scope],
    }


def changed(promise: Promise, change: Change, origin: Origin) -> Message:
    """The event for a change to a promise, with its dates after the change."""
    ids = (promise.promise_id, promise.customer_id)
    data: Event
    verdict = change.judged or change.verdict
    if change.kind is ChangeKind.REVISED:
        asked_by = AskedBy.CUSTOMER if change.asked_by_customer else AskedBy.COMPANY
        dates = (promise.latest_due, promise.held_due)
        data = PromiseRevised(*ids, *dates, asked_by, bool(change.agreed), change.reason or "", change.public_reason)
    elif change.kind is ChangeKind.WITHDRAWN:
        data = PromiseWithdrawn(*ids, change.reason or "", change.public_reason, _asked_by(change))
    elif change.kind is ChangeKind.ASSIGNED:
        data = PromiseAssigned(*ids, change.deliverer or "", bool(change.accepted), change.due)
    else:
        data = PromiseSettled(*ids, Verdict(str(verdict)), change.at, change.completed_at)
    return sent(origin, promise.customer_id, promise.version, data)


def told(found: Arrival, origin: Origin, *, begun: bool = False, more: bool = False) -> list[Message]:
    """The events for a promise after a statement: one for each version that it brings.

    Where it changes what was made of others, all of the promise that statements decide. `begun`: also when it was made
    and its first date are others. `more`: also what was told of it besides.
    """
    if found.story is None:
        return [changed(found.promise, change, origin) for change in found.changes]
    messages = []
    for number, change in enumerate(found.changes or (None,)):
        version = found.promise.version if change is None else change.version
        data = _restated(found.promise, found.story, change, begun=begun, more=more)
        # A state that was told before is a change now: as of then, by an event of its own.
        as_of = origin if change is None or not change.stated else replace(origin, time=change.at)
        event_id = f"{origin.event_id}/{number + 1}" if number else ""
        messages.append(sent(as_of, found.promise.customer_id, version, data, event_id))
    return messages


def _restated(
    promise: Promise, story: Sequence[Change], change: Change | None, *, begun: bool, more: bool
) -> PromiseRestated:
    moved = [one for one in story if one.kind is ChangeKind.REVISED and one.in_effect]
    before = [promise.first_due, *(one.held_due or promise.first_due for one in moved)]
    ended = [one.at for one in story if one.kind in ENDS and one.in_effect]
    latest = [promise.first_due, *(one.due or promise.first_due for one in moved)]
    revision = None
    if (place := _place(moved, change)) is not None and change is not None:
        asked_by = AskedBy.CUSTOMER if change.asked_by_customer else AskedBy.COMPANY
        dates = (latest[place], latest[place + 1])
        revision = Revision(*dates, asked_by, bool(change.agreed), change.reason or "", change.public_reason)
    return PromiseRestated(
        promise_id=promise.promise_id,
        customer_id=promise.customer_id,
        state=PromiseState(promise.state.value),
        latest_due=promise.latest_due,
        held_due=promise.held_due,
        revisions=len(moved),
        moves=[Move(one.at, due) for one, due in zip(moved, before, strict=False)][-MOVES:],
        ended_at=ended[-1] if ended else None,
        completed_at=promise.completed_at,
        revision=revision,
        made_at=promise.made_at if begun else None,
        first_due=promise.first_due if begun else None,
        terms=PromiseTerms(**_terms(promise)) if more else None,
    )


def _place(moved: Sequence[Change], change: Change | None) -> int | None:
    """Which of the dates in effect a change is."""
    return next((n for n, one in enumerate(moved) if change is not None and one.version == change.version), None)


def _asked_by(change: Change) -> AskedBy | None:
    if change.asked_by_customer is None:
        return None
    return AskedBy.CUSTOMER if change.asked_by_customer else AskedBy.COMPANY


def contact(customer: Customer, origin: Origin) -> Message:
    """The event with the sealed contact."""
    data = ContactSet(customer.customer_id, customer.sealed or "")
    return sent(origin, customer.customer_id, customer.contact_version, data)


def contact_removed(customer: Customer, origin: Origin) -> Message:
    """The event for a contact that is kept no longer."""
    return sent(origin, customer.customer_id, customer.contact_version, ContactRemoved(customer.customer_id))


def erased(customer: Customer, origin: Origin) -> list[Message]:
    """The erasure events for both topics that know the customer; for staff only the one for contacts."""
    name = customer.customer_id
    removed = contact_removed(customer, origin)
    if name.startswith(STAFF):
        return [removed]
    return [sent(origin, name, customer.erasures, CustomerErased(name)), removed]


def sent(origin: Origin, key: str, version: int, data: Event, event_id: str = "") -> Message:
    """The message of an event; its id is the sender's unless one is given."""
    source = f"promise-svc/{quote(origin.source, safe='')}"
    return message(
        event_id or origin.event_id,
        source,
        origin.time,
        key,
        version,
        data,
        historical=origin.historical,
        traceparent=origin.traceparent,
    )
