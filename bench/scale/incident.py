"""One incident on a place that very many live promises of one worker depend on."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from bench.scale.feed import Gaps
from bench.scale.others import calm, lived, others
from bench.scale.promises import live, names
from bench.scale.scenario import Finding, Scenario, said, within
from bench.scale.site import Site
from candor.contracts import Dependency, IncidentReported, IncidentStatus, Message, message

PLACE: Final = "depot"
WATCHED: Final = 60.0


def struck(number: int = 1, place: str = PLACE) -> Message:
    """An incident that has just begun at a place."""
    now, name = datetime.now(UTC), f"incident-{number}"
    data = IncidentReported(
        incident_id=name,
        status=IncidentStatus.OPENED,
        severity=0.6,
        category="strike",
        title="Strike at the depot",
        affects=[Dependency("site", place)],
        opened_at=now,
        source="scale",
        source_event=name,
    )
    return message(f"{name}.1", "delivery-svc", now, name, 1, data)


async def run(site: Site, count: int) -> Sequence[Finding]:
    """Fill, start the worker, let the incident come, and wait until every promise has another gap."""
    await live(site, count, PLACE)
    feed = await site.feed()
    worker = await site.start("risk-worker")
    async with Gaps(feed) as gaps, others(feed, gaps) as pace:
        calmly = await calm(site, pace)
        before, begun = worker.resident(), time.monotonic()
        gaps.forget()
        await feed.send([struck()])
        took = await _all_scored(gaps, count, begun)
        await pace.finish(max(1.0, begun + WATCHED - time.monotonic()))
    return [
        within("all scored anew", took, 10.0, WATCHED),
        calmly,
        within("others' scoring meanwhile, p99", pace.slowest(0.99), 1.0, WATCHED),
        said("memory of risk-worker before", before, "MiB"),
        *lived(worker),
    ]


async def _all_scored(gaps: Gaps, count: int, begun: float) -> float:
    try:
        async with asyncio.timeout(WATCHED):
            await gaps.all_of(names(count))
    except TimeoutError:
        return math.inf
    return time.monotonic() - begun


SCENARIOS = (
    Scenario(
        name="incident",
        about="one incident on a place that all of one worker's promises depend on",
        things="live promises",
        stated=100_000,
        run=run,
        row_bytes=1_500,
    ),
)
