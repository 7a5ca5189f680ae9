"""The rows that `make scale` makes by the million are rows of the tables as they are, and states as they are saved."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import psutil
import pytest_asyncio

from bench.ground import Ground
from bench.scale import journal, notices, outbox, parked
from bench.scale.promises import live
from bench.scale.site import Site
from candor.records.packing import unpack
from risk_svc.domain.state import from_bytes
from risk_svc.store import states

COUNT = 60


@pytest_asyncio.fixture(loop_scope="session")
async def site(postgres: str, tmp_path: Path) -> AsyncIterator[Site]:
    made = Site(Ground("127.0.0.1:9", postgres, tmp_path, psutil.Process()), "rows")
    yield made
    await made.close()


async def indexes(connection: asyncpg.Connection[asyncpg.Record]) -> int:
    count: int = await connection.fetchval("SELECT count(*) FROM pg_indexes WHERE schemaname = 'public'")
    return count


async def test_live_promises_are_what_a_worker_loads(site: Site) -> None:
    await live(site, COUNT, "depot", partition=0)
    connection = await site.connect("risk-svc")
    try:
        found = [from_bytes(row) for _, row in await states.promise_page(connection, 0, "", COUNT + 1)]
        assert {state.promise_id for state in found} == {f"live-{number}" for number in range(COUNT)}
        assert {state.depends_on[0] for state in found} == {("site", "depot")}
        assert all(state.view.review > 0 and state.view.sent_standing == "open" for state in found)
        await connection.execute(journal.ROWS, 2)
        assert await connection.fetchval("SELECT max(length(entries)) FROM journal") == 2**20
    finally:
        await connection.close()


async def test_a_full_outbox_holds_sent_records_under_their_own_keys(site: Site) -> None:
    connection = await site.connect("promise-svc")
    try:
        before = await indexes(connection)
        await outbox.fill(connection, COUNT, site.partitions)
        assert await indexes(connection) == before
        rows = await connection.fetch("SELECT keys, records, published_at FROM outbox")
        assert len(rows) == COUNT
        for row in rows:
            assert row["published_at"] is not None
            assert [record.key.decode() for record in unpack(row["records"])] == row["keys"]
        assert await connection.fetchval("SELECT count(*) FROM ingest") == COUNT // outbox.RECEIPTS
    finally:
        await connection.close()


async def test_parked_reports_and_notices(site: Site) -> None:
    delivery, notify = await site.connect("delivery-svc"), await site.connect("notify-svc")
    try:
        before = await indexes(delivery), await indexes(notify)
        await parked.fill(delivery, 14 * COUNT)
        await notices.fill(notify, COUNT)
        assert (await indexes(delivery), await indexes(notify)) == before
        over = await delivery.fetchval(parked.EXPIRED, parked.KEPT_DAYS)
        assert abs(over - COUNT) <= 1
        assert await notify.fetchval("SELECT count(*) FROM notice JOIN delivery USING (notice_id, state)") == COUNT
    finally:
        await delivery.close()
        await notify.close()
