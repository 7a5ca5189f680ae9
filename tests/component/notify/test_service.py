"""The whole service on Kafka, PostgreSQL and SMTP: from topics to a mailbox and back to a topic."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest_asyncio
from aiokafka import AIOKafkaProducer

from candor.contracts import Message, NoticeChanged, NoticeState, encode
from candor.local.mailbox.smtp import Faults, listen
from candor.local.mailbox.store import Mailbox, read_ledger
from candor.messaging.topics import ensure_topics, topic_name
from candor.records.origin import Signer
from candor.records.partitioner import partition_of
from notify_svc.settings import NotifySettings
from notify_svc.wiring import build
from tests.support.api import event_keys
from tests.support.notify import LATE, PRIVATE, contact, gap, promise
from tests.support.topics import reading
from tests.support.waiting import until


@dataclass
class Town:
    """Servers, a mailbox and settings for one notify-svc."""

    settings: NotifySettings
    ledger: Path

    async def produce(self, messages: Iterable[Message], signer: Signer | None = None) -> None:
        """Append events to their topics, as the relay does; signed if there is a `signer`."""
        async with AIOKafkaProducer(bootstrap_servers=self.settings.kafka_bootstrap_servers, acks="all") as producer:
            for item in messages:
                record, topic = encode(item), topic_name(self.settings.topic_prefix, item.data.TOPIC)
                record = signer.sign(item.data.TOPIC, record) if signer and item.data.SIGNED else record
                place = partition_of(record.key, self.settings.partitions)
                await producer.send(topic, record.value, record.key, place, headers=record.headers)

    @asynccontextmanager
    async def running(self, **changes: Any) -> AsyncIterator[Any]:
        """The service, in this event loop."""
        app = build(self.settings.model_copy(update=changes))
        async with app.router.lifespan_context(app):
            yield app

    def mails(self) -> list[str]:
        return [mail.recipients[0] for mail in read_ledger(self.ledger)]


@pytest_asyncio.fixture(loop_scope="session")
async def town(kafka: str, postgres: str, topic_prefix: str, tmp_path: Path) -> AsyncIterator[Town]:
    key = tmp_path / "contact.key"
    key.write_bytes(PRIVATE)
    mailbox = Mailbox(tmp_path / "mail.jsonl")
    listening = await listen(mailbox, Faults(), "127.0.0.1", 0)
    mail: dict[str, Any] = {"smtp_port": listening.sockets[0].getsockname()[1]}
    settings = NotifySettings(
        kafka_bootstrap_servers=kafka,
        database_url=postgres,
        database_prefix=f"t{secrets.token_hex(5)}",
        topic_prefix=topic_prefix,
        contact_private_key_file=key,
        expected_processes=("notify-svc",),
        **mail,
    )
    await ensure_topics(settings)
    yield Town(settings, tmp_path / "mail.jsonl")
    listening.close()
    mailbox.close()
    connection = await asyncpg.connect(f"{postgres}/postgres")
    await connection.execute(f'DROP DATABASE IF EXISTS "{settings.database.rpartition("/")[2]}" WITH (FORCE)')
    await connection.close()


def slipping(names: Iterable[str]) -> list[Message]:
    """Promises whose slip has stood for ten minutes, by the real clock."""
    now = datetime.now(UTC)
    due = now + timedelta(hours=3)
    late = msgspec.structs.replace(LATE, p50=due + timedelta(minutes=37), p80=due + timedelta(minutes=76))
    found = []
    for name in names:
        about: dict[str, Any] = {"first_due": due, "latest_due": due, "held_due": due}
        found += [
            gap(1, late, name=name, customer=name, at=now - timedelta(minutes=10), due=due),
            promise(name, name, **about),
            contact(name, email=f"{name}@customer.example"),
        ]
    return found


NAMES = [f"p{number}" for number in range(8)]


async def test_from_topics_to_mailboxes_once_over_restarts_and_repetition(town: Town) -> None:
    events = slipping(NAMES)
    async with town.running():
        await town.produce(events)
        await until(lambda: len(town.mails()) >= len(NAMES))
        async with reading(town.settings.kafka_bootstrap_servers, town.settings.topic_prefix, ["notices"]) as topics:
            await topics.read(lambda: len(topics.records) >= 3 * len(NAMES))
            told = [item.data for item in topics.messages if isinstance(item.data, NoticeChanged)]
    assert [item.state for item in told if item.promise_id == "p3"] == [
        NoticeState.PENDING,
        NoticeState.SENDING,
        NoticeState.SENT,
    ]
    assert all(item.told_low and item.told_high and item.next_update_by for item in told)
    async with town.running() as app:
        await town.produce(events)
        await town.produce(slipping(["p8"]))
        await until(lambda: "p8@customer.example" in town.mails())
        assert not app.state.worker.halted
    assert sorted(town.mails()) == sorted(f"{name}@customer.example" for name in [*NAMES, "p8"])


async def test_a_read_model_emptied_and_read_again_sends_nothing(town: Town) -> None:
    async with town.running():
        await town.produce(slipping(NAMES))
        await until(lambda: len(town.mails()) >= len(NAMES))
        await until(lambda: _all_sent(town))
    connection = await asyncpg.connect(town.settings.database)
    before = await connection.fetch("SELECT promise_id, promise, gap FROM promise ORDER BY promise_id")
    await connection.execute("TRUNCATE promise, customer; UPDATE lease SET offsets = '{}' WHERE grp = 'notify-svc'")
    async with town.running(publishing=False) as app:
        await until(lambda: _count(connection, "promise", len(NAMES)))
        await until(lambda: _count(connection, "customer", len(NAMES)))
        await until(lambda: max(app.state.worker.lag_seconds.values()) < 5)
    assert await connection.fetch("SELECT promise_id, promise, gap FROM promise ORDER BY promise_id") == before
    async with town.running():
        await town.produce(slipping(["p8"]))
        await until(lambda: "p8@customer.example" in town.mails())
    await connection.close()
    assert len(town.mails()) == len(NAMES) + 1


async def test_production_starts_in_preview(town: Town) -> None:
    keys = town.ledger.parent / "keys.json"
    keys.write_text('{"keys": []}')
    known = event_keys(town.ledger.parent)
    signer = Signer(known["event_signing_key_file"])
    public = known["event_public_keys_file"]
    async with town.running(
        environment="production", api_keys_file=keys, mail_sender="us@company.test", event_public_keys_file=public
    ):
        await town.produce(slipping(NAMES[:2]), signer)
        connection = await asyncpg.connect(town.settings.database)
        await until(lambda: _count(connection, "notice", 2))
        states = await connection.fetch("SELECT state, body FROM notice")
        await connection.close()
    assert {row["state"] for row in states} == {"preview"}
    assert all(row["body"] for row in states)
    assert town.mails() == []


async def _count(connection: Any, table: str, wanted: int) -> bool:
    found = await connection.fetchval(f"SELECT count(*) FROM {table}")
    return bool(found == wanted)


async def _all_sent(town: Town) -> bool:
    connection = await asyncpg.connect(town.settings.database)
    try:
        return not await connection.fetchval("SELECT count(*) FROM notice WHERE state <> 'sent'")
    finally:
        await connection.close()
