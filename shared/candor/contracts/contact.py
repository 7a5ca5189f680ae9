"""What promise-svc says of how to reach a customer, sealed so that only notify-svc can read it. Topic `contacts`."""

from __future__ import annotations

from typing import ClassVar

from candor.contracts.envelope import Event


class ContactSet(Event, frozen=True, gc=False, omit_defaults=True):
    """A customer's contact, sealed with notify-svc's public key: base64 of a libsodium sealed box of JSON
    `{"email", "name", "language", "zone", "consent"}`."""

    TYPE: ClassVar[str] = "candor.contact.set.v1"
    TOPIC: ClassVar[str] = "contacts"
    AGGREGATE: ClassVar[str] = "customer_id"

    customer_id: str
    sealed: str


class ContactRemoved(Event, frozen=True, gc=False, omit_defaults=True):
    """The customer's contact is gone: nothing may be sent any more."""

    TYPE: ClassVar[str] = "candor.contact.removed.v1"
    TOPIC: ClassVar[str] = "contacts"
    AGGREGATE: ClassVar[str] = "customer_id"

    customer_id: str
