"""A handler that keeps a ledger of effects and never dedupes them: only the delivery loop is on trial."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import asyncpg

from candor.contracts import (
    IncidentReported,
    IncidentStatus,
    Message,
    MilestoneReported,
    MilestoneStatus,
    PromiseWithdrawn,
    Record,
    encode,
    message,
)
from candor.messaging.link import Link
from candor.messaging.topics import ensure_topics, topic_name
from candor.messaging.transaction import NothingLeft, Work
from candor.ops.settings import Settings
from candor.records.partitioner import partition_of
from candor.store import audit, erasing, layout, replaying, review_aside, suspects
from candor.store.migrate import create_foundation
from candor.store.unit_of_work import UnitOfWork
from tests.support.servers import Databases

NOON = datetime(2026, 3, 8, 12, tzinfo=UTC)
GROUP = "ledger-svc"

EFFECT = """
CREATE TABLE effect (
  id bigserial PRIMARY KEY, partition int, topic text, subject text, version int, remembered int, event text)"""


class LedgerSettings(Settings):
    service: str = GROUP
    port: int = 0


def settings_for(kafka: str, prefix: str, partitions: int = 4) -> LedgerSettings:
    return LedgerSettings(kafka_bootstrap_servers=kafka, topic_prefix=prefix, partitions=partitions)


class _Statements:
    """Stands where Alembic's operations stand, to run the foundation without a service's migrations."""

    def __init__(self) -> None:
        self.all: list[str] = []

    def execute(self, statement: str) -> None:
        self.all.append(statement)


async def prepare(url: str) -> None:
    """The foundation and the table of effects, in an empty database."""
    statements: Any = _Statements()
    create_foundation(statements)
    audit.create(statements)
    erasing.create(statements)
    suspects.create(statements)
    replaying.create(statements)
    layout.create(statements)
    review_aside.create(statements)
    connection = await asyncpg.connect(url)
    try:
        for statement in (*statements.all, EFFECT):
            await connection.execute(statement)
    finally:
        await connection.close()


class LedgerHandler(NothingLeft):
    """Writes one row an event. What it finds in `reason`: `boom` raises, `refuse` rejects, until `mended`."""

    def __init__(
        self, topics: Sequence[str] = ("promises", "milestones"), broadcast: Sequence[str] = (), *, mended: bool = False
    ) -> None:
        self.topics = tuple(topics)
        self.broadcast = tuple(broadcast)
        self.mended = mended
        self.memory: dict[int, dict[tuple[str, str], int]] = {}
        self.loads = 0
        self.ticks = 0
        self.largest = 0

    async def load(self, connection: Any, partition: int, *, first: bool) -> bool:
        rows = await connection.fetch(
            "SELECT topic, subject, max(version) AS version FROM effect WHERE partition = $1 GROUP BY topic, subject",
            partition,
        )
        self.memory[partition] = {(row["topic"], row["subject"]): row["version"] for row in rows}
        self.loads += 1
        return False

    def drop(self, partition: int) -> None:
        self.memory.pop(partition, None)

    async def apply(self, uow: UnitOfWork, work: Sequence[Work], *, tick: bool) -> None:
        self.ticks += tick
        rows: list[tuple[int, str, str, int, int, str]] = []
        for partition, messages in work:
            memory = self.memory[partition]
            self.largest = max(self.largest, len(messages))
            for item in messages:
                if self._refused(uow, item):
                    continue
                envelope, topic = item.envelope, item.data.TOPIC
                remembered = memory.get((topic, envelope.subject), 0)
                memory[topic, envelope.subject] = envelope.version
                rows.append((partition, topic, envelope.subject, envelope.version, remembered, envelope.id))
        if rows:
            columns = [list(column) for column in zip(*rows, strict=True)]
            await uow.connection.execute(_INSERT, *columns)

    def _refused(self, uow: UnitOfWork, item: Message) -> bool:
        if self.mended or not isinstance(item.data, PromiseWithdrawn):
            return False
        if item.data.reason == "boom":
            raise ValueError("a bug of the handler")
        if item.data.reason == "refuse":
            uow.reject(item, "not_open", "the promise is not open")
            return True
        return False


_INSERT = """
INSERT INTO effect (partition, topic, subject, version, remembered, event)
SELECT * FROM unnest($1::int[], $2::text[], $3::text[], $4::int[], $5::int[], $6::text[])"""


def withdrawn(customer: str, promise: str, version: int, reason: str = "") -> Message:
    data = PromiseWithdrawn(promise_id=promise, customer_id=customer, reason=reason)
    return message(f"w-{promise}-{version}", "promise-svc", NOON, customer, version, data)


def milestone(customer: str, promise: str, version: int) -> Message:
    data = MilestoneReported(
        promise_id=promise,
        customer_id=customer,
        milestone="arrived",
        status=MilestoneStatus.REACHED,
        at=NOON,
        source="field",
        source_event=f"e{version}",
    )
    return message(f"m-{promise}-{version}", "delivery-svc", NOON, customer, version, data)


def incident(number: str, version: int) -> Message:
    data = IncidentReported(
        incident_id=number,
        status=IncidentStatus.OPENED,
        severity=0.5,
        category="weather",
        title="Snow",
        affects=[],
        opened_at=NOON,
        source="tower",
        source_event=f"{number}-{version}",
    )
    return message(f"i-{number}-{version}", "delivery-svc", NOON, number, version, data)


class Sender:
    """Appends to the input topics what promise-svc and delivery-svc would, partitioned alike."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.sent: dict[str, tuple[str, str, int]] = {}
        self._producer: Any = None

    async def __aenter__(self) -> Sender:
        await ensure_topics(self.settings)
        self._producer = Link(self.settings).producer(acks="all", enable_idempotence=True, linger_ms=2)
        await self._producer.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._producer.stop()

    async def send(self, items: Iterable[Message]) -> None:
        waiting = []
        for item in items:
            waiting.append(await self._one(item.data.TOPIC, encode(item)))
            self.sent[item.envelope.id] = (item.data.TOPIC, item.envelope.subject, item.envelope.version)
        for future in waiting:
            await future

    async def raw(self, card: str, record: Record) -> None:
        await (await self._one(card, record))

    async def _one(self, card: str, record: Record) -> Any:
        partition = 0 if card == "incidents" else partition_of(record.key, self.settings.partitions)
        name = topic_name(self.settings.topic_prefix, card)
        return await self._producer.send(
            name, value=record.value, key=record.key, headers=record.headers, partition=partition
        )


