"""Topics on a real broker: made as the cards say, refused when laid out otherwise."""

from __future__ import annotations

import asyncio

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError

from candor.contracts import CARDS
from candor.messaging.topics import TopicMismatchError, ensure_topics, topic_name
from tests.support.foundation import settings_for
from tests.support.waiting import until


async def counts(servers: str, prefix: str) -> dict[str, int]:
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    try:
        names = [name for name in await admin.list_topics() if name.startswith(f"{prefix}-")]
        return {topic["topic"]: len(topic["partitions"]) for topic in await admin.describe_topics(names)}
    finally:
        await admin.close()


async def retention(servers: str, topic: str) -> str:
    """The topic's setting; empty while the broker has not heard of the topic that its controller made."""
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    try:
        (response,) = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
        entries = response.resources[0][4]
        return next((str(entry[1]) for entry in entries if entry[0] == "retention.ms"), "")
    finally:
        await admin.close()


async def test_every_service_may_make_them_at_the_same_moment(kafka: str, topic_prefix: str) -> None:
    settings = settings_for("postgresql://x/y", kafka, topic_prefix, partitions=3)
    await asyncio.gather(*(ensure_topics(settings) for _ in range(5)))
    found = await counts(kafka, topic_prefix)
    assert found == {topic_name(topic_prefix, card.name): 3 if card.shared_layout else 1 for card in CARDS}


async def test_they_keep_28_days(kafka: str, topic_prefix: str) -> None:
    await ensure_topics(settings_for("postgresql://x/y", kafka, topic_prefix, partitions=1))
    topic = f"{topic_prefix}-promises"
    await until(lambda: retention(kafka, topic))
    assert await retention(kafka, topic) == str(28 * 24 * 3600 * 1000)


async def test_another_partition_count_is_refused_in_words(kafka: str, topic_prefix: str) -> None:
    await ensure_topics(settings_for("postgresql://x/y", kafka, topic_prefix, partitions=2))
    with pytest.raises(
        TopicMismatchError, match=f"PARTITIONS is 3, but {topic_prefix}-promises, .* have 2: set PARTITIONS=2;"
    ):
        await ensure_topics(settings_for("postgresql://x/y", kafka, topic_prefix, partitions=3))
    assert set((await counts(kafka, topic_prefix)).values()) == {1, 2}


async def test_a_broker_that_is_away_is_waited_for_with_patience(topic_prefix: str) -> None:
    settings = settings_for("postgresql://x/y", "127.0.0.1:1", topic_prefix)
    with pytest.raises((KafkaError, OSError)):
        await ensure_topics(settings, patience_s=0)
    waiting = asyncio.create_task(ensure_topics(settings))
    await asyncio.wait({waiting}, timeout=0.5)
    assert not waiting.done()
    waiting.cancel()
