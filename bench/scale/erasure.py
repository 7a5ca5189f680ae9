"""A customer is erased while the outbox is large: at promise-svc by HTTP, at delivery-svc by the event of it."""

from __future__ import annotations

import asyncio
import json
import math
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import asyncpg
import httpx

from bench.scale.bulk import database_size
from bench.scale.outbox import RECEIPTS, fill
from bench.scale.paced import Paced
from bench.scale.process import Process
from bench.scale.promises import made
from bench.scale.scenario import Finding, Scenario, plain, within
from bench.scale.site import Site
from candor.contracts import CustomerErased, message

GONE: Final = "gone"
THEIRS: Final = 20
WATCHED: Final = 60.0
RATE: Final = 20.0
ANSWERED: Final = 10.0
INTAKE: Final = 0.25


async def at_the_ledger(site: Site, count: int) -> Sequence[Finding]:
    """`DELETE /v1/customers/{id}` beside a steady intake of promises of others."""
    size = await _full(site, "promise-svc", count)
    service = await site.start("promise-svc")
    for number in range(THEIRS):
        await _promise(site, service, f"theirs-{number}", GONE)

    async def ask(number: int) -> None:
        await _promise(site, service, f"other-{number}", f"somebody-{number % 97}")

    async with Paced(ask, RATE) as pace:
        await pace.first()
        await site.rest(3)
        pace.mark()
        took, status = await _erased(site, service)
        await site.rest(5)
        await pace.finish(WATCHED)
    return [
        Finding("the outbox and its receipts", size),
        within(f"DELETE answered ({status})", took, ANSWERED, WATCHED),
        within("intake of others meanwhile, p99", pace.slowest(0.99), INTAKE, WATCHED),
    ]


async def at_delivery(site: Site, count: int) -> Sequence[Finding]:
    """The event of an erasure, behind it new promises that have to be learnt."""
    size = await _full(site, "delivery-svc", count)
    feed = await site.feed()
    await feed.send([made(f"theirs-{number}", GONE) for number in range(THEIRS)])
    await site.start("delivery-svc")
    connection = await site.connect("delivery-svc")
    try:
        await learnt(connection, f"theirs-{THEIRS - 1}", WATCHED)
        now, begun = datetime.now(UTC), time.monotonic()
        # Same key, so that it lies behind the erasure in the partition's order.
        erased = message("erased.1", "promise-svc", now, GONE, 1, CustomerErased(GONE))
        await feed.send([erased, made("later", GONE)])
        applied = await _gone(connection, begun)
        behind = (
            time.monotonic() - begun + await learnt(connection, "later", max(1.0, begun + WATCHED - time.monotonic()))
        )
    finally:
        await connection.close()
    return [
        Finding("the outbox and its receipts", size),
        within("the erasure applied", applied, ANSWERED, WATCHED),
        within("a promise behind it learnt", behind, ANSWERED, WATCHED),
    ]


async def learnt(connection: asyncpg.Connection[Any], promise_id: str, patience: float) -> float:
    """Seconds until delivery-svc knows the promise; infinite after `patience`."""
    begun = time.monotonic()
    while time.monotonic() - begun < patience:
        if await connection.fetchval("SELECT 1 FROM promise WHERE promise_id = $1", promise_id):
            return time.monotonic() - begun
        await asyncio.sleep(0.02)
    return math.inf


async def _gone(connection: asyncpg.Connection[Any], begun: float) -> float:
    while time.monotonic() - begun < WATCHED:
        if not await connection.fetchval("SELECT 1 FROM promise WHERE promise_id = 'theirs-0'"):
            return time.monotonic() - begun
        await asyncio.sleep(0.02)
    return math.inf


async def _full(site: Site, service: str, count: int) -> str:
    connection = await site.connect(service)
    try:
        await fill(connection, count, site.partitions)
        taken = await database_size(connection) / 1e9
        return f"{count:,} rows, {max(1, count // RECEIPTS):,} receipts, {plain(taken)} GB"
    finally:
        await connection.close()


async def _promise(site: Site, service: Process, promise_id: str, customer_id: str) -> None:
    due = (datetime.now(UTC) + timedelta(days=5)).isoformat()
    body = {"promise_id": promise_id, "customer_id": customer_id, "kind": "install", "what": "Installed", "due": due}
    headers = {**site.headers, "Content-Type": "application/json"}
    answer = await site.client.post(f"{service.url}/v1/promises", content=json.dumps(body), headers=headers)
    answer.raise_for_status()


async def _erased(site: Site, service: Process) -> tuple[float, str]:
    """Seconds until the erasure was answered well, and with what; it is asked again while it is refused."""
    begun, status = time.monotonic(), "no answer"
    while time.monotonic() - begun < WATCHED:
        with suppress(httpx.HTTPError):
            answer = await site.client.delete(
                f"{service.url}/v1/customers/{GONE}", headers=site.headers, timeout=WATCHED
            )
            status = str(answer.status_code)
            if answer.is_success:
                return time.monotonic() - begun, status
        await asyncio.sleep(0.5)
    return math.inf, status


SCENARIOS = (
    Scenario(
        name="erasure",
        about="a customer is erased at promise-svc, among the rows of everybody's sent events",
        things="outbox rows",
        stated=12_000_000,
        run=at_the_ledger,
        deadline=600,
        row_bytes=1_100,
    ),
    Scenario(
        name="erasure-delivery",
        about="the erasure of a customer reaches delivery-svc, whose outbox is large too",
        things="outbox rows",
        stated=12_000_000,
        usual=0.5,
        run=at_delivery,
        deadline=600,
        row_bytes=1_100,
    ),
)
