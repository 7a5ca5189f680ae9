"""Events to and from the topics, in the records that services themselves write."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Final, Self

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from candor.contracts import TOPICS, Message, encode
from candor.messaging.topics import topic_name
from candor.records.partitioner import partition_of

SUBJECT: Final = "ce_subject"
LARGEST: Final = 4 * 2**20


class Feed:
    """Sends events as the relay would: same bytes, same partition."""

    def __init__(self, bootstrap: str, prefix: str, partitions: int) -> None:
        self.bootstrap = bootstrap
        self.prefix = prefix
        self.partitions = partitions
        self._producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", linger_ms=1)

    async def start(self) -> None:
        await self._producer.start()

    async def close(self) -> None:
        await self._producer.stop()

    async def send(self, messages: Iterable[Message]) -> None:
        """Return once the broker has all of them, in this order."""
        sent = []
        for item in messages:
            record, card = encode(item), TOPICS[item.data.TOPIC]
            place = partition_of(record.key, self.partitions if card.shared_layout else 1)
            name = topic_name(self.prefix, card.name)
            sent.append(await self._producer.send(name, record.value, record.key, place, headers=record.headers))
        await asyncio.gather(*sent)


class Gaps:
    """What risk-svc says of promises, read from the end of its topic inside `async with`.

    `heard` are the promises with a gap since `forget`, `largest` is the size of the largest event in bytes.
    """

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self.heard: set[str] = set()
        self.largest = 0
        self._waiting: dict[str, asyncio.Event] = {}
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=feed.bootstrap, isolation_level="read_committed", max_partition_fetch_bytes=LARGEST
        )
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self._consumer.start()
        name = topic_name(self._feed.prefix, "gaps")
        places = [TopicPartition(name, number) for number in range(self._feed.partitions)]
        self._consumer.assign(places)
        ends = await self._consumer.end_offsets(places)
        for place, offset in ends.items():
            self._consumer.seek(place, offset)
        self._task = asyncio.create_task(self._read())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        await self._consumer.stop()

    def forget(self) -> None:
        """Count from now on."""
        self.heard.clear()
        self.largest = 0

    async def of(self, promise_id: str) -> None:
        """Return once the promise has a gap."""
        if promise_id not in self.heard:
            await self._waiting.setdefault(promise_id, asyncio.Event()).wait()

    async def all_of(self, names: Sequence[str]) -> None:
        """Return once every one of them has a gap."""
        for name in names:
            await self.of(name)

    async def _read(self) -> None:
        while True:
            found = await self._consumer.getmany(timeout_ms=50, max_records=5_000)
            for records in found.values():
                for record in records:
                    name = next(value.decode() for key, value in record.headers if key == SUBJECT)
                    self.heard.add(name)
                    self.largest = max(self.largest, len(record.value))
                    if name in self._waiting:
                        self._waiting.pop(name).set()
            await asyncio.sleep(0)
