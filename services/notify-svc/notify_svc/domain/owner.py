"""The owner inside the company is told before the customer (definitions.md), and never keeps the word from them."""

from __future__ import annotations

from enum import StrEnum

from notify_svc.domain.facts import Reason


class Audience(StrEnum):
    """Who a notice is for."""

    OWNER = "owner"
    CUSTOMER = "customer"


class OwnerWord(StrEnum):
    """What became of the owner's word before the customer's."""

    WAITING = "waiting"
    """The owner's is on its way: the customer's waits for it, but not for ever."""
    TOLD = "owner_told"
    NO_OWNER = "no_owner"
    NO_ADDRESS = "owner_has_no_address"
    NOT_REACHED = "owner_not_reached"
    """Not known to have been told in time; the customer's word went ahead."""


def without_the_owner(against: Reason) -> OwnerWord:
    """What the customer's notice says where the owner, who is named, is not to be written to."""
    return OwnerWord.NO_ADDRESS if against is Reason.NO_CONTACT else OwnerWord.NOT_REACHED
