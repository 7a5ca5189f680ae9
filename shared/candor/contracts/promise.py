"""Events of promise-svc: the ledger of promises. Topic `promises`, key customer id."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Final

import msgspec

from candor.contracts.envelope import Event

Label = str | float | bool
EXACT: Final = 2.0**53
"""Below it every whole number is a number of its own."""


def label_text(value: Label) -> str:
    """A label's value in the digits and words it was sent in: `true`, `7`, `1234567`, `0.25`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    return str(int(value)) if abs(value) < EXACT and value == int(value) else repr(float(value))


class Verdict(StrEnum):
    """How a promise ended: `kept`, `broken`, or `disputed` (the customer and the company disagree)."""

    KEPT = "kept"
    BROKEN = "broken"
    DISPUTED = "disputed"


class AskedBy(StrEnum):
    """Who asked for another date; only the customer's own wish or agreement moves the held date."""

    CUSTOMER = "customer"
    COMPANY = "company"


class Dependency(msgspec.Struct, frozen=True, gc=False):
    """Something a promise rests on and an incident can hit, e.g. kind `site`, id `EWR`."""

    kind: str
    id: str


class Reference(msgspec.Struct, frozen=True, gc=False):
    """A promise's name in a foreign system: what milestones are matched by."""

    system: str
    id: str


