"""The fixtures that every other test stands on give what they say."""

from __future__ import annotations

import random

import asyncpg
from aiokafka.admin import AIOKafkaAdminClient

from tests.support.servers import Databases


async def test_a_broker_answers_and_makes_no_topic_by_itself(kafka: str, topic_prefix: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        described = await admin.describe_topics([f"{topic_prefix}-unknown"])
        assert described[0]["error_code"] == 3  # unknown topic
        assert not [name for name in await admin.list_topics() if name.startswith(topic_prefix)]
    finally:
        await admin.close()


async def test_a_fresh_database_is_durable_and_empty(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        assert await connection.fetchval("SHOW fsync") == "on"
        assert await connection.fetchval("SHOW synchronous_commit") == "on"
        tables = "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'"
        assert await connection.fetchval(tables) == 0
    finally:
        await connection.close()


async def test_a_prepared_database_is_prepared_once_and_never_shared(databases: Databases) -> None:
    prepared: list[str] = []

    async def prepare(url: str) -> None:
        prepared.append(url)
        connection = await asyncpg.connect(url)
        await connection.execute("CREATE TABLE promise (id text PRIMARY KEY)")
        await connection.close()

    first, second = await databases.fresh(prepare), await databases.fresh(prepare)
    writer = await asyncpg.connect(first)
    await writer.execute("INSERT INTO promise VALUES ('p-1')")
    await writer.close()
    reader = await asyncpg.connect(second)
    try:
        assert await reader.fetchval("SELECT count(*) FROM promise") == 0
        assert len(prepared) == 1
    finally:
        await reader.close()
        await databases.drop(first)
        await databases.drop(second)


def test_choices_are_the_same_for_the_same_seed(seeded: random.Random, request: object) -> None:
    again = random.Random(f"{request.config.option.seed}:{request.node.nodeid}")  # type: ignore[attr-defined]
    assert [seeded.random() for _ in range(5)] == [again.random() for _ in range(5)]


def test_topic_prefixes_differ(topic_prefix: str) -> None:
    assert topic_prefix.isalnum()
