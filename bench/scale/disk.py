"""What promises and reports take on the disk: every database, and Kafka."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import httpx

from bench.scale.bulk import database_size, until
from bench.scale.process import Process
from bench.scale.reports import report
from bench.scale.scenario import Finding, Scenario, said
from bench.scale.site import OWN, Site

REPORTS: Final = 10
"""Reports of each promise."""
AT_ONCE: Final = 16
PROCESSES: Final = ("promise-svc", "delivery-svc", "risk-worker", "notify-svc")
WATCHED: Final = 120.0
MB: Final = 1e6


async def run(site: Site, count: int) -> Sequence[Finding]:
    """All promises over HTTP and then their reports; the disk is measured before, between and after."""
    await site.feed()
    running = {name: await site.start(name) for name in PROCESSES}
    empty = await _taken(site)
    await _promised(site, running["promise-svc"], count)
    await _settled(site, "SELECT count(*) FROM promise_state", count)
    promised = await _taken(site)
    now = datetime.now(UTC)
    steps = [
        {
            "promise_id": f"p-{number % count}",
            "milestone": f"step {number // count}",
            "status": "reached",
            "at": (now - timedelta(seconds=10 * count - number)).isoformat(),
        }
        for number in range(REPORTS * count)
    ]
    await report(site, running["delivery-svc"], "milestone.reported", steps, "steps")
    await _settled(site, "SELECT coalesce(sum(n), 0) FROM journal", count * (REPORTS + 1))
    reported = await _taken(site)
    found = []
    for what, much, older, newer in (
        ("1,000 promises", count / 1_000, empty, promised),
        ("10,000 reports", count * REPORTS / 10_000, promised, reported),
    ):
        found += [
            said(f"{what}: {place}", (newer[place] - older[place]) / much / MB, "MB") for place in (*OWN, "Kafka")
        ]
    return found


async def _promised(site: Site, service: Process, count: int) -> None:
    due = (datetime.now(UTC) + timedelta(days=5)).isoformat()
    numbers = iter(range(count))

    async def one() -> None:
        for number in numbers:
            body = {
                "promise_id": f"p-{number}",
                "customer_id": f"cust-{number % 500}",
                "kind": "install",
                "what": "Espresso machine installed, water line and training included",
                "due": due,
                "labels": {"region": "north", "crew": "crew-7"},
                "milestones": [{"name": f"step {n}", "told": True} for n in range(REPORTS)],
                "references": [{"system": "crm", "id": f"order-{number}"}],
                "value": 4200.0,
                "currency": "EUR",
            }
            headers = {**site.headers, "Content-Type": "application/json", "Idempotency-Key": f"k-{number}"}
            answer: httpx.Response = await site.client.post(
                f"{service.url}/v1/promises", content=json.dumps(body), headers=headers
            )
            answer.raise_for_status()

    await asyncio.gather(*(one() for _ in range(AT_ONCE)))


async def _settled(site: Site, query: str, least: int) -> None:
    """Return once risk-svc's database says so, and nobody writes any more."""
    connection = await site.connect("risk-svc")
    try:
        async with asyncio.timeout(WATCHED):
            await until(connection, query, least)
    finally:
        await connection.close()
    await asyncio.sleep(3)


async def _taken(site: Site) -> dict[str, float]:
    """Bytes by service's database, and of the topics' logs."""
    found: dict[str, float] = {}
    for service in OWN:
        connection = await site.connect(service)
        try:
            found[service] = await database_size(connection)
        finally:
            await connection.close()
    logs = site.stage.folder.rglob(f"{site.topics}*/*.log")
    return {**found, "Kafka": float(sum(path.stat().st_size for path in logs))}


SCENARIOS = (
    Scenario(
        name="disk",
        about="what promises with ten reports each take on the disk",
        things="promises",
        stated=2_000,
        run=run,
    ),
)
