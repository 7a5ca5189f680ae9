"""PostgreSQL is killed and comes back while nobody asks: the first request afterwards is answered, of every service."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from candor.local.postgres import PostgresServer
from tests.component.delivery import reports
from tests.component.promise import bodies
from tests.component.services.conftest import Started
from tests.support.api import Api
from tests.support.servers import own_folder

Call = tuple[str, str, Any]

READS: dict[str, Call] = {
    "promise-svc": ("GET", "/v1/promises?customer_id=c-1", None),
    "delivery-svc": ("GET", "/v1/milestones?promise_id=p-1", None),
    "risk-web": ("GET", "/v1/gaps", None),
    "notify-svc": ("GET", "/v1/notices", None),
}


def writes() -> dict[str, Call]:
    return {
        "promise-svc": ("POST", "/v1/promises", bodies.body(due="2113-03-09T12:00:00Z")),
        "delivery-svc": ("POST", "/v1/milestones", reports.milestone(reports.new())),
        "notify-svc": ("PUT", "/v1/sending", {"enabled": True}),
    }


FIRST = [(name, call) for calls in (READS, writes()) for name, call in calls.items()]


@pytest.fixture(scope="module")
def own_server() -> Iterator[PostgresServer]:
    """A PostgreSQL that the tests of this file may kill."""
    with own_folder("killed") as folder:
        server = PostgresServer(folder, None)
        server.start()
        try:
            yield server
        finally:
            server.stop()


async def warm(api: Api, process: str) -> None:
    """Several connections in either pool, as after a busy hour."""
    calls = [READS[process], *([writes()[process]] if process in writes() else [])]
    answers = await asyncio.gather(*(api.call(*call) for call in calls * 4))
    assert [answer.text for answer in answers if answer.status_code // 100 != 2] == []


@pytest.mark.parametrize(("process", "call"), FIRST, ids=[f"{name} {call[0]}" for name, call in FIRST])
async def test_the_first_request_afterwards_is_answered(
    own_server: PostgresServer, start: Started, process: str, call: Call
) -> None:
    async with start(process, database_url=own_server.url) as api:
        await warm(api, process)
        await asyncio.to_thread(own_server.kill)
        await asyncio.to_thread(own_server.start)
        answer = await api.call(*call)
        assert answer.status_code // 100 == 2, answer.text
