"""The handlers of the five consumers, given records as a worker gives them: by lease, decoded, in one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from candor.contracts.golden import Example
from candor.contracts.topics import GROUPS
from candor.messaging.limits import Limits
from candor.messaging.planning import OwnedPartition, private, read
from candor.messaging.transaction import Batch, Handler, TransactionRunner
from candor.records.partitioner import partition_of
from candor.store.db import Database
from candor.store.lease import Leases
from candor.store.migrate import upgrade
from candor.store.unit_of_work import unit_of_work
from delivery_svc import wiring as delivery
from delivery_svc.handlers import PromisesHandler
from notify_svc import wiring as notify
from notify_svc.compose.house import Houses
from notify_svc.delivery import switches
from notify_svc.domain.facts import Rules
from notify_svc.handlers import NotifyHandler
from notify_svc.service.speaker import Speaker
from promise_svc import wiring as promise
from promise_svc.handlers import AnswersHandler
from risk_svc import wiring as risk
from risk_svc.forecasting.live import PublishedModel
from risk_svc.insight.handlers import InsightHandler
from risk_svc.worker.handlers import RiskHandler
from tests.support.clocks import ManualClock
from tests.support.notify import REACH
from tests.support.servers import Prepare

PARTITIONS = 4


def _schema(folder: Path) -> Prepare:
    async def prepare(url: str) -> None:
        await upgrade(url, folder)

    return prepare


SCHEMAS = {
    "promise-svc": _schema(promise.MIGRATIONS),
    "delivery-svc": _schema(delivery.MIGRATIONS),
    "risk-svc": _schema(risk.MIGRATIONS),
    "risk-svc-insight": _schema(risk.MIGRATIONS),
    "notify-svc": _schema(notify.MIGRATIONS),
}
CONSUMERS = tuple(SCHEMAS)
PROCESSES = {group: process for process, group in GROUPS.items()}
"""The process that reads in each group, as topic cards name it."""


def handler_of(consumer: str, clock: ManualClock) -> Handler:
    """The handler that the service's worker runs."""
    if consumer == "promise-svc":
        return AnswersHandler()
    if consumer == "delivery-svc":
        return PromisesHandler()
    if consumer == "risk-svc":
        return RiskHandler(PublishedModel(), clock, system=clock)
    if consumer == "risk-svc-insight":
        return InsightHandler()
    return NotifyHandler(Speaker(REACH, Rules(), Houses()), clock, lambda _: 0.0)


class FetchedRecord(NamedTuple):
    """A record as Kafka's client hands it over."""

    offset: int
    key: bytes | None
    value: bytes | None
    timestamp: int
    headers: Sequence[tuple[str, bytes]]


@dataclass
class Consumer:
    """One consumer that holds the leases of all partitions of its group."""

    name: str
    database: Database
    handler: Handler
    owned: dict[int, OwnedPartition] = field(default_factory=dict)
    _turns: TransactionRunner = field(init=False)
    _ends: Counter[tuple[str, int]] = field(default_factory=Counter)

    async def begin(self) -> None:
        """Empty the database, take the leases over and let the handler load them."""
        emptied = "; ".join(f'DELETE FROM "{table}"' for table in await self._tables())
        await self.database.pool.execute(emptied)
        self._turns = TransactionRunner(self.database, self.name, self.handler, Limits(), lambda: None)
        if self.name == "notify-svc":
            async with unit_of_work(self.database) as uow:
                await switches.begin(uow, sending=True)
        for claim in (await Leases(self.database, self.name, PARTITIONS, "test").renew()).acquired:
            own = self.owned[claim.partition] = OwnedPartition(
                partition=claim.partition, epoch=claim.epoch, offsets=claim.offsets
            )
            assert await self._turns.reload(own)

    async def take(self, *examples: Example) -> None:
        """Each example in a turn of its own; those of broadcast topics to every partition."""
        for example in examples:
            await self._turns.run(self.owned, self._batch(example), tick=False, holes={})

    async def tick(self) -> None:
        """A turn in which only time passes."""
        await self._turns.run(self.owned, {number: [] for number in self.owned}, tick=True, holes={})

    async def reload(self) -> None:
        """What is in memory is read again from the rows."""
        for own in self.owned.values():
            assert await self._turns.reload(own)

    async def turned_away(self) -> set[tuple[str, str]]:
        """(subject, reason) of what lies among the dead letters."""
        rows = await self.database.pool.fetch("SELECT subject, reason FROM dead_letter")
        return {(row["subject"], row["reason"]) for row in rows}

    async def rows(self) -> dict[str, list[dict[str, Any]]]:
        """All rows of all tables, without what the database's own clock writes."""
        return {table: await self._content(table) for table in await self._tables() if table not in ("lease", "member")}

    async def _tables(self) -> list[str]:
        found = await self.database.pool.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return sorted({row["tablename"] for row in found} - {"alembic_version"})

    async def _content(self, table: str) -> list[dict[str, Any]]:
        times = {"created_at", "changed_at", "seen_at", "next_try_at", "published_at", "words_since"}
        # `matter` is the `born` of another row.
        volatile = times | {"id", "seq", "xid", "born", "matter"}
        rows = await self.database.pool.fetch(f'SELECT * FROM "{table}"')
        kept = [{name: value for name, value in row.items() if name not in volatile} for row in rows]
        return sorted(kept, key=repr)

    def _batch(self, example: Example) -> Batch:
        wide = example.topic in self.handler.broadcast
        home = 0 if wide else partition_of(example.record.key, PARTITIONS)
        offset = self._ends[example.topic, home]
        self._ends[example.topic, home] += 1
        record = FetchedRecord(offset, example.record.key, example.record.value, 0, example.record.headers)
        piece = read(example.topic, [record])
        return {number: [private(piece)] for number in (self.owned if wide else [home])}
