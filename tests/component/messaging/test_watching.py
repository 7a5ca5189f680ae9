"""What people see of a consumer: lag, holes in Kafka, offsets under the group's name; and the watchdog."""

from __future__ import annotations

import asyncio
import sys
from math import inf

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from candor.messaging.consumer import Worker
from candor.messaging.planning import OwnedPartition
from candor.messaging.topics import ensure_topics, topic_name
from candor.ops.settings import Settings
from candor.records.partitioner import partition_of
from candor.store.db import Database
from tests.support.ledger.book import GROUP, LedgerHandler, Sender, effects, settings_for, withdrawn
from tests.support.ledger.running import running
from tests.support.waiting import until

PLACE = partition_of(b"c1", 4)


async def reached(ledger: Database, amount: int) -> None:
    async def there() -> bool:
        return await effects(ledger.url) >= amount

    await until(there, pause=0.05)


async def admin(settings: Settings) -> AIOKafkaAdminClient:
    client = AIOKafkaAdminClient(bootstrap_servers=settings.kafka_bootstrap_servers)
    await client.start()
    return client


async def test_kafkas_own_tools_see_the_offsets_under_the_groups_name(
    ledger: Database, kafka: str, topic_prefix: str
) -> None:
    settings = settings_for(kafka, topic_prefix)
    group = f"{topic_prefix}-{GROUP}"
    pair = TopicPartition(topic_name(topic_prefix, "promises"), PLACE)
    async with Sender(settings) as sender:
        await sender.send(withdrawn("c1", "p1", n + 1) for n in range(30))
        async with running(Worker(settings, ledger, LedgerHandler(), group)):
            reader = AIOKafkaConsumer(bootstrap_servers=kafka, group_id=group, enable_auto_commit=False)
            await reader.start()

            async def told() -> bool:
                return bool(await reader.committed(pair) == 30)

            await until(told, pause=0.1)
            await reader.stop()


async def test_lag_is_endless_before_kafka_is_heard_and_nothing_once_all_is_applied(
    ledger: Database, kafka: str, topic_prefix: str
) -> None:
    settings = settings_for(kafka, topic_prefix)
    worker = Worker(settings, ledger, LedgerHandler(), GROUP)
    worker.owned[0] = OwnedPartition(partition=0, epoch=1, offsets={})
    assert worker.lag_seconds == {"promises": inf, "milestones": inf}
    async with Sender(settings) as sender:
        await sender.send(withdrawn(f"c{n}", f"p{n}", 1) for n in range(30))
        async with running(worker):
            await reached(ledger, 30)
            await until(lambda: worker.lag_seconds == {"promises": 0.0, "milestones": 0.0})
            assert worker.lag.records() == {"promises": 0, "milestones": 0}


async def test_a_halted_partition_falls_behind_visibly(ledger: Database, kafka: str, topic_prefix: str) -> None:
    settings = settings_for(kafka, topic_prefix)
    worker = Worker(settings, ledger, LedgerHandler(topics=("promises",)), GROUP)
    async with Sender(settings) as sender, running(worker):
        await sender.send(withdrawn("c1", f"p{n}", 1, "boom") for n in range(60))
        await until(lambda: worker.halted)
        await until(lambda: worker.lag.records()["promises"] == 40)
        assert worker.lag_seconds["promises"] > 0


async def test_records_that_kafka_no_longer_has_are_reported_and_passed(
    ledger: Database, kafka: str, topic_prefix: str
) -> None:
    settings = settings_for(kafka, topic_prefix)
    async with Sender(settings) as sender:
        await sender.send(withdrawn("c1", "p1", n + 1) for n in range(10))
        async with running(Worker(settings, ledger, LedgerHandler(), GROUP)):
            await reached(ledger, 10)
        await sender.send(withdrawn("c1", "p1", n + 1) for n in range(10, 30))
        client = await admin(settings)
        pair = TopicPartition(topic_name(topic_prefix, "promises"), PLACE)
        await client.delete_records({pair: RecordsToDelete(before_offset=25)})
        await client.close()
        async with running(Worker(settings, ledger, LedgerHandler(), GROUP)) as worker:
            await reached(ledger, 15)
            assert worker.owned[PLACE].offsets["promises"] == 30
    versions = await ledger.pool.fetch("SELECT version FROM effect ORDER BY id")
    assert [row["version"] for row in versions] == [*range(1, 11), *range(26, 31)]


async def test_a_topic_made_anew_halts_its_partitions_rather_than_skip_events(
    ledger: Database, kafka: str, topic_prefix: str
) -> None:
    settings = settings_for(kafka, topic_prefix)
    async with Sender(settings) as sender:
        await sender.send(withdrawn("c1", "p1", n + 1) for n in range(10))
        async with running(Worker(settings, ledger, LedgerHandler(), GROUP)):
            await reached(ledger, 10)
    client = await admin(settings)
    await client.delete_topics([topic_name(topic_prefix, "promises")])

    async def gone() -> bool:
        return topic_name(topic_prefix, "promises") not in await client.list_topics()

    await until(gone, pause=0.1)
    await client.close()
    await ensure_topics(settings)
    async with Sender(settings) as sender:
        await sender.send([withdrawn("c1", "p1", 11)])
        async with running(Worker(settings, ledger, LedgerHandler(), GROUP)) as worker:
            await until(lambda: PLACE in worker.halted)
            assert "made anew" in worker.halted[PLACE]
            assert await effects(ledger.url) == 10


async def test_the_watchdog_ends_a_process_that_makes_no_turn() -> None:
    code = (
        "import time\n"
        "from candor.messaging.watchdog import Watchdog\n"
        "dog = Watchdog('consumer risk-svc', patience=3, beat=0.05)\n"
        "dog.start()\n"
        "for _ in range(20): dog.alive(); time.sleep(0.02)\n"
        "print('alive', flush=True)\n"
        "time.sleep(60)\n"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await process.communicate()
    assert process.returncode == 70
    assert said.decode().startswith("alive")
    assert "the event loop is blocked" in said.decode()
