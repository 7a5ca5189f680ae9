"""Thousands of incidents on one place: what the worker keeps, publishes and answers of the promises there."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from bench.scale.feed import Gaps
from bench.scale.incident import PLACE
from bench.scale.others import calm, lived, others
from bench.scale.promises import live, names
from bench.scale.reports import report
from bench.scale.scenario import Finding, Scenario, at_most, within
from bench.scale.site import Site

PROMISES: Final = 50
WATCHED: Final = 60.0
KIB: Final = 1024


def incidents(count: int) -> list[dict[str, Any]]:
    """So many incidents on one place, as delivery-svc is told of them."""
    now = datetime.now(UTC)
    return [
        {
            "incident_id": f"incident-{number}",
            "status": "opened",
            "severity": 0.6,
            "category": "strike",
            "title": f"Strike number {number} at the depot, of which nobody knows how long it lasts",
            "affects": [{"kind": "site", "id": PLACE}],
            "opened_at": (now - timedelta(seconds=count - number)).isoformat(),
        }
        for number in range(count)
    ]


async def run(site: Site, count: int) -> Sequence[Finding]:
    """Fifty promises, then all incidents through delivery-svc, then a page of gaps."""
    await live(site, PROMISES, PLACE)
    feed = await site.feed()
    delivery = await site.start("delivery-svc")
    worker = await site.start("risk-worker")
    async with Gaps(feed) as gaps, others(feed, gaps) as pace:
        calmly = await calm(site, pace)
        before = worker.resident()
        gaps.forget()
        answers = await report(site, delivery, "incident.reported", incidents(count), "incidents")
        begun = time.monotonic()
        took = await _scored(gaps, begun)
        await site.rest(5)
        await pace.finish(WATCHED)
    web = await site.start("risk-web")
    page = await site.client.get(f"{web.url}/v1/gaps", params={"limit": 200}, headers=site.headers)
    return [
        Finding("answers", "; ".join(dict.fromkeys(answers))[:120]),
        within("promises there scored anew", took, 10.0, WATCHED),
        calmly,
        within("others' scoring meanwhile, p99", pace.slowest(0.99), 1.0, WATCHED),
        *lived(worker),
        at_most("memory of the worker, at most, beside before", worker.peak() / before, 2.0, "×"),
        at_most("largest gap event", gaps.largest / KIB, 64, "KiB"),
        at_most("/v1/gaps?limit=200", len(page.content) / KIB, 1024, "KiB"),
    ]


async def _scored(gaps: Gaps, begun: float) -> float:
    try:
        async with asyncio.timeout(WATCHED):
            await gaps.all_of(names(PROMISES))
    except TimeoutError:
        return math.inf
    return time.monotonic() - begun


SCENARIOS = (
    Scenario(
        name="gaps",
        about=f"incidents without end on one place that {PROMISES} promises depend on",
        things="incidents",
        stated=3_000,
        run=run,
    ),
)