class PlannedMilestone(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A step on the way, in order; the last one completes the promise. `told`: the customer knows of it."""

    name: str
    planned: datetime | None = None
    told: bool = False


class ScopeItem(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A part of what was promised; `weight` above 0, relative to the others.

    `supported` false: the capability that was claimed does not exist, so the item counts as not delivered, always.
    """

    item: str
    weight: float = 1.0
    supported: bool = True


class PromiseMade(Event, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """A promise to a customer: kept if completed at or before the held date plus tolerance.

    `requested`, `first`, `latest` and `held` dates are never overwritten by one another: `held` is the date the
    customer holds (definitions: e). `tolerance_s` is τ in seconds. `owner` is a team or person id, never an address.
    `scope` names the parts, each once; none: the promise is one whole.
    """

    TYPE: ClassVar[str] = "candor.promise.made.v1"
    TOPIC: ClassVar[str] = "promises"
    AGGREGATE: ClassVar[str] = "promise_id"

    promise_id: str
    customer_id: str
    kind: str
    what: str
    made_at: datetime
    first_due: datetime
    latest_due: datetime
    held_due: datetime
    requested_due: datetime | None = None
    tolerance_s: int = 0
    labels: dict[str, Label] = {}
    milestones: list[PlannedMilestone] = []
    depends_on: list[Dependency] = []
    references: list[Reference] = []
    value: float | None = None
    currency: str | None = None
    owner: str | None = None
    department: str | None = None
    channel: str | None = None
    deliverer: str | None = None
    accepted: bool = True
    zone: str = "UTC"
    scope: list[ScopeItem] = []


class PromiseRevised(Event, frozen=True, gc=False, omit_defaults=True):
    """Another date was told; `held_due` moves only if the customer asked for it or agreed.

    `reason` is internal; only `public_reason` may be told to the customer.
    """

    TYPE: ClassVar[str] = "candor.promise.revised.v1"
    TOPIC: ClassVar[str] = "promises"
    AGGREGATE: ClassVar[str] = "promise_id"

    promise_id: str
    customer_id: str
    latest_due: datetime
    held_due: datetime
    asked_by: AskedBy
    agreed: bool
    reason: str
    public_reason: str | None = None


class PromiseWithdrawn(Event, frozen=True, gc=False, omit_defaults=True):
    """The promise no longer stands: called off; it counts neither as kept nor as broken.

    `reason` is internal; only `public_reason` may be told to the customer. `asked_by`: whose wish it was, if known.
    """

    TYPE: ClassVar[str] = "candor.promise.withdrawn.v1"
    TOPIC: ClassVar[str] = "promises"
    AGGREGATE: ClassVar[str] = "promise_id"

    promise_id: str
    customer_id: str
    reason: str
    public_reason: str | None = None
    asked_by: AskedBy | None = None


class PromiseSettled(Event, frozen=True, gc=False, omit_defaults=True):
    """A person's verdict on how the promise ended; it overrules what milestones alone suggest."""

    TYPE: ClassVar[str] = "candor.promise.settled.v1"
    TOPIC: ClassVar[str] = "promises"
    AGGREGATE: ClassVar[str] = "promise_id"

    promise_id: str
    customer_id: str
    verdict: Verdict
    settled_at: datetime
    completed_at: datetime | None = None


class PromiseAssigned(Event, frozen=True, gc=False, omit_defaults=True):
    """The promise rests on `deliverer`, who has `accepted` the work or has only been asked.

    `due`: the date for which it was accepted, where the hand-off names one.
    """

    TYPE: ClassVar[str] = "candor.promise.assigned.v1"
    TOPIC: ClassVar[str] = "promises"
    AGGREGATE: ClassVar[str] = "promise_id"

    promise_id: str
    customer_id: str
    deliverer: str
    accepted: bool
    due: datetime | None = None


class PromiseState(StrEnum):
    """The status of a promise in the ledger: `made` is open, the others ended it."""

    MADE = "made"
    KEPT = "kept"
    BROKEN = "broken"
    DISPUTED = "disputed"
    WITHDRAWN = "withdrawn"


class PromiseTerms(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """What a promise has besides its dates, all of it; the fields are those of PromiseMade."""

    requested_due: datetime | None = None
    tolerance_s: int = 0
    labels: dict[str, Label] = {}
    milestones: list[PlannedMilestone] = []
    depends_on: list[Dependency] = []
    references: list[Reference] = []
    value: float | None = None
    currency: str | None = None
    owner: str | None = None
    department: str | None = None
    channel: str | None = None
    deliverer: str | None = None
    accepted: bool = True
    zone: str = "UTC"
    scope: list[ScopeItem] = []


MOVES: Final = 16
"""The newest dates that were told for a promise, as many as an event names."""


class Move(msgspec.Struct, frozen=True, gc=False):
    """Another date was told at `at`; `before` is the held date until then."""

    at: datetime
    before: datetime


class Revision(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One date that was told: the latest date `before` it and itself, `due`; the rest as in PromiseRevised."""

    before: datetime
    due: datetime
    asked_by: AskedBy
    agreed: bool
    reason: str
    public_reason: str | None = None


class PromiseRestated(Event, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """A statement that arrived late, or was said after the end: what the promise is with it in its place.

    `revisions` counts the dates that were told, `moves` names the newest MOVES of them in the order in which they were
    said. `ended_at` is when the verdict was given or the promise withdrawn. `revision`: the statement itself, if it was
    another date and came before the end. `made_at` and `first_due`: where an older state of its system came late, and
    they are others than was said when it was made. `terms`: where its sender told it again with more, all of them.
    """

    TYPE: ClassVar[str] = "candor.promise.restated.v1"
    TOPIC: ClassVar[str] = "promises"
    AGGREGATE: ClassVar[str] = "promise_id"

    promise_id: str
    customer_id: str
    state: PromiseState
    latest_due: datetime
    held_due: datetime
    revisions: int = 0
    moves: list[Move] = []
    ended_at: datetime | None = None
    completed_at: datetime | None = None
    revision: Revision | None = None
    made_at: datetime | None = None
    first_due: datetime | None = None
    terms: PromiseTerms | None = None


class CustomerErased(Event, frozen=True, gc=False, omit_defaults=True):
    """The customer asked to be forgotten: every service deletes what it holds of them."""

    TYPE: ClassVar[str] = "candor.customer.erased.v1"
    TOPIC: ClassVar[str] = "promises"
    AGGREGATE: ClassVar[str] = "customer_id"
    SIGNED: ClassVar[bool] = True

    customer_id: str
