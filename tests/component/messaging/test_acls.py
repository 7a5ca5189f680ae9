"""The rules made from the topic cards, on a real broker that enforces them: enough for each process, and no more."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterator
from typing import Any, NamedTuple

import pytest
import pytest_asyncio
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import GroupAuthorizationFailedError, TopicAuthorizationFailedError
from structlog.testing import capture_logs

from candor.contracts import CARDS
from candor.contracts.topics import GROUPS
from candor.messaging.source import Source
from candor.messaging.topics import TopicsMissingError, ensure_topics, layout
from candor.ops.settings import Settings
from tests.support.guarded_kafka import GuardedKafka, administrator
from tests.support.servers import own_folder
from tools.kube.manifests import account, processes, users

PARTITIONS = 2
RULES = {user["metadata"]["name"]: user["spec"]["authorization"]["acls"] for user in users()}
each_process = pytest.mark.parametrize("process", processes())


class Ground(NamedTuple):
    """A broker that knows the topics, and lets clients do what the rules of one process say."""

    settings: Settings
    names: dict[str, str]


@pytest.fixture(scope="module")
def broker() -> Iterator[GuardedKafka]:
    with own_folder("guarded") as folder:
        made = GuardedKafka(folder)
        made.start()
        try:
            yield made
        finally:
            made.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def ground(broker: GuardedKafka, process: str) -> AsyncIterator[Ground]:
    prefix = f"t{secrets.token_hex(5)}"
    settings = Settings(
        service="promise-svc",
        port=0,
        kafka_bootstrap_servers=broker.bootstrap_servers,
        topic_prefix=prefix,
        partitions=PARTITIONS,
    )
    async with administrator(broker) as admin:
        await admin.make(layout(prefix, PARTITIONS))
        await admin.allow_only(RULES[account(process)], prefix)
        yield Ground(settings, {card.name: f"{prefix}-{card.name}" for card in CARDS})


async def writes(ground: Ground, topic: str, **how: Any) -> bool:
    producer = AIOKafkaProducer(bootstrap_servers=ground.settings.kafka_bootstrap_servers, acks="all", **how)
    await producer.start()
    try:
        await asyncio.wait_for(producer.send_and_wait(topic, b"{}", partition=0), 20)
    except TopicAuthorizationFailedError:
        return False
    finally:
        await producer.stop()
    return True


async def reads(ground: Ground, topic: str) -> bool:
    consumer = AIOKafkaConsumer(bootstrap_servers=ground.settings.kafka_bootstrap_servers)
    await consumer.start()
    try:
        consumer.assign([TopicPartition(topic, 0)])
        consumer.seek(TopicPartition(topic, 0), 0)
        await consumer.getmany(timeout_ms=2_000)
    except TopicAuthorizationFailedError:
        return False
    finally:
        await consumer.stop()
    return True


async def shows_offsets(ground: Ground, group: str, topic: str) -> bool:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=ground.settings.kafka_bootstrap_servers, group_id=group, enable_auto_commit=False
    )
    try:
        await asyncio.wait_for(consumer.start(), 20)
        consumer.assign([TopicPartition(topic, 0)])
        await asyncio.wait_for(consumer.commit({TopicPartition(topic, 0): 1}), 20)
    except GroupAuthorizationFailedError:
        return False
    finally:
        await consumer.stop()
    return True


@each_process
async def test_a_process_finds_the_topics_as_they_should_be_without_the_right_to_make_any(ground: Ground) -> None:
    await asyncio.wait_for(ensure_topics(ground.settings, patience_s=10), 40)


@pytest.mark.parametrize("process", ["promise-svc"])
async def test_topics_that_are_missing_and_may_not_be_made_are_named_in_one_line(ground: Ground) -> None:
    more = ground.settings.model_copy(update={"topic_prefix": f"{ground.settings.topic_prefix}x"})
    with capture_logs() as said, pytest.raises(TopicsMissingError, match=r"promises with 2 .*pulses with 1 "):
        await asyncio.wait_for(ensure_topics(more, patience_s=0.1), 40)
    (line,) = said
    assert line["event"] == "topics are missing and this user may not make them"
    assert line["missing"].startswith(f"{more.topic_prefix}-promises with 2 partitions")


@each_process
async def test_a_process_writes_to_the_topics_of_its_cards_and_to_no_other(ground: Ground, process: str) -> None:
    allowed = {card.name for card in CARDS if process in card.writers}
    # As our own producer does it: that the broker numbers its records needs no right of its own.
    assert {name for name in allowed if await writes(ground, ground.names[name], enable_idempotence=True)} == allowed
    others = {card.name for card in CARDS} - allowed
    assert {name for name in others if await writes(ground, ground.names[name])} == set()


@each_process
async def test_a_process_reads_the_topics_of_its_cards_and_no_other(ground: Ground, process: str) -> None:
    allowed = {card.name for card in CARDS if process in card.readers}
    assert {card.name for card in CARDS if await reads(ground, ground.names[card.name])} == allowed


@pytest.mark.parametrize("process", sorted(GROUPS))
async def test_a_process_shows_its_offsets_under_its_own_group_alone(ground: Ground, process: str) -> None:
    read = next(card.name for card in CARDS if process in card.readers)
    found = {group for group in GROUPS.values() if await shows_offsets(ground, group, ground.names[read])}
    assert found == {GROUPS[process]}


@each_process
async def test_the_reader_of_a_worker_starts_and_polls(ground: Ground, process: str) -> None:
    cards = [card for card in CARDS if process in card.readers]
    shared = [card.name for card in cards if card.shared_layout]
    source = Source(ground.settings, shared, [card.name for card in cards if not card.shared_layout], PARTITIONS)
    await asyncio.wait_for(source.start(), 40)
    try:
        if source.pairs:
            source.follow(dict.fromkeys(source.pairs, 0))
            assert await source.poll(list(source.pairs), 10) == {}
    finally:
        await source.stop()
