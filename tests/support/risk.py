"""What the risk tests are made of: promises to deliver a flight's passengers, and what becomes of them."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from candor.contracts import (
    AskedBy,
    CustomerErased,
    Delivered,
    Dependency,
    Event,
    IncidentReported,
    IncidentStatus,
    Message,
    MilestoneReported,
    MilestoneStatus,
    NoticeChanged,
    NoticeState,
    PlannedMilestone,
    PromiseMade,
    PromiseRevised,
    PromiseSettled,
    PromiseWithdrawn,
    Statement,
    Verdict,
    message,
)
from candor.messaging.partitioner import partition_of
from candor.messaging.turn import Work
from candor.store.db import Database
from candor.store.migrate import upgrade
from candor.store.unit_of_work import unit_of_work
from risk_svc.domain.forecast import Case, Outcome
from risk_svc.domain.state import Step, StepStatus
from risk_svc.handlers import RiskHandler
from risk_svc.wiring import MIGRATIONS

MADE = datetime(2013, 2, 5, 6, tzinfo=UTC)
DEPARTS = MADE + timedelta(hours=12)
ARRIVES = DEPARTS + timedelta(hours=3)
DUE = ARRIVES + timedelta(minutes=15)
MADE_S, DEPARTS_S, ARRIVES_S, DUE_S = (at.timestamp() for at in (MADE, DEPARTS, ARRIVES, DUE))
PARTITIONS = 4
EWR = Dependency("site", "EWR")
M = timedelta(minutes=1)


class Story:
    """Messages about one promise, each with the next version of its stream."""

    def __init__(self, promise_id: str = "p1", customer_id: str = "c1", *, start: datetime = MADE) -> None:
        self.promise_id = promise_id
        self.customer_id = customer_id
        self.start = start
        self.shift = start - MADE
        self._versions: dict[str, int] = {}

    def made(self, *, historical: bool = False, at: datetime | None = None, **fields: Any) -> Message:
        values: dict[str, Any] = {
            "kind": "flight",
            "what": "EWR to ORD",
            "made_at": self.start,
            "first_due": DUE + self.shift,
            "latest_due": DUE + self.shift,
            "held_due": DUE + self.shift,
            "labels": {"carrier": "XA", "destination": "ORD", "distance": 719.0},
            "milestones": [
                PlannedMilestone("departed", DEPARTS + self.shift, True),
                PlannedMilestone("arrived", ARRIVES + self.shift),
            ],
            "depends_on": [EWR],
            "value": 120.0,
        }
        return self._next(
            PromiseMade(self.promise_id, self.customer_id, **values | fields), at or self.start, historical
        )

    def revised(self, due: datetime, *, held: bool = True) -> Message:
        data = PromiseRevised(
            self.promise_id, self.customer_id, due, due if held else DUE + self.shift, AskedBy.COMPANY, held, "crew"
        )
        return self._next(data, self.start)

    def withdrawn(self) -> Message:
        return self._next(PromiseWithdrawn(self.promise_id, self.customer_id, "not needed"), self.start)

    def settled(self, verdict: Verdict, completed: datetime | None = None) -> Message:
        return self._next(PromiseSettled(self.promise_id, self.customer_id, verdict, DUE, completed), DUE)

    def milestone(
        self,
        name: str,
        late: timedelta | float = 0,
        *,
        status: MilestoneStatus = MilestoneStatus.REACHED,
        at: datetime | None = None,
        planned: datetime | None = None,
        final: bool = False,
        reason: str | None = None,
        historical: bool = False,
        delivered: dict[str, float] | None = None,
    ) -> Message:
        delay = late if isinstance(late, timedelta) else late * M
        when = at or {"departed": DEPARTS, "arrived": ARRIVES}.get(name, DEPARTS) + self.shift + delay
        number = self._versions.get("milestones", 0) + 1
        data = MilestoneReported(
            self.promise_id, self.customer_id, name, status, when, "field", f"f-{self.promise_id}-{number}", planned,
            final or name == "arrived", reason, [Delivered(item, share) for item, share in (delivered or {}).items()],
        )  # fmt: skip
        return self._next(data, when, historical)

    def notice(
        self,
        statement: Statement = Statement.WARNING,
        state: NoticeState = NoticeState.SENT,
        *,
        version: int = 1,
        notice_id: str = "n1",
        at: datetime = DEPARTS,
    ) -> Message:
        data = NoticeChanged(
            notice_id, self.promise_id, self.customer_id, 1, statement, state, at, "p_slip", DUE, DUE + 30 * M
        )
        return message(f"{notice_id}.{version}", "notify-svc", at, self.customer_id, version, data)

    def _next(self, data: Event, at: datetime, historical: bool = False) -> Message:
        version = self._versions[data.TOPIC] = self._versions.get(data.TOPIC, 0) + 1
        name = f"{data.TOPIC}.{self.promise_id}.{version}"
        return message(name, "test", at, self.customer_id, version, data, historical=historical)


def incident(
    status: IncidentStatus = IncidentStatus.OPENED,
    version: int = 1,
    *,
    incident_id: str = "i1",
    severity: float = 0.6,
    affects: Sequence[Dependency] = (EWR,),
    opened: datetime = MADE + timedelta(hours=10),
    ends: datetime | None = None,
    resolved: datetime | None = None,
) -> Message:
    data = IncidentReported(
        incident_id,
        status,
        severity,
        "snow",
        "Snow at EWR",
        list(affects),
        opened,
        "weather",
        f"w{version}",
        ends,
        resolved,
    )
    return message(f"{incident_id}.{version}", "delivery-svc", resolved or opened, incident_id, version, data)


def erased(customer_id: str = "c1", version: int = 1, at: datetime = DUE) -> Message:
    return message(f"erased.{version}", "promise-svc", at, customer_id, version, CustomerErased(customer_id))


def again(item: Message, version: int) -> Message:
    """The same message with another version."""
    e, d = item.envelope, item.data
    return message(f"{e.id}.again", e.source, e.time, e.key, version, d, historical=e.historical)


def case(
    departed: float | None = None,
    *,
    arrived: float | None = None,
    kind: str = "flight",
    labels: dict[str, str | float | bool] | None = None,
    troubles: Sequence[tuple[float, float | None, float]] = (),
    made: float = MADE_S,
) -> Case:
    """A flight as a forecast sees it; `departed` and `arrived` are minutes late, None if not reached."""
    shift = made - MADE_S
    steps = [Step("departed", DEPARTS_S + shift), Step("arrived", ARRIVES_S + shift, final=True)]
    for step, late in zip(steps, (departed, arrived), strict=True):
        if late is not None and step.planned is not None:
            step.status, step.at = StepStatus.REACHED, step.planned + late * 60
    found = {"carrier": "XA"} if labels is None else labels
    return Case(kind, dict(found), made, DUE_S + shift, 0.0, steps, list(troubles))


def outcome(late: float | None, **fields: Any) -> Outcome:
    """A flight that left and arrived `late` minutes after plan; None: it never came."""
    if late is None:
        lost = case(**fields)
        return Outcome(lost, None, lost.due + 86400)
    done = case(late, arrived=late, **fields)
    completed = done.steps[1].at
    assert completed is not None
    return Outcome(done, completed, completed)


def outcomes(count: int, seed: int = 1, **fields: Any) -> list[Outcome]:
    """Flights of which about three in ten come more than a quarter of an hour late."""
    rng = random.Random(seed)
    return [outcome(max(-20.0, rng.gauss(5, 20)), made=MADE_S + 60 * n, **fields) for n in range(count)]


class Desk:
    """A handler on a real database, fed by hand."""

    def __init__(self, database: Database, handler: RiskHandler) -> None:
        self.database = database
        self.handler = handler
        self.emitted: list[Message] = []
        self.rejected: list[tuple[str, str]] = []

    async def load(self) -> None:
        async with self.database.pool.acquire() as connection:
            for number in range(PARTITIONS):
                self.handler.drop(number)
                await self.handler.load(connection, number)

    async def take(self, *messages: Message, tick: bool = False) -> list[Message]:
        """One transaction with these messages; what it published."""
        async with unit_of_work(self.database) as uow:
            await self.handler.apply(uow, works(messages), tick=tick)
            fresh = list(uow._messages)
            self.rejected += [(item.message.envelope.id, item.reason) for item in uow.rejected]
        self.emitted += fresh
        return fresh

    async def rows(self, query: str, *arguments: Any) -> list[dict[str, Any]]:
        return [dict(row) for row in await self.database.pool.fetch(query, *arguments)]


def works(messages: Iterable[Message]) -> list[Work]:
    """Messages as the consumer hands them over: by partition, incidents to every one."""
    parts: dict[int, list[Message]] = {number: [] for number in range(PARTITIONS)}
    for item in messages:
        if item.data.TOPIC == "incidents":
            for part in parts.values():
                part.append(message_copy(item))
        else:
            parts[partition_of(item.envelope.key.encode(), PARTITIONS)].append(item)
    return [Work(number, part) for number, part in parts.items()]


def message_copy(item: Message) -> Message:
    return Message(item.envelope, item.data)


async def prepare(url: str) -> None:
    """risk-svc's schema, for the template that test databases are copied from."""
    await upgrade(url, MIGRATIONS)


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    database = await Database.open(url, partitions=PARTITIONS)
    try:
        yield database
    finally:
        await database.close()
