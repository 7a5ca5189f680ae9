"""What the risk tests are made of: promises to deliver a flight's passengers, and what becomes of them."""

from __future__ import annotations

import math
import random
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from candor.contracts import (
    AskedBy,
    CustomerErased,
    DeliveredShare,
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
    PromiseAssigned,
    PromiseMade,
    PromiseRevised,
    PromiseSettled,
    PromiseWithdrawn,
    Statement,
    Verdict,
    message,
)
from candor.messaging.transaction import Work
from candor.records.partitioner import partition_of
from candor.store.db import Database
from candor.store.eraser import Eraser
from candor.store.migrate import upgrade
from candor.store.unit_of_work import unit_of_work
from risk_svc.domain.fold import FoldOutcome, fold
from risk_svc.domain.predictions import Prediction
from risk_svc.domain.state import PromiseState
from risk_svc.forecast.serialization import model_bytes
from risk_svc.forecast.view import Entry
from risk_svc.forecasting.live import PublishedModel
from risk_svc.forecasting.snapshots import pictures
from risk_svc.store import erasures
from risk_svc.training.timeline import Timeline
from risk_svc.wiring import MIGRATIONS
from risk_svc.worker.handlers import RiskHandler

MADE = datetime(2013, 2, 5, 6, tzinfo=UTC)
DEPARTS = MADE + timedelta(hours=12)
ARRIVES = DEPARTS + timedelta(hours=3)
DUE = ARRIVES + timedelta(minutes=15)
MADE_S, DEPARTS_S, ARRIVES_S, DUE_S = (at.timestamp() for at in (MADE, DEPARTS, ARRIVES, DUE))
PARTITIONS = 4
EWR = Dependency("site", "EWR")
M = timedelta(minutes=1)


def prediction(**changes: Any) -> Prediction:
    """A forecast of a promise that is likely to slip, from many similar ones."""
    likely = Prediction(
        p_slip=0.83,
        q50=DUE_S + 2520,
        q80=DUE_S + 5000,
        q90=math.inf,
        lateness=0.6,
        horizon=3600.0,
        base=0.3,
        n=412,
        basis="flight, after departed",
        model=7,
    )
    return replace(likely, **changes)


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
            PromiseMade(promise_id=self.promise_id, customer_id=self.customer_id, **values | fields),
            at or self.start,
            historical,
        )

    def revised(self, due: datetime, *, held: bool = True, why: str = "crew") -> Message:
        data = PromiseRevised(
            self.promise_id, self.customer_id, due, due if held else DUE + self.shift, AskedBy.COMPANY, held, why
        )
        return self._next(data, self.start)

    def assigned(self, deliverer: str, *, accepted: bool, due: datetime | None = None) -> Message:
        return self._next(PromiseAssigned(self.promise_id, self.customer_id, deliverer, accepted, due), self.start)

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
        public_reason: str | None = None,
        correction: bool | None = None,
        said: datetime | None = None,
    ) -> Message:
        delay = late if isinstance(late, timedelta) else late * M
        when = at or {"departed": DEPARTS, "arrived": ARRIVES}.get(name, DEPARTS) + self.shift + delay
        number = self._versions.get("milestones", 0) + 1
        data = MilestoneReported(
            promise_id=self.promise_id,
            customer_id=self.customer_id,
            milestone=name,
            status=status,
            at=when,
            source="field",
            source_event=f"f-{self.promise_id}-{number}",
            planned=planned,
            final=final or name == "arrived",
            reason=reason,
            delivered=[DeliveredShare(item, share) for item, share in (delivered or {}).items()],
            public_reason=public_reason,
            correction=correction,
        )
        return self._next(data, said or when, historical)

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
            notice_id=notice_id,
            promise_id=self.promise_id,
            customer_id=self.customer_id,
            episode=1,
            statement=statement,
            state=state,
            at=at,
            reason="p_slip",
            told_low=DUE,
            told_high=DUE + 30 * M,
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
        incident_id=incident_id,
        status=status,
        severity=severity,
        category="snow",
        title="Snow at EWR",
        affects=list(affects),
        opened_at=opened,
        source="weather",
        source_event=f"w{version}",
        expected_end=ends,
        resolved_at=resolved,
    )
    return message(f"{incident_id}.{version}", "delivery-svc", resolved or opened, incident_id, version, data)


