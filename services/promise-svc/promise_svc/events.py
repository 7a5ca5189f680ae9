"""Turns decisions into the events that other services read."""

from __future__ import annotations

from urllib.parse import quote

from candor.contracts import (
    STAFF,
    AskedBy,
    ContactRemoved,
    ContactSet,
    CustomerErased,
    Dependency,
    Event,
    Message,
    PlannedMilestone,
    PromiseAssigned,
    PromiseMade,
    PromiseRevised,
    PromiseSettled,
    PromiseWithdrawn,
    Reference,
    ScopeItem,
    Verdict,
    message,
)
from candor.intake import Origin
from promise_svc.domain import Change, ChangeKind, Customer, Promise


def made(promise: Promise, origin: Origin) -> Message:
    """The event for a new promise."""
    terms = promise.terms
    data = PromiseMade(
        promise_id=promise.promise_id,
        customer_id=promise.customer_id,
        kind=promise.kind,
        what=promise.what,
        made_at=promise.made_at,
        first_due=promise.first_due,
        latest_due=promise.latest_due,
        held_due=promise.held_due,
        requested_due=promise.requested_due,
        tolerance_s=promise.tolerance_s,
        labels=terms.labels,
        milestones=[PlannedMilestone(*step) for step in terms.milestones],
        depends_on=[Dependency(*named) for named in terms.depends_on],
        references=[Reference(*named) for named in terms.references],
        value=terms.value,
        currency=terms.currency,
        owner=terms.owner,
        department=terms.department,
        channel=terms.channel,
        deliverer=terms.deliverer,
        accepted=terms.accepted,
        zone=terms.zone,
        scope=[ScopeItem(*part) for part in terms.scope],
    )
    return sent(origin, promise.customer_id, promise.version, data)


def changed(promise: Promise, change: Change, origin: Origin) -> Message:
    """The event for a change to a promise, with its dates after the change."""
    ids = (promise.promise_id, promise.customer_id)
    data: Event
    if change.kind is ChangeKind.REVISED:
        asked_by = AskedBy.CUSTOMER if change.asked_by_customer else AskedBy.COMPANY
        dates = (promise.latest_due, promise.held_due)
        data = PromiseRevised(*ids, *dates, asked_by, bool(change.agreed), change.reason or "", change.public_reason)
    elif change.kind is ChangeKind.WITHDRAWN:
        data = PromiseWithdrawn(*ids, change.reason or "", change.public_reason)
    elif change.kind is ChangeKind.ASSIGNED:
        data = PromiseAssigned(*ids, change.deliverer or "", bool(change.accepted))
    else:
        data = PromiseSettled(*ids, Verdict(str(change.verdict)), change.at, change.completed_at)
    return sent(origin, promise.customer_id, promise.version, data)


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
