"""The shared tables in a fresh database, and builders for what goes through them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from candor.contracts import ContactSet, CustomerErased, Message, PromiseMade, PromiseRevised, message
from candor.contracts.promise import AskedBy
from candor.ops.settings import Settings
from candor.store import migrate
from candor.store.db import Database
from tests.support.servers import Databases, Prepare

MIGRATIONS = Path(__file__).parent / "foundation_migrations"
NOON = datetime(2013, 3, 8, 12, tzinfo=UTC)


async def foundation(url: str) -> None:
    """The shared tables and `effect`; for `databases.fresh(foundation)`."""
    await migrate.upgrade(url, MIGRATIONS)


def fresh_foundation(databases: Databases) -> AbstractAsyncContextManager[Database]:
    """A database with the shared tables, open for the length of the block."""
    return fresh_database(databases, foundation)


@asynccontextmanager
async def fresh_database(databases: Databases, prepare: Prepare) -> AsyncIterator[Database]:
    """A prepared database of its own, open for the length of the block."""
    url = await databases.fresh(prepare)
    database = await Database.open(url)
    try:
        yield database
    finally:
        await database.close()
        await databases.drop(url)


def made(promise: str, customer: str = "c1", version: int = 1, *, what: str = "AA 1", event_id: str = "") -> Message:
    due = NOON + timedelta(hours=3)
    data = PromiseMade(
        promise_id=promise,
        customer_id=customer,
        kind="flight",
        what=what,
        made_at=NOON,
        first_due=due,
        latest_due=due,
        held_due=due,
    )
    return message(event_id or f"{promise}.{version}", "promise-svc", NOON, customer, version, data)


def revised(promise: str, customer: str, version: int) -> Message:
    due = NOON + timedelta(hours=3, minutes=version)
    data = PromiseRevised(promise, customer, due, due, AskedBy.COMPANY, True, "crew late")
    return message(f"{promise}.{version}", "promise-svc", NOON, customer, version, data)


def erased(customer: str, version: int = 1) -> Message:
    return message(f"{customer}.erased", "promise-svc", NOON, customer, version, CustomerErased(customer))


def contact(customer: str, version: int = 1) -> Message:
    data = ContactSet(customer, "c2VhbGVk")
    return message(f"{customer}.contact.{version}", "promise-svc", NOON, customer, version, data)


def settings_for(database_url: str, kafka: str, topic_prefix: str, **others: Any) -> Settings:
    """Settings of a promise-svc on these servers; its database is the one of `database_url`."""
    server, _, name = database_url.rpartition("/")
    values = {"service": "promise-svc", "port": 0, "partitions": 4, **others}
    return _PlacedSettings(
        database_url=f"{server}/", placed=name, kafka_bootstrap_servers=kafka, topic_prefix=topic_prefix, **values
    )


class _PlacedSettings(Settings):
    placed: str

    @property
    def database(self) -> str:
        return f"{self.database_url}{self.placed}"
