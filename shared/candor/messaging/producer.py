"""Candor's only producer: idempotent, kept through outages, and closed within a deadline in any case."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Sequence
from typing import Any, Final

import structlog
from aiokafka.errors import KafkaError, KafkaTimeoutError, ProducerClosed

from candor.contracts import Record
from candor.messaging.connecting import uncut
from candor.messaging.link import Link
from candor.records.wire import LARGEST_BATCH, PackedBatch

_log: Final = structlog.get_logger("candor.producer")

LARGEST_RECORD: Final = 1_000_000
"""Bytes; below Kafka's default `max.message.bytes`, so that an oversized record is detected before it is sent."""
START_SECONDS: Final = 20.0
_HEADER_BYTES: Final = 100


class Batch:
    """Records of one topic and partition that travel together."""

    def __init__(self, builder: Any, limit: int) -> None:
        self._builder = builder
        self._limit = limit
        self.count = 0

    def add(self, record: Record) -> bool:
        """Append `record`, stamped with the system clock; return False if it does not fit (a first one always fits)."""
        if self.count >= self._limit:
            return False
        stamp = int(time.time() * 1000)
        if self._builder.append(timestamp=stamp, key=record.key, value=record.value, headers=record.headers) is None:
            return False
        self.count += 1
        return True

    def close(self) -> Any:
        """Return the builder, closed for further records."""
        self._builder.close()
        return self._builder


class Producer:
    """One connection of an idempotent producer; replace it after an error result.

    An unreachable broker is not an error result: batches wait inside and go out when it returns, without duplicates.
    """

    def __init__(self, link: Link, client_id: str) -> None:
        self._link = link
        self._producer = link.producer(
            client_id=client_id,
            acks="all",
            enable_idempotence=True,
            linger_ms=0,
            request_timeout_ms=5_000,
            max_batch_size=LARGEST_BATCH,
            max_request_size=2 * LARGEST_BATCH,
        )

    async def start(self) -> None:
        """Connect; raises KafkaError, OSError or TimeoutError while the broker is away, and is then unusable."""
        try:
            await asyncio.wait_for(uncut(self._producer.start()), START_SECONDS)
        except BaseException:
            await self.close(1.0)
            raise

    def batch(self, limit: int = 1_000_000) -> Batch:
        """Return an empty batch for at most `limit` records and LARGEST_BATCH bytes."""
        return Batch(self._producer.create_batch(), limit)

    async def send(self, topic: str, partition: int, batch: Batch | PackedBatch) -> asyncio.Future[Any]:
        """Queue `batch` behind earlier ones of its topic and partition; the returned future is its acknowledgement.

        Waits as long as an outage lasts. A future that fails, or a KafkaError raised here, is an error result.
        """
        builder = batch.close()
        while True:
            # No free slot in the queue for 5 s means that the broker is away; the batch was not queued, so try again.
            with contextlib.suppress(KafkaTimeoutError):
                future: asyncio.Future[Any] = await self._producer.send_batch(builder, topic, partition=partition)
                # Whoever waited may have given up by then; asyncio would log that nobody looked, with a traceback.
                future.add_done_callback(_seen)
                return future

    async def reachable(self) -> bool:
        """Whether the broker answers a new client, so that silence towards this producer is the producer's fault."""
        admin = self._link.admin(request_timeout_ms=3_000)
        try:
            await asyncio.wait_for(uncut(admin.start()), 4)
        except (KafkaError, OSError, TimeoutError):
            return False
        finally:
            await admin.close()
        return True

    async def close(self, seconds: float = 5.0) -> bool:
        """Send what is queued and end; after `seconds` drop the rest, and its waiters get ProducerClosed.

        aiokafka's own stop() waits for an absent broker for ever and leaves its sender running (#1101): it would send
        old batches behind newer ones when the broker returns. Returns False if any part of it is still running.
        """
        stop = asyncio.ensure_future(self._producer.stop())
        await asyncio.wait({stop}, timeout=seconds)
        if not stop.done():
            sender = self._producer._sender.sender_task
            hang_up = asyncio.ensure_future(self._producer.client.close())
            await asyncio.wait({hang_up}, timeout=2)
            if sender is not None:
                sender.cancel()
            queue = self._producer._message_accumulator
            waiting = [batch for batches in queue._batches.values() for batch in batches]
            for batch in (*waiting, *queue._pending_batches):
                # Whoever waited for it, or for the place behind it, may have given up: asyncio would log an error.
                batch.future.add_done_callback(_seen)
                batch._drain_waiter.add_done_callback(_seen)
            queue.fail_all(ProducerClosed())
            _, left = await asyncio.wait({stop, hang_up}, timeout=7)
            if left:
                return False
        if not stop.cancelled() and stop.exception() is not None:
            _log.info("producer ended with an error", reason=repr(stop.exception()))
        return True


def _seen(future: asyncio.Future[Any]) -> None:
    if not future.cancelled():
        future.exception()


def size(record: Record) -> int:
    """Return an upper bound of the bytes that `record` takes in a batch."""
    headers: Sequence[tuple[str, bytes]] = record.headers
    return _HEADER_BYTES + len(record.key) + len(record.value) + sum(10 + 2 * len(n) + len(v) for n, v in headers)


def fits(record: Record) -> bool:
    """Whether `record` is small enough for all our topics; counts the headers only where they could matter."""
    return len(record.value) < LARGEST_RECORD // 2 or size(record) <= LARGEST_RECORD
