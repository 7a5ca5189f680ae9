"""How an addressee is reached: their preferred channel, and their address on it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import structlog

from notify_svc.channels import Channel
from notify_svc.compose.contact import Contact, Opener, zone_of
from notify_svc.compose.signer import Signer
from notify_svc.domain.expecting import rules_of
from notify_svc.domain.facts import Expectation, Promise, Rules
from notify_svc.domain.quiet import waits_until
from notify_svc.domain.silence import Recipient

FIRST: Final = "email"
"""The first channel for a contact without a preference; the others follow by name."""
MOST_KEPT: Final = 4_096
"""Sealed contacts of which it is kept what they say of how to write: most decisions are about the same customers."""
log = structlog.get_logger("notify.composing")


@dataclass(frozen=True, slots=True)
class Route:
    """One way to reach one addressee; `recipient` is the keyed hash of the address, the only form that is stored."""

    channel: Channel
    contact: Contact = field(repr=False)
    address: str = field(repr=False)
    recipient: str

    def rests(
        self, promise: Promise, now: datetime, rules: Rules, announced: datetime | None = None
    ) -> datetime | None:
        """Until when a message about `promise` waits for the addressee's quiet hours; None if it goes out now."""
        zone = zone_of(self.contact.zone, promise.zone)
        quiet = self.contact.quiet_hours(rules.quiet)
        return waits_until(now, zone, quiet, announced=announced, due=promise.held_due, least=rules.update_min)


@dataclass(frozen=True, slots=True)
class Reach:
    """The channels of this process, and the opener for sealed contacts."""

    opener: Opener
    channels: Mapping[str, Channel]
    _kept: dict[str, Expectation] = field(default_factory=dict, repr=False, compare=False)

    def expectation(self, sealed: str | None) -> Expectation:
        """What a sealed contact says of how to write to its customer; nothing if it cannot be opened."""
        if sealed is None:
            return Expectation()
        if (found := self._kept.get(sealed)) is not None:
            return found
        contact = self.opener.read(sealed)
        if contact is None:
            # Its key may yet come.
            return Expectation()
        if len(self._kept) >= MOST_KEPT:
            self._kept.clear()
        return self._kept.setdefault(sealed, contact.expectation())

    def rules_of(self, sealed: str | None, rules: Rules) -> Rules:
        """When to speak to the customer of a sealed contact."""
        return rules_of(rules, self.expectation(sealed))

    def look(
        self,
        sealed: str | None,
        *,
        refused: Collection[str] = (),
        failed: Collection[str] = (),
        erased: bool = False,
        stopped: bool = False,
        left: Collection[str] = (),
        only: str | None = None,
    ) -> tuple[Route | None, Recipient]:
        """The first route of a sealed contact that is not `refused`, and its recipient's consent and state.

        `refused` names channels on which the address was refused, `failed` those to use last, `only` the one channel
        that may be used. There is no route if the contact is unknown or unreadable, or has no address that any channel
        accepts, or none for `only`. `stopped`: they left all our messages; `left` are the purposes that they left.
        """
        if sealed is None:
            return None, Recipient(erased=erased)
        contact = self.opener.read(sealed)
        if contact is None:
            return None, Recipient(known=True)
        routes = sorted(self._routes(contact), key=lambda route: route.channel.name in failed)
        if not routes:
            return None, Recipient(known=True)
        open_ = [route for route in routes if route.channel.name not in refused]
        found = (route for route in open_ or routes if only in (None, route.channel.name))
        wanted = contact.wanted(left)
        recipient = Recipient(True, contact.consent, refused=not open_, stopped=stopped, purposes=wanted)
        return next(found, None), recipient

    def signer(self, sealed: str | None) -> Signer | None:
        """Whom a sealed contact of staff names, for customers to turn to; None if nobody, or it cannot be opened."""
        contact = self.opener.read(sealed)
        return Signer(" ".join(contact.name.split()), contact.reach or "") if contact and contact.name else None

    def beside(self, sealed: str | None, tried: Collection[str]) -> bool:
        """Whether a sealed contact has an address on a channel that is none of `tried`."""
        route, recipient = self.look(sealed, refused=tried)
        return route is not None and not recipient.refused

    def _routes(self, contact: Contact) -> Iterator[Route]:
        for name in contact.channels or sorted(self.channels, key=lambda name: (name != FIRST, name)):
            channel = self.channels.get(name)
            address = _normalised(channel, contact) if channel else None
            if channel and address:
                yield Route(channel, contact, address, self.opener.recipient(address))


def _normalised(channel: Channel, contact: Contact) -> str | None:
    try:
        return channel.normalise(contact.address(channel.address_kind))
    except Exception as error:
        # A channel that cannot read one address must not stop the decisions about others. No address in the log.
        log.warning("address not read", channel=channel.name, error=type(error).__name__, consequence="not used")
        return None
