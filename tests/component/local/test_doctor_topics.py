"""What `candor doctor` says of topics that somebody else configured: kept too short, or packed unreadably."""

from __future__ import annotations

from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from candor.messaging.examine import compression, examine
from candor.messaging.topics import ensure_topics
from candor.ops.finding import Finding
from candor.ops.settings import Settings
from tests.support.waiting import until


async def found(settings: Settings) -> dict[str, Finding]:
    return {one.name: one async for one in examine(settings)}


async def configure(kafka: str, topic: str, **values: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, configs=values)])
    finally:
        await admin.close()


async def test_a_topic_that_keeps_less_than_its_card_is_named_with_both(kafka: str, topic_prefix: str) -> None:
    given: dict[str, Any] = {"kafka_bootstrap_servers": kafka, "topic_prefix": topic_prefix}
    settings = Settings(service="risk-svc", port=0, **given)
    await ensure_topics(settings)
    assert (await found(settings))["kafka retention"].ok
    topic = f"{topic_prefix}-promises"
    await configure(kafka, topic, **{"retention.ms": str(7 * 24 * 3600 * 1000), "compression.type": "zstd"})
    said: dict[str, Finding] = {}

    async def taken_over() -> bool:
        said.update(await found(settings))
        return not said["kafka retention"].ok

    await until(taken_over)
    assert said["kafka retention"].detail.startswith(f"{topic} keeps 7 days of ")
    assert said["kafka retention"].mend == "raise retention.ms"
    assert said["kafka compression"].ok


def test_a_codec_that_cannot_be_read_here_is_bad_where_a_topic_has_it() -> None:
    lacking = {"gzip": lambda: True, "zstd": lambda: False}
    stuck = compression({"candor-gaps": "zstd", "candor-promises": "producer"}, lacking)
    assert (stuck.ok, stuck.detail) == (False, "no record can be read of candor-gaps (zstd)")
    assert "cramjam" in stuck.mend
    assert compression({"candor-gaps": "producer"}, lacking).ok is None
