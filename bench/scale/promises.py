"""Promises for the scenarios: as events, and as the rows of as many live ones as wanted."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from bench.scale.bulk import filling
from bench.scale.site import Site
from candor.contracts import (
    Dependency,
    Message,
    MilestoneReported,
    MilestoneStatus,
    PlannedMilestone,
    PromiseMade,
    message,
)
from candor.messaging.transaction import Work
from candor.ops.clock import SystemClock
from candor.records.partitioner import partition_of
from candor.store.db import Database
from candor.store.unit_of_work import unit_of_work
from risk_svc.domain.state import PromiseState, to_bytes
from risk_svc.forecasting.live import PublishedModel
from risk_svc.store import states
from risk_svc.worker.handlers import RiskHandler

CUSTOMERS: Final = 2_000
PATTERNS: Final = 40
CHUNK: Final = 5_000


def made(promise_id: str, customer_id: str, place: str = "north", days: float = 5.0, ago: float = 0.0) -> Message:
    """A promise of usual size, made `ago` days ago and due `days` after that, which depends on `place`."""
    at = datetime.now(UTC) - timedelta(days=ago)
    due = at + timedelta(days=days)
    data = PromiseMade(
        promise_id=promise_id,
        customer_id=customer_id,
        kind="install",
        what="Espresso machine installed, water line and training included",
        made_at=at,
        first_due=due,
        latest_due=due,
        held_due=due,
        labels={"region": "north", "crew": "crew-7"},
        milestones=[PlannedMilestone("delivered", None, True), PlannedMilestone("installed", due, True)],
        depends_on=[Dependency("site", place)],
        value=4200.0,
        currency="EUR",
    )
    return message(f"made.{promise_id}", "promise-svc", at, customer_id, 1, data)


def ended(name: str, promise_id: str, customer_id: str, at: datetime, source: str) -> Message:
    """The report, of this name, that ends such a promise."""
    data = MilestoneReported(
        promise_id=promise_id,
        customer_id=customer_id,
        milestone="installed",
        status=MilestoneStatus.REACHED,
        at=at,
        source=source,
        source_event=name,
        final=True,
    )
    return message(name, "delivery-svc", at, customer_id, 1, data)


def customers(partitions: int, partition: int | None = None) -> list[str]:
    """Names of customers, all of one partition if one is given."""
    names = (f"cust-{number}" for number in itertools.count())
    mine = (name for name in names if partition in (None, partition_of(name.encode(), partitions)))
    return list(itertools.islice(mine, CUSTOMERS))


def names(count: int) -> list[str]:
    """The ids of the promises that `live` makes."""
    return [f"live-{number}" for number in range(count)]


async def live(site: Site, count: int, place: str = "north", partition: int | None = None) -> None:
    """Fill risk-svc's database with `count` open promises that its own handler has folded and scored."""
    who = customers(site.partitions, partition)
    patterns = await _patterns(site, min(PATTERNS, count), who, place)
    connection = await site.connect("risk-svc")
    try:
        async with filling(connection, "promise_state"):
            rows = _rows(patterns, count, who, site.partitions)
            while chunk := list(itertools.islice(rows, CHUNK)):
                await states.save(connection, chunk)
        await connection.execute("ANALYZE promise_state")
    finally:
        await connection.close()


def _rows(patterns: Sequence[PromiseState], count: int, who: Sequence[str], partitions: int) -> Iterator[states.Saved]:
    for number, name in enumerate(names(count)):
        customer = who[number % len(who)]
        state = msgspec.structs.replace(patterns[number % len(patterns)], promise_id=name, customer_id=customer)
        yield states.Saved(partition_of(customer.encode(), partitions), state, to_bytes(state), True)


async def _patterns(site: Site, count: int, who: Sequence[str], place: str) -> list[PromiseState]:
    """A few promises through the worker's handler: what it would have saved of each."""
    database = await Database.open(await site.database("risk-svc"), partitions=site.partitions)
    try:
        handler = RiskHandler(PublishedModel(), SystemClock(), publishing=False)
        events = [made(f"live-{number}", who[number % len(who)], place, 5 + number / 2) for number in range(count)]
        parts = {number: Work(number, []) for number in range(site.partitions)}
        for event in events:
            parts[partition_of(event.envelope.key.encode(), site.partitions)].messages.append(event)
        async with database.pool.acquire() as connection:
            for number in parts:
                await handler.load(connection, number, first=True)
        async with unit_of_work(database) as uow:
            await handler.apply(uow, list(parts.values()), tick=False)
        async with database.pool.acquire() as connection:
            found = await states.find(connection, [event.envelope.subject for event in events])
        return list(found.values())
    finally:
        await database.close()
