"""A checkpoint of the learner deletes a large journal."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

import asyncpg

from bench.scale.bulk import database_size, until
from bench.scale.promises import ended, made
from bench.scale.scenario import Finding, Scenario, plain, within
from bench.scale.site import Site
from candor.contracts import Message

WATCHED: Final = 120.0
LIVES: Final = 30
LONGEST: Final = 2.0
# A row of a full batch is about a megabyte. These are of another release, so that reading them costs no memory here.
ROWS: Final = """
INSERT INTO journal (partition, n, entries)
SELECT 0, 2000, convert_to(repeat(md5(number::text), 32768), 'UTF8') FROM generate_series(1, $1::bigint) AS number"""
RUNNING: Final = """
SELECT coalesce(extract(epoch FROM max(clock_timestamp() - query_start)), 0)::float8 FROM pg_stat_activity
WHERE datname = current_database() AND state = 'active' AND pid <> pg_backend_pid() AND query ILIKE 'DELETE FROM%'"""


async def run(site: Site, count: int) -> Sequence[Finding]:
    """Let a worker journal a few past promises, add a large journal, and let the learner make a checkpoint."""
    connection = await site.connect("risk-svc")
    try:
        await _lived(site, connection)
        await connection.execute(ROWS, count)
        size = f"{count:,} rows, {plain(await database_size(connection) / 1e9)} GB"
        await site.start("risk-learner", CHECKPOINT_SECONDS="1", QUIET_SECONDS="0.2", STRAGGLER_SECONDS="2")
        took, longest = await _cut(connection)
    finally:
        await connection.close()
    return [
        Finding("journal", size),
        within("checkpoint stored and the journal deleted", took, WATCHED, WATCHED),
        within("longest statement of the deletion", longest, LONGEST, WATCHED),
    ]


async def _lived(site: Site, connection: asyncpg.Connection[Any]) -> None:
    feed = await site.feed()
    events: list[Message] = []
    for number in range(LIVES):
        promise = made(f"past-{number}", f"somebody-{number}", days=1, ago=3)
        at = promise.envelope.time + timedelta(hours=20)
        events += [promise, ended(f"e{number}", f"past-{number}", f"somebody-{number}", at, "scale")]
    await feed.send(events)
    worker = await site.start("risk-worker")
    await until(connection, "SELECT coalesce(sum(n), 0) FROM journal", 2 * LIVES)
    await worker.stop()


async def _cut(connection: asyncpg.Connection[Any]) -> tuple[float, float]:
    """Seconds until the journal is empty, and the longest that one of the deleting statements was seen to run."""
    begun, longest = time.monotonic(), 0.0
    while time.monotonic() - begun < WATCHED:
        if not await connection.fetchval("SELECT 1 FROM journal LIMIT 1"):
            return time.monotonic() - begun, longest
        longest = max(longest, await connection.fetchval(RUNNING))
        await asyncio.sleep(0.02)
    return math.inf, longest


SCENARIOS = (
    Scenario(
        name="journal",
        about="the learner's checkpoint deletes what it has learnt from",
        things="journal rows of 1 MB",
        stated=4_700,
        run=run,
        deadline=420,
        row_bytes=1_100_000,
    ),
)
