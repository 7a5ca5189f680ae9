"""The broker and the database come back after a kill, with what was answered for, and mend what a killed run left."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import asyncpg
import psutil
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from candor.errors import OperatorError
from candor.installation.folder import Folder
from candor.local.kafka import KafkaBroker
from candor.local.postgres import PostgresServer
from tests.support.servers import own_folder

pytestmark = pytest.mark.long


@pytest.fixture
def folder() -> Iterator[Folder]:
    with own_folder("restarts") as made:
        yield made


async def execute(url: str, statement: str) -> object:
    connection = await asyncpg.connect(f"{url}/postgres")
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def test_the_database_keeps_what_it_committed_through_a_kill_and_listens_where_it_did(folder: Folder) -> None:
    server = PostgresServer(folder, None)
    try:
        url = await asyncio.to_thread(server.start)
        await execute(url, "CREATE TABLE promise (id text)")
        await execute(url, "INSERT INTO promise VALUES ('p-1')")
        await asyncio.to_thread(server.kill)
        with pytest.raises(OSError):
            await execute(url, "SELECT 1")
        assert await asyncio.to_thread(server.start) == url
        assert await execute(url, "SELECT id FROM promise") == "p-1"
    finally:
        await asyncio.to_thread(server.stop)


async def test_a_new_run_mends_what_a_killed_one_left(folder: Folder) -> None:
    killed, said = PostgresServer(folder, None), list[str]()
    url = await asyncio.to_thread(killed.start)
    await execute(url, "CREATE TABLE promise (id text)")
    orphan = killed.process.pid
    # The earlier run is gone without stopping its server; this is all that a new one knows of it.
    server = PostgresServer(folder, None, progress=said.append)
    try:
        again = await asyncio.to_thread(server.start)
        assert f"an earlier run was killed and left postgres (process {orphan}) behind: stopping it" in said
        assert not psutil.pid_exists(orphan) or psutil.Process(orphan).status() == psutil.STATUS_ZOMBIE
        assert await execute(again, "SELECT count(*) FROM promise") == 0
    finally:
        await asyncio.to_thread(server.stop)
        killed.process.stop()


async def test_a_pid_file_of_a_dead_server_does_not_keep_it_from_starting(folder: Folder) -> None:
    server = PostgresServer(folder, None)
    url = await asyncio.to_thread(server.start)
    await asyncio.to_thread(server.kill)
    file = folder.data / "postgres" / "postmaster.pid"
    lines = file.read_text().splitlines()
    # As if the pid had been given to somebody else since.
    file.write_text("\n".join([str(psutil.Process().pid), *lines[1:]]) + "\n")
    try:
        assert await asyncio.to_thread(server.start) == url
    finally:
        await asyncio.to_thread(server.stop)


async def test_a_wrong_password_is_refused(folder: Folder) -> None:
    server = PostgresServer(folder, None)
    try:
        url = await asyncio.to_thread(server.start)
        with pytest.raises(asyncpg.InvalidPasswordError):
            await execute(url.replace("@", "x@"), "SELECT 1")
    finally:
        await asyncio.to_thread(server.stop)


async def test_the_broker_keeps_its_topics_and_records_through_a_kill(folder: Folder) -> None:
    broker = KafkaBroker(folder, None)
    try:
        address = await asyncio.to_thread(broker.start)
        admin = AIOKafkaAdminClient(bootstrap_servers=address)
        await admin.start()
        await admin.create_topics([NewTopic("candor-promises", 1, 1)])
        await admin.close()
        async with AIOKafkaProducer(bootstrap_servers=address, acks="all") as producer:
            await producer.send_and_wait("candor-promises", b"p-1")
        await asyncio.to_thread(broker.kill)
        assert await asyncio.to_thread(broker.start) == address
        async with AIOKafkaConsumer(bootstrap_servers=address, auto_offset_reset="earliest") as consumer:
            consumer.assign([TopicPartition("candor-promises", 0)])
            assert (await consumer.getone()).value == b"p-1"
    finally:
        await asyncio.to_thread(broker.stop)


def test_a_broker_that_is_not_started_has_no_address(folder: Folder) -> None:
    broker = KafkaBroker(folder, None)
    with pytest.raises(OperatorError, match="not started"):
        _ = broker.bootstrap_servers
