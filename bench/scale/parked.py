"""Very many reports wait for promises that never come: new promises are learnt all the same, and old ones expire."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any, Final

import asyncpg

from bench.scale.bulk import database_size, filling
from bench.scale.paced import Paced
from bench.scale.promises import made
from bench.scale.scenario import Finding, Scenario, plain, within
from bench.scale.site import Site

DAYS: Final = 14
KEPT_DAYS: Final = 13
WATCHED: Final = 30.0
PROMISES: Final = 100
RATE: Final = 20.0
CUSTOMERS: Final = 97
"""Of the new promises, so that they come from all partitions."""
CHUNK: Final = 1_000_000
ROWS: Final = """
INSERT INTO parked (parked_id, waits_for, system, ref_id, milestone, status, at, final, correction, source,
  source_event, time, historical, traceparent, parked_at)
SELECT 'parked-' || number, 'awaiting_reference', 'erp', 'order-' || number, 'delivered', 'reached', at, false, false,
  'feed', 'event-' || number, at, false, '', at
FROM generate_series($1::bigint, $2::bigint) AS number
  CROSS JOIN LATERAL (
    SELECT now() - make_interval(secs => number::float8 / $3::bigint * $4::int * 86400) AS at) AS moment"""
LEARNT: Final = "SELECT promise_id FROM promise WHERE promise_id = ANY($1::text[])"
EXPIRED: Final = "SELECT count(*) FROM parked WHERE parked_at < now() - make_interval(days => $1)"


async def run(site: Site, count: int) -> Sequence[Finding]:
    """Fill delivery-svc, then let promises come at an even pace while the oldest reports expire."""
    connection = await site.connect("delivery-svc")
    try:
        await fill(connection, count)
        size = f"{count:,} rows, {plain(await database_size(connection) / 1e9)} GB"
        before = await connection.fetchval(EXPIRED, KEPT_DAYS)
        await site.start("delivery-svc", PARKED_KEPT_DAYS=str(KEPT_DAYS))
        begun = time.monotonic()
        pace = await _promised(site, connection)
        after = await connection.fetchval(EXPIRED, KEPT_DAYS)
        rate = (before - after) / (time.monotonic() - begun)
    finally:
        await connection.close()
    arriving = count / (DAYS * 86_400)
    what = f"expired a second, of {plain(before)} that are over"
    done = after == 0 or rate >= arriving
    return [
        Finding("parked reports", size),
        within(f"{PROMISES} new promises learnt, p99", pace.slowest(0.99), 1.0, WATCHED),
        Finding(what, plain(rate), f"≥ {plain(arriving)}, or all", done, rate),
    ]


async def fill(connection: asyncpg.Connection[Any], count: int) -> None:
    """Write `count` reports that came evenly over the last fourteen days."""
    async with filling(connection, "parked"):
        for start in range(0, count, CHUNK):
            await connection.execute(ROWS, start + 1, min(count, start + CHUNK), count, DAYS)
    await connection.execute("ANALYZE parked")


async def _promised(site: Site, connection: asyncpg.Connection[Any]) -> Paced:
    feed, waiting = await site.feed(), dict[str, asyncio.Event]()

    async def told(name: str, number: int) -> None:
        learnt = waiting[name] = asyncio.Event()
        await feed.send([made(name, f"somebody-{number % CUSTOMERS}")])
        async with asyncio.timeout(WATCHED):
            await learnt.wait()

    async with asyncio.TaskGroup() as group:
        watching = group.create_task(_watch(connection, waiting))
        # A broker that has just made topics leads some partitions seconds after others: that is no report's doing.
        await asyncio.gather(*(told(f"first-{number}", number) for number in range(CUSTOMERS)))
        async with Paced(lambda number: told(f"new-{number}", number), RATE) as pace:
            await site.rest(PROMISES / RATE)
            await pace.finish(WATCHED)
        watching.cancel()
    return pace


async def _watch(connection: asyncpg.Connection[Any], waiting: dict[str, asyncio.Event]) -> None:
    """One question for all that wait: a question each would wait for the others, not for delivery-svc."""
    while True:
        for row in await connection.fetch(LEARNT, list(waiting)):
            waiting.pop(row["promise_id"]).set()
        await asyncio.sleep(0.02)


SCENARIOS = (
    Scenario(
        name="parked",
        about="reports that wait for promises which never come",
        things="parked reports",
        stated=12_000_000,
        run=run,
        deadline=600,
        row_bytes=400,
    ),
)
