"""A batch whose sender gave up fails in silence: nobody gets a traceback of asyncio's about it."""

from __future__ import annotations

import asyncio
import gc
from typing import Any

from candor.contracts import Record
from candor.messaging.link import Link
from candor.messaging.producer import Producer
from candor.messaging.topics import ensure_topics, topic_name
from tests.support.kafka_proxy import KafkaProxy
from tests.support.ledger.book import settings_for


async def test_a_batch_that_nobody_waits_for_any_more_is_not_said_at_the_stop(kafka: str, topic_prefix: str) -> None:
    said: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: said.append(context))
    try:
        producer = await left_alone(kafka, topic_prefix)
        # The broker is away: this batch is never acknowledged, and whoever sent it does not look any more.
        await send(producer, topic_name(topic_prefix, "pulses"))
        await producer.close(0.1)
        gc.collect()
        await asyncio.sleep(0)
    finally:
        asyncio.get_running_loop().set_exception_handler(None)
    assert [context["message"] for context in said if "never retrieved" in context["message"]] == []


async def test_what_nobody_waits_for_any_more_in_the_queue_is_not_said_either(kafka: str, topic_prefix: str) -> None:
    producer = await left_alone(kafka, topic_prefix)
    for _ in range(2):
        # asyncio.shield, behind which aiokafka keeps the future of a batch, no longer looks once it is cancelled.
        (await send(producer, topic_name(topic_prefix, "pulses"))).cancel()
    # aiokafka keeps the queue alive for a while, so what asyncio would say once it is gone is asked of the futures.
    queue = producer._producer._message_accumulator
    (behind,) = [batch for batches in queue._batches.values() for batch in batches]
    (under_way,) = queue._pending_batches
    await producer.close(0.1)
    left = [behind.future, behind._drain_waiter, under_way.future]
    assert all(one.done() for one in left)
    await asyncio.sleep(0)
    assert not any(one._log_traceback for one in left)


async def left_alone(kafka: str, topic_prefix: str) -> Producer:
    """A producer that has sent, and whose broker is away now."""
    proxy = KafkaProxy(kafka)
    async with proxy.running():
        settings = settings_for(proxy.servers, topic_prefix)
        await ensure_topics(settings)
        producer = Producer(Link(settings), "unheard")
        await producer.start()
        await (await send(producer, topic_name(topic_prefix, "pulses")))
    return producer


async def send(producer: Producer, topic: str) -> asyncio.Future[Any]:
    batch = producer.batch()
    batch.add(Record(key=b"k", value=b"{}", headers=[]))
    return await producer.send(topic, 0, batch)
