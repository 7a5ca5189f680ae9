"""Topics on a real broker: made as the cards say, refused when laid out otherwise."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError
from structlog.testing import capture_logs

from candor.contracts import CARDS
from candor.messaging import topics
from candor.messaging.topics import TopicMismatchError, TopicsUnseenError, ensure_topics, topic_name
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


@pytest.mark.parametrize("times", [1, 2 * len(topics.PAUSES)])
async def test_topics_that_the_broker_shows_later_are_checked_when_it_does(
    kafka: str, topic_prefix: str, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    await ensure_topics(settings_for("postgresql://x/y", kafka, topic_prefix, partitions=2))
    hidden, looks, found = topic_name(topic_prefix, "promises"), itertools.count(), topics._found

    async def lagging(admin: AIOKafkaAdminClient, wanted: Mapping[str, int]) -> dict[str, int]:
        every = await found(admin, wanted)
        return {name: count for name, count in every.items() if name != hidden or next(looks) >= times}

    monkeypatch.setattr(topics, "_found", lagging)
    with pytest.raises(TopicMismatchError, match=f"PARTITIONS is 3, but .*{hidden}"):
        await ensure_topics(settings_for("postgresql://x/y", kafka, topic_prefix, partitions=3))


async def test_topics_that_the_broker_never_shows_are_named(
    kafka: str, topic_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden, found = topic_name(topic_prefix, "gaps"), topics._found

    async def hiding(admin: AIOKafkaAdminClient, wanted: Mapping[str, int]) -> dict[str, int]:
        return {name: count for name, count in (await found(admin, wanted)).items() if name != hidden}

    monkeypatch.setattr(topics, "_found", hiding)
    settings = settings_for("postgresql://x/y", kafka, topic_prefix, partitions=2)
    with pytest.raises(TopicsUnseenError, match=f"^{hidden}$"):
        await ensure_topics(settings, patience_s=0)
    with capture_logs() as said:
        waiting = asyncio.create_task(ensure_topics(settings))
        await until(lambda: any(line.get("unseen") == hidden for line in said))
        monkeypatch.undo()
        await waiting


async def test_a_broker_that_is_away_is_waited_for_with_patience(topic_prefix: str) -> None:
    settings = settings_for("postgresql://x/y", "127.0.0.1:1", topic_prefix)
    with pytest.raises((KafkaError, OSError)):
        await ensure_topics(settings, patience_s=0)
    waiting = asyncio.create_task(ensure_topics(settings))
    await asyncio.wait({waiting}, timeout=0.5)
    assert not waiting.done()
    waiting.cancel()
