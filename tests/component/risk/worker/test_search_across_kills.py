"""A real risk worker, killed (-9) while it searches for the event that it cannot apply: the next one goes on there."""

from __future__ import annotations

import asyncio
import os
import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from candor.contracts import Message
from candor.local.ports import choose_port
from candor.ops.database_url import named
from candor.records.partitioner import partition_of
from candor.store.db import Database
from candor.store.migrate import upgrade
from risk_svc.wiring import MIGRATIONS
from tests.support.ledger.book import Sender, settings_for
from tests.support.risk import Story, opened
from tests.support.servers import Databases
from tests.support.waiting import until

pytestmark = pytest.mark.long

PLACE = partition_of(b"c1", 4)
BAD, EVENTS, NARROW = 37, 64, 8
TOO_MUCH = f"""
CREATE SEQUENCE tries;
CREATE FUNCTION too_much() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  PERFORM nextval('tries'), pg_sleep(0.2);
  RAISE query_canceled;
END $$;
CREATE TRIGGER too_much BEFORE INSERT OR UPDATE ON promise_state FOR EACH ROW WHEN (NEW.promise_id = 'p{BAD}')
  EXECUTE FUNCTION too_much();
CREATE TABLE searched (id bigserial, low bigint, high bigint);
CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO searched (low, high) VALUES (NEW.low, NEW.high);
  RETURN NULL;
END $$;
CREATE TRIGGER noted AFTER INSERT OR UPDATE ON suspect FOR EACH ROW WHEN (NEW.partition = {PLACE})
  EXECUTE FUNCTION noted()"""
"""One promise cannot be saved within the limits of a statement. Each range that was suspected is written down."""


@asynccontextmanager
async def worker(port: int, environment: dict[str, str]) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "risk_svc", "worker"),
        env={**os.environ, **environment, "PORT": str(port)},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def made(customer: str, promise: str) -> Message:
    return Story(promise, customer, start=datetime.now(UTC) - timedelta(hours=1)).made()


async def suspected(database: Database) -> tuple[int, int, str] | None:
    row = await database.pool.fetchrow("SELECT low, high, state FROM suspect WHERE partition = $1", PLACE)
    return tuple(row) if row else None


async def applied(database: Database, name: str) -> bool:
    return bool(await database.pool.fetchval("SELECT 1 FROM promise_state WHERE promise_id = $1", name))


async def all_applied(database: Database, names: list[str]) -> None:
    async def there() -> bool:
        count = await database.pool.fetchval("SELECT count(*) FROM promise_state WHERE promise_id = ANY($1)", names)
        return bool(count == len(names))

    await until(there, pause=0.1)


async def killed_in_the_middle(database: Database, environment: dict[str, str]) -> tuple[int, int]:
    """Kill a worker once few enough events are suspected; returns which."""
    async with worker(choose_port(None, "a worker"), environment) as process:

        async def narrowed() -> bool:
            found = await suspected(database)
            return found is not None and found[1] - found[0] <= NARROW

        await until(narrowed, pause=0.02)
        process.kill()
        await process.wait()
    found = await suspected(database)
    assert found is not None
    low, high, state = found
    assert (low <= BAD < high, state) == (True, "search")
    return low, high


async def stuck(database: Database) -> None:
    async def there() -> bool:
        return await suspected(database) == (BAD, BAD + 1, "stuck")

    await until(there, pause=0.1)


@asynccontextmanager
async def prepared(postgres: str, databases: Databases, prefix: str) -> AsyncIterator[Database]:
    url = named(postgres, f"{prefix}_risk")
    await upgrade(url, MIGRATIONS)
    async with opened(url) as database:
        await database.pool.execute(TOO_MUCH)
        yield database
    await databases.drop(url)


async def test_the_search_goes_on_where_it_was_and_halts_its_partition_alone(
    kafka: str, postgres: str, databases: Databases, topic_prefix: str
) -> None:
    prefix, port = f"t{secrets.token_hex(5)}", choose_port(None, "a worker")
    environment = {
        "KAFKA_BOOTSTRAP_SERVERS": kafka,
        "DATABASE_URL": postgres,
        "DATABASE_PREFIX": prefix,
        "TOPIC_PREFIX": topic_prefix,
        "PARTITIONS": "4",
    }
    elsewhere = [name for n in range(2, 40) if partition_of((name := f"c{n}").encode(), 4) != PLACE]
    async with (
        prepared(postgres, databases, prefix) as database,
        Sender(settings_for(kafka, topic_prefix)) as sender,
    ):
        await sender.send(made("c1", f"p{n}") for n in range(EVENTS))
        await sender.send(made(name, f"first-{name}") for name in elsewhere)
        low, high = await killed_in_the_middle(database, environment)
        last = await database.pool.fetchval("SELECT max(id) FROM searched")
        tries = await database.pool.fetchval("SELECT last_value FROM tries")
        async with worker(port, environment):
            await stuck(database)
            # It tried nothing of what the first one had cleared, and not the whole again.
            after = await database.pool.fetch("SELECT low, high FROM searched WHERE id > $1", last)
            assert after
            assert all(low <= row["low"] and row["high"] <= high for row in after)
            most = 1 + (high - low).bit_length() + 3
            assert await database.pool.fetchval("SELECT last_value FROM tries") - tries <= most
            await sender.send(made(name, f"then-{name}") for name in elsewhere)
            await all_applied(database, [f"{when}-{name}" for when in ("first", "then") for name in elsewhere])
            await all_applied(database, [f"p{n}" for n in range(BAD)])
            assert not await applied(database, f"p{BAD + 1}")
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
                said = (await client.get("/readyz")).text
            assert f"partition {PLACE}: promises: the event at offset {BAD} cannot be applied" in said
            assert said.count("cannot be applied") == 1
