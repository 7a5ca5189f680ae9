"""Very many reports wait for promises that never come: new promises are learnt all the same, and old ones expire."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any, Final

import asyncpg

from bench.scale.bulk import database_size, filling
from bench.scale.erasure import learnt
from bench.scale.paced import Paced
from bench.scale.promises import made
from bench.scale.scenario import Finding, Scenario, plain, within
from bench.scale.site import Site

DAYS: Final = 14
KEPT_DAYS: Final = 13
WATCHED: Final = 30.0
PROMISES: Final = 100
RATE: Final = 20.0
CHUNK: Final = 1_000_000
ROWS: Final = """
INSERT INTO parked (parked_id, waits_for, system, ref_id, milestone, status, at, final, correction, source,
  source_event, time, historical, traceparent, parked_at)
SELECT 'parked-' || number, 'awaiting_reference', 'erp', 'order-' || number, 'delivered', 'reached', at, false, false,
  'feed', 'event-' || number, at, false, '', at
FROM generate_series($1::bigint, $2::bigint) AS number
  CROSS JOIN LATERAL (
    SELECT now() - make_interval(secs => number::float8 / $3::bigint * $4::int * 86400) AS at) AS moment"""
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
    feed, looking = await site.feed(), asyncio.Lock()

    async def ask(number: int) -> None:
        await feed.send([made(f"new-{number}", f"somebody-{number % 97}")])
        async with looking:
            if await learnt(connection, f"new-{number}", WATCHED) > WATCHED:
                raise TimeoutError

    async with Paced(ask, RATE) as pace:
        await site.rest(PROMISES / RATE)
        await pace.finish(WATCHED)
    return pace


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
