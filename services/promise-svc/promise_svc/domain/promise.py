"""A promise in the ledger, the commands about it, and the change that each made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

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
    """The content of a promise other than its dates; what was said stays. `value` in `currency` units, at least 0."""

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


class Stated(NamedTuple):
    """A date as a system that tells states had it at `at`: the one that stood already, so that it was no change."""

    at: datetime
    due: datetime
    asked_by_customer: bool
    agreed: bool
    reason: str
    public_reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """A promise with its four dates, none ever overwriting another (definitions: d0 is `first`, e is `held`).

    `latest_at` and `held_at` are when those dates were given, `newest_at` when the newest statement about it was said,
    None while there is none or it is not known. `assigned_at` is when the hand-off was requested that its deliverer
    follows. `first_at` is when the first date was said by who tells states, None where it was said to be the first;
    `states` are the newest that changed nothing, which one of before may yet make a change.
    `version` counts from 1 without gaps.
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
    newest_at: datetime | None = None
    first_at: datetime | None = None
    states: tuple[Stated, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """Some fields of a promise, as JSON. `read` makes the promise of all of them, made at a time unless they say when.

    `reported`: another system says so, at a time of its own; else one of our own users does, now. `if_new`: a promise
    that there is already stays as it is.
    """

    promise_id: str
    fields: Mapping[str, Any]
    read: Callable[[Mapping[str, Any], datetime], Make]
    reported: bool = True
    if_new: bool = False

    @property
    def customer_id(self) -> str:
        """The customer, "" if it names none."""
        return str(self.fields.get("customer_id") or "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Make:
    """Make a promise to a customer; `outline`: what another system said of it, for a draft that there may be.

    `if_new`: one that there is already stays as it is. `made_now`: nobody said when it was made.
    """

    promise_id: str
    customer_id: str
    kind: str
    what: str
    made_at: datetime
    due: datetime
    requested_due: datetime | None
    tolerance_s: int
    terms: Terms
    outline: Outline | None = None
    if_new: bool = False
    made_now: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Revise:
    """Give a new date; it moves the held date only if `asked_by_customer` or `agreed`.

    `reported`: another system says so, at a time of its own; else one of our own users does, now. `if_moved`: it says
    which date there is, not that it moved, and changes nothing if that date stands already.
    """

    promise_id: str
    due: datetime
    asked_by_customer: bool
    agreed: bool
    reason: str
    expected_version: int | None = None
    public_reason: str | None = None
    reported: bool = False
    if_moved: bool = False


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Withdraw the promise; `reported` as in Revise. `asked_by_customer` is None if nobody said whose wish it was."""

    promise_id: str
    reason: str
    expected_version: int | None = None
    public_reason: str | None = None
    reported: bool = False
    asked_by_customer: bool | None = None


@dataclass(frozen=True, slots=True)
class Settle:
    """Record how the promise ended; `verdict` is kept, broken or disputed; `reported` as in Revise."""

    promise_id: str
    verdict: State
    completed_at: datetime | None
    settled_at: datetime | None
    expected_version: int | None = None
    reported: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One entry of a promise's history, made at business time `at`. The customer may be told only `public_reason`.

    `said_at` is its place among the others, None: `at`. `known_due` is the promised date that was known to the user who
    gave a verdict, None where another system did. `stated`: a system that tells states said which date there is.
    Not `in_effect`: said after the end. `judged`: what a verdict comes to by the date held, where that is another one.
    """

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
    said_at: datetime | None = None
    known_due: datetime | None = None
    stated: bool = False
    in_effect: bool = True
    judged: State | None = None
