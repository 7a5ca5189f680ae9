"""A customer as the ledger knows them: a sealed contact, or the mark that they asked to be forgotten."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from promise_svc.domain.refusal import Refusal, RefusalReason


@dataclass(frozen=True, slots=True)
class Customer:
    """`sealed` can be opened by notify-svc alone. Versions count what was said on `contacts` and, of the customer
    as a whole, on `promises`; they outlive an erasure so that nobody takes an old word for a new one."""

    customer_id: str
    sealed: str | None = None
    contact_version: int = 0
    contact_at: datetime | None = None
    erased_at: datetime | None = None
    erasures: int = 0


@dataclass(frozen=True, slots=True)
class SetContact:
    """Reach the customer here from now on."""

    customer_id: str
    sealed: str


def admit(erased_at: datetime | None, at: datetime) -> None:
    """Refuse a word from before the customer was erased: a retry must not bring back what was forgotten."""
    if erased_at is not None and at <= erased_at:
        raise Refusal(RefusalReason.CUSTOMER_ERASED, "the customer asked to be forgotten after this was said")


def set_contact(customer: Customer, command: SetContact, at: datetime) -> Customer:
    """The contact as of `at`; the same customer unchanged if a newer one is held already."""
    admit(customer.erased_at, at)
    if customer.contact_at is not None and at < customer.contact_at:
        return customer
    return replace(customer, sealed=command.sealed, contact_at=at, contact_version=customer.contact_version + 1)


def erase(customer: Customer, at: datetime) -> Customer:
    """Forget the customer; repeating it says it again, for a service that missed it."""
    newest = max(filter(None, (at, customer.erased_at, customer.contact_at)))
    return replace(
        customer,
        sealed=None,
        contact_at=None,
        contact_version=customer.contact_version + 1,
        erased_at=newest,
        erasures=customer.erasures + 1,
    )
