"""Brokers as others set them up: topics that come into being by themselves, or were made by somebody else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from candor.local.kafka import KafkaBroker, Setup
from candor.messaging.consumer import Worker
from candor.messaging.topics import layout
from candor.store.db import Database
from tests.support.ledger.book import GROUP, LedgerHandler, Sender, effects, milestone, settings_for
from tests.support.ledger.running import running
from tests.support.servers import own_folder
from tests.support.waiting import until


@pytest.fixture(scope="module")
def eager() -> Iterator[str]:
    """A broker with Kafka's own default: whatever topic a client asks for is made, with one partition."""
    with own_folder("eager") as folder:
        setup = Setup(properties={"auto.create.topics.enable": "true", "num.partitions": "1"})
        broker = KafkaBroker(folder, None, quick=True, more=setup)
        try:
            yield broker.start()
        finally:
            broker.stop()


async def flows(kafka: str, prefix: str, ledger: Database) -> None:
    """A worker that starts first, then events, which it applies."""
    settings = settings_for(kafka, prefix)
    async with running(Worker(settings, ledger, LedgerHandler(), GROUP)), Sender(settings) as sender:
        await sender.send(milestone(f"c{n}", f"p{n}", 1) for n in range(20))

        async def arrived() -> bool:
            return await effects(ledger.url) >= 20

        await until(arrived)


async def test_topics_are_as_the_cards_say_even_where_a_broker_makes_them_by_itself(
    eager: str, ledger: Database, topic_prefix: str
) -> None:
    await flows(eager, topic_prefix, ledger)
    admin = AIOKafkaAdminClient(bootstrap_servers=eager)
    await admin.start()
    try:
        found = {one["topic"]: len(one["partitions"]) for one in await admin.describe_topics()}
    finally:
        await admin.close()
    wanted = layout(topic_prefix, 4)
    assert {name: found[name] for name in wanted} == wanted


@pytest.mark.parametrize("compression", ["gzip", "snappy", "lz4", "zstd"])
async def test_topics_that_somebody_else_made_may_be_compressed(
    compression: str, kafka: str, ledger: Database, topic_prefix: str
) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        config = {"compression.type": compression}
        await admin.create_topics(
            [NewTopic(name, count, 1, topic_configs=config) for name, count in layout(topic_prefix, 4).items()]
        )
    finally:
        await admin.close()
    await flows(kafka, topic_prefix, ledger)