def erased(customer_id: str = "c1", version: int = 1, at: datetime = DUE) -> Message:
    return message(f"erased.{version}", "promise-svc", at, customer_id, version, CustomerErased(customer_id))


def again(item: Message, version: int) -> Message:
    """The same message with another version."""
    e, d = item.envelope, item.data
    return message(f"{e.id}.again", e.source, e.time, e.key, version, d, historical=e.historical)


def flight(number: int, late: float | None, start: datetime) -> list[Message]:
    """All messages of a flight that left and arrived `late` minutes after plan; None: it never came."""
    story = Story(f"past{number}", f"past{number}", start=start)
    steps = [] if late is None else [story.milestone(name, late) for name in ("departed", "arrived")]
    return [story.made(), *steps]


def flights(count: int, seed: int = 1, ends: datetime = MADE - timedelta(days=1)) -> list[Message]:
    """Flights half an hour apart, the last made at `ends`: seven in ten are in time, the others an hour late."""
    rng = random.Random(seed)
    late = [max(-20.0, rng.gauss(60, 15) if rng.random() < 0.3 else rng.gauss(0, 6)) for _ in range(count)]
    lives = [flight(n, late[n], ends - (count - n) * 30 * M) for n in range(count)]
    return [item for life in lives for item in life]


def entries(messages: Iterable[Message]) -> list[Entry]:
    """What the journal keeps of messages about promises, in order."""
    states: dict[str, PromiseState] = {}
    found: list[Entry] = []
    for item in messages:
        state = states.setdefault(
            item.envelope.subject, PromiseState(promise_id=item.envelope.subject, customer_id=item.envelope.key)
        )
        assert fold(state, item.envelope, item.data) is FoldOutcome.APPLIED
        found += pictures(state, item.envelope.time.timestamp())
    return found


@cache
def taught_body(count: int) -> bytes:
    """The model that has seen so many flights, as it is published; a second or two for 800."""
    course = Timeline()
    course.take(entries(flights(count)))
    course.close(MADE_S)
    return model_bytes(course.engine.model)


def taught_by(count: int = 800) -> PublishedModel:
    """A forecaster of its own that has seen so many flights."""
    model = PublishedModel()
    model.take(taught_body(count))
    return model


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
                more = await self.handler.load(connection, number, first=True)
                while more:
                    more = await self.handler.load(connection, number, first=False)

    async def take(self, *messages: Message, tick: bool = False) -> list[Message]:
        """One transaction with these messages; what it published."""
        async with unit_of_work(self.database) as uow:
            await self.handler.apply(uow, works(messages), tick=tick)
            fresh = list(uow._messages)
            self.rejected += [(item.message.envelope.id, item.reason) for item in uow.rejected]
        self.emitted += fresh
        return fresh

    async def end_erasures(self, most: int = 0) -> None:
        """All that erasures have left to do, a few rows a transaction."""
        await Eraser(self.database, erasures.work(most)).clear()

    async def go_on(self) -> list[Message]:
        """One transaction of what earlier messages left to do; what it published."""
        async with unit_of_work(self.database) as uow:
            await self.handler.go_on(uow, list(self.handler.busy))
            fresh = list(uow._messages)
        self.emitted += fresh
        return fresh

    async def rows(self, query: str, *arguments: Any) -> list[dict[str, Any]]:
        return [dict(row) for row in await self.database.pool.fetch(query, *arguments)]


def works(messages: Iterable[Message]) -> list[Work]:
    """Messages as the consumer hands them over: by partition, incidents and capabilities to every one."""
    parts: dict[int, list[Message]] = {number: [] for number in range(PARTITIONS)}
    for item in messages:
        if item.data.TOPIC in ("incidents", "capabilities"):
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
