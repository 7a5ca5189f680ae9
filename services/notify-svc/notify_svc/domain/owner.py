"""The owner inside the company is told before the customer (definitions.md), but cannot block their message."""

from __future__ import annotations

from enum import StrEnum

from notify_svc.domain.facts import Reason


class Audience(StrEnum):
    """Whom a notice is for."""

    OWNER = "owner"
    CUSTOMER = "customer"
    ASKED = "asked"
    """A customer who is only asked something: it says nothing of how the promise stands, and belongs to no episode."""


class OwnerWord(StrEnum):
    """The outcome of notifying the owner before the customer."""

    WAITING = "waiting"
    """The owner's notice is on its way; the customer's waits for it for a limited time."""
    TOLD = "owner_told"
    NO_OWNER = "no_owner"
    NO_ADDRESS = "owner_has_no_address"
    NOT_REACHED = "owner_not_reached"
    """The owner is not known to have been told in time; the customer's notice went ahead."""


def without_the_owner(against: Reason) -> OwnerWord:
    """The value for a customer's notice if the promise has an owner who must not be written to."""
    return OwnerWord.NO_ADDRESS if against is Reason.NO_CONTACT else OwnerWord.NOT_REACHED
