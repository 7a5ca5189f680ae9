"""Expand and contract: a running release goes on when a later one has added a column to any of its tables."""

from __future__ import annotations

import pytest

from candor.contracts.golden import examples_for
from candor.store.db import Database
from tests.support.clocks import NOON, ManualClock
from tests.support.consumers import CONSUMERS, PARTITIONS, PROCESSES, SCHEMAS, Consumer, handler_of
from tests.support.servers import Databases


@pytest.mark.parametrize("name", CONSUMERS)
async def test_no_event_is_turned_away_for_a_column_that_came_later(name: str, databases: Databases) -> None:
    url = await databases.fresh(SCHEMAS[name])
    database = await Database.open(url, partitions=PARTITIONS)
    examples = examples_for(PROCESSES[name])
    consumer = Consumer(name, database, handler_of(name, ManualClock(NOON)))
    await consumer.begin()
    await consumer.take(*examples)
    # Statements were prepared by now, as in a process that runs while another migrates.
    for table in await consumer._tables():
        await database.pool.execute(f'ALTER TABLE "{table}" ADD COLUMN came_later text')
    await consumer.take(*examples)
    await consumer.tick()
    await consumer.reload()
    # What risk-svc says of an example out of its stream, and what waits behind that.
    assert {reason for _, reason in await consumer.turned_away()} <= {"version_gap", "behind"}
    await database.close()
    await databases.drop(url)
