"""Kafka access for the benches: fill the input topic, watch the output."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Iterator

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from candor.contracts import MilestoneReported
from candor.ops.settings import Settings
from candor.records.partitioner import partition_of

PARTITIONS: int = Settings.model_fields["partitions"].default
"""Of our topics; the baseline's have FEW, at which it is faster than with many."""
FEW = 4
BATCH = 2_000


async def make_topic(bootstrap: str, name: str, partitions: int = PARTITIONS) -> None:
    """Create a topic whose records carry the broker's append time."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        config = {"message.timestamp.type": "LogAppendTime", "retention.ms": "-1"}
        await admin.create_topics([NewTopic(name, partitions, 1, topic_configs=config)])
    finally:
        await admin.close()


def headers(serial: str, at: str, promise: str, version: int) -> list[tuple[str, bytes]]:
    """CloudEvents attributes of an input event; the baseline ignores them but still has to fetch them."""
    return [
        ("ce_specversion", b"1.0"),
        ("ce_id", serial.encode()),
        ("ce_source", b"/delivery-svc"),
        ("ce_type", MilestoneReported.TYPE.encode()),
        ("ce_time", at.encode()),
        ("ce_subject", promise.encode()),
        ("ce_version", str(version).encode()),
    ]


async def fill(
    bootstrap: str, topic: str, events: Iterable[tuple[int, str, str, str, bytes]], partitions: int = PARTITIONS
) -> int:
    """Produce (version, promise, serial, at, value) in order, in batches; returns the number produced."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", max_batch_size=1 << 20, linger_ms=5)
    await producer.start()
    count = 0
    try:
        for chunk in _chunks(events):
            sent = [
                await producer.send(
                    topic,
                    value,
                    promise.encode(),
                    partition_of(promise.encode(), partitions),
                    headers=headers(serial, at, promise, version),
                )
                for version, promise, serial, at, value in chunk
            ]
            await asyncio.gather(*sent)
            count += len(sent)
    finally:
        await producer.stop()
    return count


def _chunks(events: Iterable[tuple[int, str, str, str, bytes]]) -> Iterator[list[tuple[int, str, str, str, bytes]]]:
    chunk: list[tuple[int, str, str, str, bytes]] = []
    for item in events:
        chunk.append(item)
        if len(chunk) == BATCH:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


async def ends(bootstrap: str, topic: str) -> dict[TopicPartition, int]:
    """The end offset of every partition."""
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=bootstrap)
    await consumer.start()
    try:
        return dict(await consumer.end_offsets(consumer.assignment()))
    finally:
        await consumer.stop()


async def count_records(
    bootstrap: str, since: dict[TopicPartition, int], expected: int, patience_s: float = 60.0
) -> tuple[int, float]:
    """(committed records after `since`, seconds from the first one's append to the last one's).

    Reads until there are `expected` records or none arrived for `patience_s`.
    """
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, isolation_level="read_committed")
    await consumer.start()
    first, last, count, heard = 1 << 62, 0, 0, time.monotonic()
    try:
        consumer.assign(list(since))
        for place, offset in since.items():
            consumer.seek(place, offset)
        while count < expected and time.monotonic() - heard < patience_s:
            found = await consumer.getmany(timeout_ms=500)
            for records in found.values():
                heard = time.monotonic()
                count += len(records)
                first, last = min(first, records[0].timestamp), max(last, records[-1].timestamp)
    finally:
        await consumer.stop()
    return count, max(0, last - first) / 1000
