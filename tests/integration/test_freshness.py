"""Where anything before notify-svc stands still nothing is told, and what is right is told once it goes on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from tests.support.clocks import ManualClock
from tests.support.leases import living
from tests.support.town import Town, Trip, whole_town
from tests.support.waiting import until

pytestmark = pytest.mark.long

FRESHEST = 15.0
Still = Callable[[Town], Any]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def town(kafka: str, postgres: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    folder = tmp_path_factory.mktemp("town")
    async with whole_town(kafka, postgres, folder, ManualClock(), freshest=FRESHEST) as made:
        yield made


@asynccontextmanager
async def no_worker(town: Town) -> AsyncIterator[None]:
    """risk-svc scores nothing."""
    await town.stop_worker()
    try:
        yield
    finally:
        await town.start_worker()


def no_relay(service: str) -> Still:
    """What a service saves does not get into Kafka: another member has its relay's partitions, and sends nothing."""

    @asynccontextmanager
    async def still(town: Town) -> AsyncIterator[None]:
        group = f"{service}-svc.relay"
        async with asyncpg.create_pool(town.settings[service].database, min_size=0, max_size=2) as pool:
            async with living(pool, group, "other"):
                await pool.execute("UPDATE lease SET owner = 'other', epoch = epoch + 1 WHERE grp = $1", group)
                yield
            await pool.execute("DELETE FROM member WHERE grp = $1 AND id = 'other'", group)
            await pool.execute("UPDATE lease SET owner = '' WHERE grp = $1 AND owner = 'other'", group)

    return still


async def partition_of(town: Town, promise_id: str) -> int:
    """The partition in which notify-svc knows a promise."""
    connection = await asyncpg.connect(town.settings["notify"].database)
    try:
        return int(await connection.fetchval("SELECT partition FROM promise WHERE promise_id = $1", promise_id))
    finally:
        await connection.close()


def ages(town: Town, partition: int, enough: Callable[[float], bool]) -> Callable[[], Awaitable[bool]]:
    """Whether the age of a partition's facts, as senders see it, is `enough`."""

    async def look() -> bool:
        connection = await asyncpg.connect(town.settings["notify"].database)
        try:
            found = await connection.fetchval("SELECT lag_seconds FROM freshness WHERE partition = $1", partition)
        finally:
            await connection.close()
        return found is not None and enough(found)

    return look


@pytest.mark.parametrize(
    "still", [no_worker, no_relay("promise"), no_relay("delivery")], ids=["risk-svc", "promise-svc", "delivery-svc"]
)
async def test_a_warning_that_falls_due_on_old_facts_waits_and_the_right_one_goes_out_once(
    town: Town, still: Still
) -> None:
    late = Trip(town)
    # The same customer, so the same partition: all of their facts are as old.
    saved = Trip(town, customer=late.customer)
    for trip in (late, saved):
        await trip.promised()
    town.clock.set(max(town.clock.now(), late.start + timedelta(minutes=240)))
    for trip in (late, saved):
        await trip.reported("departed")
        await town.gap(trip.promise_id, lambda gap: gap["p_slip"] >= 0.7)
    partition = await partition_of(town, late.promise_id)
    await until(ages(town, partition, lambda age: age <= FRESHEST), pause=0.1)
    async with still(town):
        # What happens meanwhile: one arrives after all, the other's customer agrees to a later date.
        await town.tell("contact.set", customer_id=late.customer, email=late.email, name="Robin")
        await saved.reported("arrived", final=True)
        await until(ages(town, partition, lambda age: age > FRESHEST), pause=0.1)
        town.clock.advance(timedelta(minutes=6))
        await until(ages(town, partition, lambda age: age > FRESHEST + 3), pause=0.1)
        for trip in (late, saved):
            assert (await town.get(town.notify, "/v1/notices", promise_id=trip.promise_id))["items"] == []
    await town.notices(late.promise_id, ("warning", "sent"))
    await town.gap(saved.promise_id, lambda gap: gap["standing"] == "kept")
    await until(ages(town, partition, lambda age: age <= FRESHEST), pause=0.1)
    assert [mail["subject"] for mail in await town.mails(late.email) if saved.what in mail["text"]] == []
    assert len(await town.mails(late.email)) == 1
