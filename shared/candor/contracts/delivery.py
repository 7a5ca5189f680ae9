"""Events of delivery-svc: milestones (key customer id) and incidents (key incident id)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

import msgspec

from candor.contracts.envelope import Event
from candor.contracts.promise import Dependency


class MilestoneStatus(StrEnum):
    """What became of a step of the work; `paused`: it waits for the customer, `resumed`: it no longer does."""

    PLANNED = "planned"
    STARTED = "started"
    REACHED = "reached"
    REDATED = "redated"
    MISSED = "missed"
    CANCELLED = "cancelled"
    PAUSED = "paused"
    RESUMED = "resumed"


class IncidentStatus(StrEnum):
    """Where an incident stands."""

    OPENED = "opened"
    CHANGED = "changed"
    RESOLVED = "resolved"


class DeliveredShare(msgspec.Struct, frozen=True, gc=False):
    """How much of a scope item has been delivered by the time of the report, in [0, 1]; not what this step added."""

    item: str
    share: float


class MilestoneReported(Event, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """A step of a promise's delivery, as a field system reported it, matched to its promise.

    `at` is when it happened (business time); `planned` the new plan where there is one, of a `paused` step when its
    clock runs again at the latest. `final`: the step completes the promise (`reached`) or ends it undone (`cancelled`,
    `missed`). `source_event` is the sender's own event id.
    `delivered` names scope items of the promise; of several reports of an item, the one with the latest `at` stands.
    `reason` is internal; only `public_reason` may be told to the customer. `correction`: ends reported for up to `at`
    no longer count; None: written before it was said, then a report that opens a finished step is one.
    """

    TYPE: ClassVar[str] = "candor.milestone.reported.v1"
    TOPIC: ClassVar[str] = "milestones"
    AGGREGATE: ClassVar[str] = "promise_id"

    promise_id: str
    customer_id: str
    milestone: str
    status: MilestoneStatus
    at: datetime
    source: str
    source_event: str
    planned: datetime | None = None
    final: bool = False
    reason: str | None = None
    delivered: list[DeliveredShare] = []
    public_reason: str | None = None
    correction: bool | None = None


class StepReport(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """One report of a step, as in MilestoneReported; `known` is when it was said."""

    status: MilestoneStatus
    at: datetime
    known: datetime
    source_event: str
    planned: datetime | None = None
    final: bool = False
    reason: str | None = None
    public_reason: str | None = None
    correction: bool | None = None


class RestatedStep(msgspec.Struct, frozen=True, gc=False):
    """A step and all reports of it that count, in the order in which they were passed on; none: it has none."""

    milestone: str
    reports: list[StepReport]


class RestatedItem(msgspec.Struct, frozen=True, gc=False):
    """A scope item: the share that stands and its time; both None if nobody reported it."""

    item: str
    share: float | None
    at: datetime | None


class MilestonesRestated(Event, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """Reports were taken back, as they are about another promise: what the steps they were of are without them.

    Steps and items that are not named stay as they are. `reporters` are the newest senders of all reports left, the
    last one last.
    """

    TYPE: ClassVar[str] = "candor.milestones.restated.v1"
    TOPIC: ClassVar[str] = "milestones"
    AGGREGATE: ClassVar[str] = "promise_id"

    promise_id: str
    customer_id: str
    steps: list[RestatedStep]
    items: list[RestatedItem] = []
    reporters: list[str] = []


class IncidentReported(Event, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """Trouble that hits what promises depend on; the whole picture each time, so the newest version stands alone.

    `severity` in (0, 1]: the share of a promise's delivery that is at stake while it lasts. `title` and `category` are
    internal; only `public_title` may be told to customers.
    """

    TYPE: ClassVar[str] = "candor.incident.reported.v1"
    TOPIC: ClassVar[str] = "incidents"
    AGGREGATE: ClassVar[str] = "incident_id"

    incident_id: str
    status: IncidentStatus
    severity: float
    category: str
    title: str
    affects: list[Dependency]
    opened_at: datetime
    source: str
    source_event: str
    expected_end: datetime | None = None
    resolved_at: datetime | None = None
    public_title: str | None = None
