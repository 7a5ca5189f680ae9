"""Turns matters into the events that other services read: whole states, of words the reasons of some alone."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import msgspec

from candor.contracts import (
    AccountChanged,
    CapabilityChanged,
    ChallengeChanged,
    ClaimChanged,
    ClarificationChanged,
    Event,
    HandoffChanged,
    LeadTimeChanged,
    Message,
    OfferChanged,
    PlanChanged,
    ReviewChanged,
    SheetAnswered,
    StatementMade,
    WishChanged,
)
from candor.intake import Origin
from promise_svc.domain import Entry, Kind, Matter
from promise_svc.events import sent

SENT: Final[Mapping[Kind, type[Event]]] = MappingProxyType(
    {
        Kind.HANDOFF: HandoffChanged,
        Kind.CAPABILITY: CapabilityChanged,
        Kind.CLAIM: ClaimChanged,
        Kind.STATEMENT: StatementMade,
        Kind.CHALLENGE: ChallengeChanged,
        Kind.OFFER: OfferChanged,
        Kind.CLARIFICATION: ClarificationChanged,
        Kind.WISH: WishChanged,
        Kind.ACCOUNT: AccountChanged,
        Kind.SHEET: SheetAnswered,
        Kind.PLAN: PlanChanged,
        Kind.REVIEW: ReviewChanged,
        Kind.LEAD_TIME: LeadTimeChanged,
    }
)


def id_of(kind: Kind) -> str:
    """The name of the field that identifies a matter of this kind."""
    return SENT[kind].AGGREGATE


def named(matter: Matter) -> dict[str, Any]:
    """The ids of a matter: its own and what it is about."""
    about = {
        "customer_id": matter.customer_id or None,
        "promise_id": matter.promise_id,
        "capability_id": matter.capability_id,
    }
    return {name: value for name, value in about.items() if value is not None} | {id_of(matter.kind): matter.matter_id}


def changed(matter: Matter, origin: Origin, entry: Entry | None = None, *, adopted: bool = False) -> Message:
    """The event with a matter's state; `adopted`: it is sent because the promise that it waited for has come.

    Of a capability it is the new `entry`, which may be of before the last: claims made then are compared with it.
    """
    said = entry if entry is not None and matter.kind is Kind.CAPABILITY else matter
    document = {**said.content, **said.words, **named(matter), "state": matter.state, "at": said.at}
    if matter.since is not None:
        document["since"] = matter.since
    if matter.verdict is not None:
        document["verdict"] = matter.verdict
    if matter.kind is Kind.CLAIM and matter.state == "corrected":
        # A correction that names no number reached all.
        document.setdefault("reached", matter.content.get("recipients", 1))
    data = msgspec.convert(document, SENT[matter.kind])
    event_id = f"{origin.event_id}:{matter.kind}:{matter.matter_id}" if adopted else origin.event_id
    key = matter.matter_id if matter.kind is Kind.CAPABILITY else matter.customer_id or matter.matter_id
    return sent(origin, key, matter.version, data, event_id)
