"""A partition with very many live promises is taken over; and what a live promise costs in memory."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Sequence
from typing import Final

from bench.scale.feed import Gaps
from bench.scale.others import heartbeat, lived
from bench.scale.process import Process
from bench.scale.promises import customers, live, made
from bench.scale.scenario import Finding, Scenario, at_most, plain, said, within
from bench.scale.site import Site

WATCHED: Final = 75.0
SETTLE_SECONDS: Final = 3.0
LOOK_SECONDS: Final = 0.2
BLOCKED: Final = 0.2
LOADED: Final = 10.0
BYTES: Final = 1_024.0
SHARES: Final = (0.01, 0.1, 1.0)


async def run(site: Site, count: int) -> Sequence[Finding]:
    """Start a worker on a partition that is full, and wait until a new promise there is scored."""
    await live(site, count, partition=0)
    worker, took, blocked = await taken_over(site)
    return [
        within("scores in the partition, after it began to answer", took, LOADED, WATCHED),
        within("its event loop blocked, at most", blocked, BLOCKED, WATCHED),
        *lived(worker),
    ]


async def costs(site: Site, count: int) -> Sequence[Finding]:
    """Load a hundredth, a tenth and all of `count` promises, each into a worker of its own."""
    empty = await _empty(site)
    found = site.found
    found.append(said("memory of a worker without promises", empty, "MiB"))
    for share in SHARES:
        number = max(10, round(count * share))
        place = Site(site.stage, f"costs-{number}", brief=site.brief)
        try:
            await live(place, number)
            worker, took, blocked = await taken_over(place, number)
            each = (worker.resident() - empty) * 2**20 / number if math.isfinite(took) else math.inf
            found.append(at_most(f"memory of one of {number:,} live promises", each, BYTES, "B"))
            found.append(within(f"{plain(number)} loaded, after it began to answer", took, LOADED, WATCHED))
            found.append(within(f"event loop blocked by {plain(number)}, at most", blocked, BLOCKED, WATCHED))
        finally:
            await place.close()
    return found


async def _empty(site: Site) -> float:
    worker, _, _ = await taken_over(site)
    memory = worker.resident()
    await worker.stop()
    return memory


async def taken_over(site: Site, most: int = 1) -> tuple[Process, float, float]:
    """A worker that has scored in partition 0 and has `most` promises in memory.

    Returns the process, the seconds since it answered, and its longest standstill.
    """
    feed = await site.feed()
    async with Gaps(feed) as gaps:
        await feed.send([made("first", customers(site.partitions, 0)[0], "elsewhere")])
        worker = await site.start("risk-worker", wait=False)
        await worker.ready(site.client, "/livez")
        begun = time.monotonic()
        async with heartbeat(site, worker) as beat:
            try:
                async with asyncio.timeout(WATCHED):
                    await gaps.of("first")
                    # Partitions are loaded one after the other: the first score says nothing of the last of them.
                    await _held(site, worker, most)
                took = time.monotonic() - begun
            except TimeoutError:
                took = math.inf
            await site.rest(SETTLE_SECONDS if math.isfinite(took) else 0)
            await beat.finish(WATCHED)
        return worker, took, beat.slowest()


async def _held(site: Site, worker: Process, most: int) -> None:
    """Return once a worker has so many promises in memory; only it can say."""
    while await worker.figure(site.client, "candor_promises_in_memory") < most:  # noqa: ASYNC110
        await asyncio.sleep(LOOK_SECONDS)


SCENARIOS = (
    Scenario(
        name="takeover",
        about="a partition full of live promises is taken over",
        things="live promises in one partition",
        stated=750_000,
        run=run,
        deadline=420,
        row_bytes=1_500,
    ),
    Scenario(
        name="memory",
        about="what a live promise costs, and how fast they load",
        things="live promises, a tenth of them, and a hundredth",
        stated=1_000_000,
        run=costs,
        deadline=600,
        row_bytes=1_500,
    ),
)