class Findings(dict[str, list[str]]):
    """What the ledger has against a run: events lost, effects twice, out of order, memory wrong."""

    def summary(self) -> str:
        return ", ".join(f"{name} {len(events)}" for name, events in self.items())


async def judge(url: str, sender: Sender, *, readers: int = 4, without: Iterable[str] = ()) -> Findings:
    """Compare effects with what was sent; a broadcast event has one effect in each of `readers` partitions."""
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch(
            "SELECT partition, topic, subject, version, remembered, event FROM effect ORDER BY id"
        )
    finally:
        await connection.close()
    counted: dict[str, int] = {}
    newest: dict[tuple[int, str, str], int] = {}
    findings = Findings(lost=[], twice=[], inverted=[], forgotten=[])
    for row in rows:
        counted[row["event"]] = counted.get(row["event"], 0) + 1
        place = (row["partition"], row["topic"], row["subject"])
        if row["version"] <= newest.get(place, 0):
            findings["inverted"].append(row["event"])
        if row["remembered"] != newest.get(place, 0):
            findings["forgotten"].append(row["event"])
        newest[place] = max(row["version"], newest.get(place, 0))
    expected = {event: readers if sent[0] == "incidents" else 1 for event, sent in sender.sent.items()}
    for event in without:
        expected[event] = 0
    findings["lost"] = [event for event, amount in expected.items() if counted.get(event, 0) < amount]
    findings["twice"] = [event for event, amount in counted.items() if amount > expected.get(event, 0)]
    return findings


@asynccontextmanager
async def fresh_ledger(databases: Databases) -> AsyncIterator[str]:
    """URL of a database with the ledger's tables, for the length of the block."""
    url = await databases.fresh(prepare)
    try:
        yield url
    finally:
        await databases.drop(url)


async def effects(url: str) -> int:
    connection = await asyncpg.connect(url)
    try:
        return int(await connection.fetchval("SELECT count(*) FROM effect"))
    finally:
        await connection.close()
