"""Every process clears what is too old as soon as it runs; what the services alone have, they clear too."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest

from tests.component.services.conftest import PROCESSES, Started
from tests.support.api import Api

RECEIPT = """INSERT INTO ingest (source, event_id, body_sha256, status, response, received_at)
VALUES ('crm', $1, '', 202, '', now() - make_interval(days => $2))"""
REJECTED = """INSERT INTO rejected (source, event_id, body_sha256, type, reason, detail, received_at)
VALUES ('crm', $1, '', 'promise.made', 'invalid_field', '', now() - make_interval(days => $2))"""
WRITERS = ("promise-svc", "delivery-svc")
CLEARED_FOR = ("risk-learner", "risk-insight", "risk-web")


async def left(api: Api, insert: str, table: str, connection: Any) -> list[str]:
    """The ids that are left of an old row and a young one, once the process, started again, has cleared."""
    await connection.execute(insert, "old", 31)
    await connection.execute(insert, "young", 29)
    supervisor = api.app.state.supervisor
    (background,) = (one for one, _ in supervisor._tasks if one.name == "retention")
    await background.clear()
    return [row["event_id"] for row in await connection.fetch(f"SELECT event_id FROM {table}")]


@pytest.mark.parametrize("process", PROCESSES)
async def test_old_receipts_go_wherever_something_writes(process: str, start: Started) -> None:
    async with start(process) as api:
        connection = await asyncio.wait_for(asyncpg.connect(api.app.state.settings.database), 10)
        if process in CLEARED_FOR:
            # The worker of the same database clears.
            assert "retention" not in [one.name for one, _ in api.app.state.supervisor._tasks]
        else:
            assert await left(api, RECEIPT, "ingest", connection) == ["young"]
        if process in WRITERS:
            assert await left(api, REJECTED, "rejected", connection) == ["young"]
        await connection.close()
