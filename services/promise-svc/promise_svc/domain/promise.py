"""A promise in the ledger, the commands about it, and the change that each made."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

Label = str | float | bool


class State(StrEnum):
    """The status of a promise: `made` is open, the others ended it (`disputed`: no agreement on how it ended)."""

    MADE = "made"
    KEPT = "kept"
    BROKEN = "broken"
    DISPUTED = "disputed"
    WITHDRAWN = "withdrawn"


class ChangeKind(StrEnum):
    """The kinds of change after a promise is made."""

    REVISED = "revised"
    WITHDRAWN = "withdrawn"
    SETTLED = "settled"
    ASSIGNED = "assigned"


class PlannedStep(NamedTuple):
    """A step on the way; `told`: the customer knows of it."""

    name: str
    planned: datetime | None
    told: bool


class ScopeItem(NamedTuple):
    """A part of what was promised; `weight` is relative, above 0. Not `supported`: claimed but unavailable."""

    item: str
    weight: float
    supported: bool


class NamespacedId(NamedTuple):
    """An id in a namespace: (kind, id) of a dependency, (system, id) of a foreign reference."""

    space: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The content of a promise other than its dates, fixed when it is made. `value` in `currency` units, at least 0."""

    labels: dict[str, Label] = field(default_factory=dict)
    milestones: tuple[PlannedStep, ...] = ()
    depends_on: tuple[NamespacedId, ...] = ()
    references: tuple[NamespacedId, ...] = ()
    value: float | None = None
    currency: str | None = None
    owner: str | None = None
    department: str | None = None
    channel: str | None = None
    deliverer: str | None = None
    accepted: bool = True
    zone: str = "UTC"
    scope: tuple[ScopeItem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """A promise with its four dates, none ever overwriting another (definitions: d0 is `first`, e is `held`).

    `latest_at` and `held_at` are when those dates were given, so that a late statement cannot undo a newer one.
    `assigned_at` is when the hand-off was requested that its deliverer follows. `version` counts from 1 without gaps.
    """

    promise_id: str
    customer_id: str
    kind: str
    what: str
    made_at: datetime
    requested_due: datetime | None
    first_due: datetime
    latest_due: datetime
    held_due: datetime
    latest_at: datetime
    held_at: datetime
    tolerance_s: int
    terms: Terms
    historical: bool
    state: State = State.MADE
    version: int = 1
    completed_at: datetime | None = None
    assigned_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Make:
    """Make a promise to a customer."""

    promise_id: str
    customer_id: str
    kind: str
    what: str
    made_at: datetime
    due: datetime
    requested_due: datetime | None
    tolerance_s: int
    terms: Terms


@dataclass(frozen=True, slots=True)
class Revise:
    """Give a new date; it moves the held date only if `asked_by_customer` or `agreed`."""

    promise_id: str
    due: datetime
    asked_by_customer: bool
    agreed: bool
    reason: str
    expected_version: int | None = None
    public_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Withdraw the promise."""

    promise_id: str
    reason: str
    expected_version: int | None = None
    public_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Settle:
    """Record how the promise ended; `verdict` is kept, broken or disputed."""

    promise_id: str
    verdict: State
    completed_at: datetime | None
    settled_at: datetime | None
    expected_version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One entry of a promise's history, made at business time `at`. The customer may be told only `public_reason`."""

    promise_id: str
    version: int
    kind: ChangeKind
    at: datetime
    due: datetime | None = None
    held_due: datetime | None = None
    asked_by_customer: bool | None = None
    agreed: bool | None = None
    reason: str | None = None
    verdict: State | None = None
    completed_at: datetime | None = None
    public_reason: str | None = None
    deliverer: str | None = None
    accepted: bool | None = None
