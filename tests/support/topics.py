"""Reading back what is on a topic."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from candor.contracts import TOPICS, Message, decode
from candor.messaging.topics import topic_name


class Topics:
    """Everything on some topics from their beginning, per partition in the order of arrival."""

    def __init__(self, consumer: AIOKafkaConsumer, prefix: str) -> None:
        self._consumer = consumer
        self._prefix = prefix
        self.records: list[ConsumerRecord[Any, Any]] = []

    @property
    def messages(self) -> list[Message]:
        cut = len(self._prefix) + 1
        return [decode(record.topic[cut:], record.headers, record.value) for record in self.records]

    @property
    def ids(self) -> list[str]:
        return [message.envelope.id for message in self.messages]

    async def read(self, enough: Callable[[], bool], *, seconds: float = 60) -> None:
        """Read on until `enough()`; TimeoutError after `seconds`."""
        async with asyncio.timeout(seconds):
            while not enough():
                for records in (await self._consumer.getmany(timeout_ms=100)).values():
                    self.records.extend(records)

    async def read_to_end(self) -> None:
        """Read everything that is there now."""
        ends = await self._consumer.end_offsets(list(self._consumer.assignment()))
        total = sum(ends.values()) - sum((await self._consumer.beginning_offsets(list(ends))).values())
        await self.read(lambda: len(self.records) >= total)


@asynccontextmanager
async def reading(servers: str, prefix: str, cards: Sequence[str], partitions: int = 4) -> AsyncIterator[Topics]:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=servers, enable_auto_commit=False, auto_offset_reset="earliest", fetch_max_wait_ms=50
    )
    await consumer.start()
    try:
        names = [(topic_name(prefix, card), partitions if TOPICS[card].shared_layout else 1) for card in cards]
        consumer.assign([TopicPartition(name, number) for name, count in names for number in range(count)])
        yield Topics(consumer, prefix)
    finally:
        await consumer.stop()


async def create_topic(servers: str, topic: str, partitions: int, **configs: str) -> None:
    """Make a topic with its own configuration, e.g. max.message.bytes (written max_message_bytes)."""
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    try:
        values = {name.replace("_", "."): value for name, value in configs.items()}
        response = await admin.create_topics([NewTopic(topic, partitions, 1, topic_configs=values)])
        assert [error[1] for error in response.topic_errors] == [0]
    finally:
        await admin.close()


def inversions(messages: Sequence[Message]) -> list[tuple[str, int, int]]:
    """First appearances of a subject's versions that came after a higher one."""
    highest: dict[tuple[str, str], int] = {}
    seen: set[tuple[str, str, int]] = set()
    wrong = []
    for message in messages:
        envelope, subject = message.envelope, (message.data.TOPIC, message.envelope.subject)
        if (*subject, envelope.version) in seen:
            continue
        seen.add((*subject, envelope.version))
        if envelope.version <= highest.get(subject, 0):
            wrong.append((envelope.subject, highest[subject], envelope.version))
        highest[subject] = max(highest.get(subject, 0), envelope.version)
    return wrong
