"""Offsets for Kafka's own tools: a broker that goes away during a commit leaves no error that nobody looked at."""

from __future__ import annotations

import asyncio
import gc
from typing import Any

import pytest

from candor.messaging.planning import OwnedPartition
from candor.messaging.source import Source
from candor.messaging.telemetry import Lag, OffsetTelemetry
from candor.messaging.topics import ensure_topics
from candor.ops.tasks import end
from tests.support.kafka_proxy import OFFSET_COMMIT, KafkaProxy
from tests.support.ledger.book import settings_for
from tests.support.waiting import until


@pytest.mark.parametrize("told_to_end", [False, True], ids=["the broker goes", "told to end"])
async def test_a_commit_that_is_never_answered_is_not_said(kafka: str, topic_prefix: str, told_to_end: bool) -> None:
    said: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: said.append(context))
    proxy = KafkaProxy(kafka, OFFSET_COMMIT)
    proxy.holding = True
    settings = settings_for(kafka, topic_prefix)
    await ensure_topics(settings)
    try:
        async with proxy.running():
            settings = settings_for(proxy.servers, topic_prefix)
            source = Source(settings, ["promises"], [], 4)
            owned = {0: OwnedPartition(partition=0, epoch=1, offsets={"promises": 7})}
            telling = asyncio.create_task(
                OffsetTelemetry(settings, "told", source, owned, Lag(source, owned)).run(), name="telling"
            )
            await until(lambda: proxy.held > 0)
            if told_to_end:
                await end(telling)
        await end(telling)
        gc.collect()
        await asyncio.sleep(0)
    finally:
        asyncio.get_running_loop().set_exception_handler(None)
    assert [context["message"] for context in said if "never retrieved" in context["message"]] == []
