"""Events about matters: hand-offs, claims, statements, challenges, offers, clarifications, wishes, accounts, answer
sheets and plans (topic `statements`), and capabilities (topic `capabilities`).

Each event is the whole state of its matter. Words of people are in none of them, but for what customers are to read.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar

import msgspec

from candor.contracts.envelope import Event
from candor.contracts.gap import Component


class HandoffState(StrEnum):
    """How far a hand-off is; one that is open at `expires_at` has expired."""

    REQUESTED = "requested"
    COUNTERED = "countered"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class Level(StrEnum):
    """Whether a capability is there."""

    AVAILABLE = "available"
    BETA = "beta"
    PLANNED = "planned"
    NONE = "none"


class Claimed(StrEnum):
    """What was claimed of a capability, or that it was left out."""

    AVAILABLE = "available"
    BETA = "beta"
    PLANNED = "planned"
    NONE = "none"
    LEFT_OUT = "left_out"


class Check(StrEnum):
    """A claim beside the register: more than there was, less than there was, or neither."""

    SUPPORTED = "supported"
    OVER_CLAIM = "over_claim"
    UNDER_CLAIM = "under_claim"
    UNREGISTERED = "unregistered"


class HandoffChanged(Event, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """A hand-off from `department` to `deliverer`, with the date and scope asked for or countered last.

    `reason`: what was given as one last, as of a refusal or a counter.
    """

    TYPE: ClassVar[str] = "candor.handoff.changed.v1"
    TOPIC: ClassVar[str] = "statements"
    AGGREGATE: ClassVar[str] = "handoff_id"

    handoff_id: str
    promise_id: str
    customer_id: str
    state: HandoffState
    at: datetime
    deliverer: str
    department: str
    due: datetime | None = None
    scope: list[str] = []
    expires_at: datetime | None = None
    reason: str | None = None


class Availability(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """The status of a capability, since which version; None as region or edition: everywhere, in all of them."""

    status: Level
    since_version: str | None = None
    region: str | None = None
    edition: str | None = None


class CapabilityChanged(Event, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """What the register says of a capability from `at` on; an event may say it of an earlier time than the last."""

    TYPE: ClassVar[str] = "candor.capability.changed.v1"
    TOPIC: ClassVar[str] = "capabilities"
    AGGREGATE: ClassVar[str] = "capability_id"

    capability_id: str
    at: datetime
    statuses: list[Availability]


class ClaimChanged(Event, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """What was claimed of a capability, to how many `recipients`, of whom `reached` were corrected since.

    Without `customer_id` they are prospects. `verdict` is as far as the register was known when this was sent.
    """

    TYPE: ClassVar[str] = "candor.claim.changed.v1"
    TOPIC: ClassVar[str] = "statements"
    AGGREGATE: ClassVar[str] = "claim_id"

    claim_id: str
    capability_id: str
    at: datetime
    said: Claimed
    verdict: Check
    channel: str
    department: str
    recipients: int = 1
    reached: int = 0
    customer_id: str | None = None
    person: str | None = None
    region: str | None = None
    edition: str | None = None


class StatementMade(Event, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """What one department told the next of a promise or capability; a slot that is None was left out.

    `certainty` from 0 (a hope) to 4 (a commitment). `scope` and `conditions` are sets of names.
    """

    TYPE: ClassVar[str] = "candor.statement.made.v1"
    TOPIC: ClassVar[str] = "statements"
    AGGREGATE: ClassVar[str] = "statement_id"

    statement_id: str
    said_by: str
    said_to: str
    at: datetime
    customer_id: str | None = None
    promise_id: str | None = None
    capability_id: str | None = None
    person: str | None = None
    due: datetime | None = None
    scope: list[str] | None = None
    quantity: float | None = None
    unit: str | None = None
    certainty: int | None = None
    conditions: list[str] | None = None


class ChallengeState(StrEnum):
    """How far a challenge is."""

    OPENED = "opened"
    ANSWERED = "answered"
    SETTLED = "settled"


class ChallengeChanged(Event, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """An employee's doubt about a promise, a claim or a statement.

    `outcome` once it is settled: upheld or dismissed. `reason`: what was given as one last, when it was opened or
    settled.
    """

    TYPE: ClassVar[str] = "candor.challenge.changed.v1"
    TOPIC: ClassVar[str] = "statements"
    AGGREGATE: ClassVar[str] = "challenge_id"

    challenge_id: str
    about: str
    about_id: str
    state: ChallengeState
    at: datetime
    customer_id: str | None = None
    promise_id: str | None = None
    department: str | None = None
    outcome: str | None = None
    reason: str | None = None


class OfferState(StrEnum):
    """What became of an offer."""

    OFFERED = "offered"
    TAKEN = "taken"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class OfferOption(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One of what a customer may choose from; `value` is what it costs, in `currency` units."""

    name: str
    kind: str
    value: float | None = None
    currency: str | None = None
    due: datetime | None = None


