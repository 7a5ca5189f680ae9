"""Rows of years, made in bulk as `make scale` makes them, that stand in the tables while processes are killed."""

from __future__ import annotations

from typing import Final

from bench.scale import notices, outbox, parked
from tests.faults.rig.stage import PARTITIONS, Stage, connected
from tests.faults.rig.story import START

STANDING: Final = "feed"
"""The source of the reports that wait for promises which never come."""
# Entries that say nothing: what the learner learns must follow from the run's own events.
JOURNAL: Final = """
WITH added AS (
  INSERT INTO journal (partition, n, entries, newest)
  SELECT number % $2, 0, decode('90', 'hex'), 0 FROM generate_series(1, $1::int) AS number
  RETURNING octet_length(entries) AS bytes)
INSERT INTO journal_size SELECT count(*), sum(bytes) FROM added"""
COUNTS: Final = {
    "parked reports": ("delivery", "SELECT count(*) FROM parked WHERE source = 'feed'"),
    "outbox rows": ("promise", "SELECT count(*) FROM outbox WHERE published_at < now() - interval '12 hours'"),
    "receipts": ("promise", "SELECT count(*) FROM ingest WHERE source = 'filler'"),
    "notices": ("notify", "SELECT count(*) FROM notice WHERE notice_id LIKE 'notice-%' AND state = 'sent'"),
    "deliveries": (
        "notify",
        "SELECT count(*) FROM delivery WHERE delivery_id LIKE 'delivery-%' AND state = 'sent' AND attempts = 1",
    ),
    "journal rows": ("risk", "SELECT count(*) FROM journal WHERE n = 0"),
}
"""What is counted before and after a run: such rows as nothing has touched, by service."""


async def fill(stage: Stage, count: int) -> None:
    """Fill the tables of a running stack: three times `count` of what lies there longest, less of the others."""
    async with connected(stage, "delivery") as connection:
        await parked.fill(connection, 3 * count)
    async with connected(stage, "promise") as connection:
        await outbox.fill(connection, 3 * count, PARTITIONS)
    async with connected(stage, "notify") as connection:
        await notices.fill(connection, count, START)
    async with connected(stage, "risk") as connection:
        await connection.execute(JOURNAL, max(1, count // 4), PARTITIONS)


async def counted(stage: Stage) -> dict[str, int]:
    """How many of these rows there are, by kind."""
    found: dict[str, int] = {}
    for what, (service, query) in COUNTS.items():
        async with connected(stage, service) as connection:
            found[what] = await connection.fetchval(query)
    return found
