"""Events of promise-svc on how to reach a customer, sealed so that only notify-svc can read them. Topic `contacts`.

Contacts of staff are stored under `staff/` and their id. A customer id cannot contain a slash.
"""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar, Final

from candor.contracts.envelope import Event

STAFF: Final = "staff/"


class Purpose(StrEnum):
    """What a person may be written to for; a contact that names none allows all."""

    WARNINGS = "warnings"
    """Bad news about a promise, and what corrects it."""
    UPDATES = "updates"
    """A word at an announced time, also where nothing has changed."""


class Tolerance(StrEnum):
    """From which risk of delay a customer is warned; the risks are settings of notify-svc."""

    LOW = "low"
    """Warned of a smaller risk than others."""
    USUAL = "usual"
    """Warned of what everybody is warned of."""
    HIGH = "high"
    """Warned of a greater risk only."""


def staff_key(staff_id: str) -> str:
    """Return the key that stands for a staff member where events have a customer id."""
    return STAFF + staff_id


class ContactSet(Event, frozen=True, gc=False, omit_defaults=True):
    """The contact of a customer or of staff, sealed for notify-svc: the id of its key, a dot, and base64 of a
    libsodium sealed box of JSON `{"email", "addresses", "channels", "name", "language", "zone", "quiet",
    "consent", "purposes", "tier", "tolerance", "ahead_hours", "pace_hours"}`; without `purposes`, a Purpose each,
    `consent` is to all; `tolerance` is a Tolerance."""

    TYPE: ClassVar[str] = "candor.contact.set.v1"
    TOPIC: ClassVar[str] = "contacts"
    AGGREGATE: ClassVar[str] = "customer_id"
    SIGNED: ClassVar[bool] = True

    customer_id: str
    sealed: str


class ContactRemoved(Event, frozen=True, gc=False, omit_defaults=True):
    """The contact is gone: nothing may be sent any more."""

    TYPE: ClassVar[str] = "candor.contact.removed.v1"
    TOPIC: ClassVar[str] = "contacts"
    AGGREGATE: ClassVar[str] = "customer_id"
    SIGNED: ClassVar[bool] = True

    customer_id: str