class OfferChanged(Event, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """What was offered to a customer about a promise, and the name of the option `taken`."""

    TYPE: ClassVar[str] = "candor.offer.changed.v1"
    TOPIC: ClassVar[str] = "statements"
    AGGREGATE: ClassVar[str] = "offer_id"

    offer_id: str
    promise_id: str
    customer_id: str
    state: OfferState
    at: datetime
    options: list[OfferOption]
    department: str | None = None
    taken: str | None = None


class ClarificationState(StrEnum):
    """How far a clarification is."""

    ASKED = "asked"
    ANSWERED = "answered"
    WITHDRAWN = "withdrawn"


class ClarificationChanged(Event, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """A `question` that staff ask a customer about what they need, word for word as the customer reads it.

    `at` is when it was asked.
    """

    TYPE: ClassVar[str] = "candor.clarification.changed.v1"
    TOPIC: ClassVar[str] = "statements"
    AGGREGATE: ClassVar[str] = "clarification_id"

    clarification_id: str
    promise_id: str
    customer_id: str
    state: ClarificationState
    at: datetime
    question: str
    department: str | None = None


class WishState(StrEnum):
    """What became of a wish; one that is open on `look_again_on` or later is due to be looked at again."""

    OPEN = "open"
    MET = "met"
    DECLINED = "declined"


class WishChanged(Event, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """What a customer wished for and does not get yet, in the approved words that they may read.

    `at` is when it was noted. Without `public_text` the customer reads nothing of it. `workaround`: what they can do
    until then. `look_again_on`: the day on which we look at it again.
    """

    TYPE: ClassVar[str] = "candor.wish.changed.v1"
    TOPIC: ClassVar[str] = "statements"
    AGGREGATE: ClassVar[str] = "wish_id"

    wish_id: str
    customer_id: str
    state: WishState
    at: datetime
    look_again_on: date
    promise_id: str | None = None
    public_text: str | None = None
    workaround: str | None = None
    department: str | None = None


class AccountChanged(Event, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """What is at stake with a customer: when they renew, and what is exposed, in `currency` units."""

    TYPE: ClassVar[str] = "candor.account.changed.v1"
    TOPIC: ClassVar[str] = "statements"
    AGGREGATE: ClassVar[str] = "customer_id"

    customer_id: str
    at: datetime
    renews_on: date | None = None
    exposure: float | None = None
    currency: str | None = None


class Side(StrEnum):
    """Whose belief an answer sheet says."""

    LEADERSHIP = "leadership"
    STAFF = "staff"
    CUSTOMERS = "customers"


class Beside(StrEnum):
    """What others do differently, as an answer sheet says."""

    BETTER = "better"
    WORSE = "worse"
    NEITHER = "neither"


class SheetAnswered(Event, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """The answers of `people` who agreed on one sheet: to each of four questions a rating from 1 to 5, 5 the best.

    A question that is None was left out. The words stay where they were given.
    """

    TYPE: ClassVar[str] = "candor.sheet.answered.v1"
    TOPIC: ClassVar[str] = "statements"
    AGGREGATE: ClassVar[str] = "sheet_id"

    sheet_id: str
    side: Side
    at: datetime
    people: int = 1
    customer_id: str | None = None
    department: str | None = None
    well: int | None = None
    improve: int | None = None
    others: int | None = None
    onward: int | None = None
    beside: Beside | None = None


class PlanState(StrEnum):
    """What became of a plan; one that is open after `due` is overdue."""

    OPEN = "open"
    DONE = "done"
    DROPPED = "dropped"


class PlanChanged(Event, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """A plan of `department` to close the component `driver` of a promise's gap by an `action`, a short code.

    `at` is when it was opened, `due` when it is to be done, `since` when it came to its state.
    """

    TYPE: ClassVar[str] = "candor.plan.changed.v1"
    TOPIC: ClassVar[str] = "statements"
    AGGREGATE: ClassVar[str] = "plan_id"

    plan_id: str
    promise_id: str
    customer_id: str
    state: PlanState
    at: datetime
    since: datetime
    driver: Component
    action: str
    department: str
    due: datetime
