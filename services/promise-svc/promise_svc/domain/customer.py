"""A customer in the ledger: a sealed contact, or the mark that they asked to be erased."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from promise_svc.domain.refusal import Refusal, RefusalReason


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer's contact and erasures; only notify-svc can open `sealed`.

    `contact_version` counts events on `contacts`, `erasures` those on `promises`. Both outlive an erasure so that no
    consumer mistakes an old event for a new one.
    """

    customer_id: str
    sealed: str | None = None
    contact_version: int = 0
    contact_at: datetime | None = None
    erased_at: datetime | None = None
    erasures: int = 0


@dataclass(frozen=True, slots=True)
class SetContact:
    """Set the customer's contact; `reported`: another system does, at a time of its own."""

    customer_id: str
    sealed: str
    reported: bool = False


def admit(erased_at: datetime | None, at: datetime) -> None:
    """Refuse a statement from before the customer's erasure: a retry must not restore erased data."""
    if erased_at is not None and at <= erased_at:
        raise Refusal(RefusalReason.CUSTOMER_ERASED, "the customer asked to be forgotten after this was said")


def set_contact(customer: Customer, command: SetContact, at: datetime) -> Customer:
    """The customer with the contact as of `at`; unchanged by a report if a newer contact is already known."""
    admit(customer.erased_at, at)
    if customer.contact_at is not None and at < customer.contact_at:
        if command.reported:
            return customer
        # A sender's clock does not undo what one of our own users says.
        at = customer.contact_at
    return replace(customer, sealed=command.sealed, contact_at=at, contact_version=customer.contact_version + 1)


def remove_contact(customer: Customer) -> Customer:
    """The customer without a contact; its version goes on, so that no older contact comes back."""
    return replace(customer, sealed=None, contact_version=customer.contact_version + 1)


def erase(customer: Customer, at: datetime) -> Customer:
    """Erase the customer; a repeated erasure is published again for services that missed the first."""
    newest = max(filter(None, (at, customer.erased_at, customer.contact_at)))
    return replace(
        customer,
        sealed=None,
        contact_at=None,
        contact_version=customer.contact_version + 1,
        erased_at=newest,
        erasures=customer.erasures + 1,
    )
