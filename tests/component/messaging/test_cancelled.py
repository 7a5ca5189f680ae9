"""Connecting to Kafka may be cancelled at any moment: no connection stays open that nobody knows of."""

from __future__ import annotations

import asyncio
import gc

import pytest

from candor.messaging.link import Link
from candor.messaging.producer import Producer
from candor.messaging.topics import ensure_topics
from tests.support.foundation import settings_for

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize("milliseconds", [0, 1, 2, 3, 4, 6, 8, 12, 16, 24])
async def test_a_look_at_the_topics_that_is_cancelled_leaves_no_connection(
    kafka: str, topic_prefix: str, milliseconds: int
) -> None:
    looking = asyncio.create_task(
        ensure_topics(settings_for("postgresql://nobody@127.0.0.1:1/none", kafka, topic_prefix))
    )
    await asyncio.sleep(milliseconds / 1000)
    looking.cancel()
    await asyncio.gather(looking, return_exceptions=True)
    # A connection that was forgotten warns when it is collected, and warnings are errors.
    gc.collect()


@pytest.mark.parametrize("milliseconds", [0, 1, 2, 3, 4, 6, 8, 12, 16, 24])
async def test_a_producer_that_is_cancelled_as_it_starts_leaves_no_connection(kafka: str, milliseconds: int) -> None:
    starting = asyncio.create_task(started(kafka))
    await asyncio.sleep(milliseconds / 1000)
    starting.cancel()
    await asyncio.gather(starting, return_exceptions=True)
    gc.collect()


async def started(kafka: str) -> None:
    producer = Producer(Link(settings_for("postgresql://nobody@127.0.0.1:1/none", kafka, "cancelled")), "cancelled")
    try:
        await producer.start()
        await asyncio.sleep(1)
    finally:
        await producer.close(1.0)
