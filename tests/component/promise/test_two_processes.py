"""Two processes on one ledger, and everybody revises the same promise at once."""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest_asyncio

from candor.contracts import Message, PromiseRevised, decode
from candor.records.packing import unpack
from promise_svc.settings import PromiseSettings
from tests.component.promise.bodies import REVISION, body, code
from tests.component.promise.test_process import free_port, start
from tests.support.api import Keys
from tests.support.servers import Databases
from tests.support.waiting import until


@dataclass
class Ledger:
    """The two processes as clients see them, and their database."""

    clients: list[httpx.AsyncClient]
    database: str

    async def made(self) -> dict[str, Any]:
        """A promise, made through the first process."""
        answer = await self.clients[0].post("/v1/promises", json=body(made_at="2013-03-01T00:00:00Z"))
        assert answer.status_code == 201, answer.text
        document: dict[str, Any] = answer.json()
        return document

    async def changes(self, name: str) -> list[tuple[int, str]]:
        """The history of a promise: version and reason, as both processes tell it."""
        first, second = [(await client.get(f"/v1/promises/{name}")).json() for client in self.clients]
        assert first == second
        return [(entry["version"], entry["reason"]) for entry in first["changes"]]

    async def sent(self, customer: str) -> list[Message]:
        """What the outbox holds for a customer, in the order in which it will be sent."""
        connection = await asyncpg.connect(self.database)
        try:
            rows = await connection.fetch("SELECT topic, records FROM outbox ORDER BY id")
        finally:
            await connection.close()
        records = [(row["topic"], record) for row in rows for record in unpack(row["records"])]
        return [decode(topic, one.headers, one.value) for topic, one in records if one.key == customer.encode()]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def ledger(postgres: str, databases: Databases, tmp_path_factory: Any) -> AsyncIterator[Ledger]:
    folder: Path = tmp_path_factory.mktemp("two")
    keys, prefix = Keys(folder), f"t{secrets.token_hex(5)}"
    files = {name.upper(): str(path) for name, path in keys.write().items()}
    headers = {"authorization": f"Bearer {keys.keys['operator']}"}
    async with AsyncExitStack() as stack:
        clients = []
        for _ in range(2):
            port = free_port()
            process = await start(
                "promise_svc",
                PORT=str(port),
                DATABASE_URL=postgres,
                DATABASE_PREFIX=prefix,
                PUBLISHING="false",
                LOG_LEVEL="ERROR",
                DRAIN_PAUSE_SECONDS="0",
                **files,
            )
            stack.push_async_callback(ended, process)
            client = httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=60)
            clients.append(await stack.enter_async_context(client))
            await until(partial(serving, client, process), seconds=120, pause=0.1)
        yield Ledger(clients, PromiseSettings(database_url=postgres, database_prefix=prefix, publishing=False).database)
    await databases.drop(PromiseSettings(database_url=postgres, database_prefix=prefix, publishing=False).database)


async def serving(client: httpx.AsyncClient, process: asyncio.subprocess.Process) -> bool:
    """Whether the process answers questions of its database."""
    assert process.returncode is None, "the process ended"
    try:
        return (await client.get("/v1/promises")).status_code == 200
    except httpx.TransportError:
        return False


async def ended(process: asyncio.subprocess.Process) -> None:
    """Stops a process and takes what it wrote."""
    if process.returncode is None:
        process.terminate()
    await asyncio.wait_for(process.communicate(), 60)


async def revise(client: httpx.AsyncClient, name: str, reason: str, version: int | None = None) -> httpx.Response:
    headers = {} if version is None else {"if-match": f'"{version}"'}
    return await client.post(f"/v1/promises/{name}/revisions", json=REVISION | {"reason": reason}, headers=headers)


async def test_revisions_at_once_through_two_processes_are_all_taken_once_and_in_one_order(ledger: Ledger) -> None:
    promise = await ledger.made()
    name = promise["promise_id"]
    reasons = [f"crew {number} is late" for number in range(60)]
    answers = await asyncio.gather(
        *(revise(ledger.clients[number % 2], name, reason) for number, reason in enumerate(reasons))
    )
    assert Counter(answer.status_code for answer in answers) == {200: 60}
    told = sorted((answer.json()["version"], reason) for answer, reason in zip(answers, reasons, strict=True))
    assert [version for version, _ in told] == list(range(2, 62))
    assert await ledger.changes(name) == told
    messages = await ledger.sent(promise["customer_id"])
    assert [item.envelope.version for item in messages] == list(range(1, 62))
    said = [(item.envelope.version, item.data.reason) for item in messages if isinstance(item.data, PromiseRevised)]
    assert said == told


async def test_of_two_who_revise_the_same_version_one_wins_and_the_other_hears_that_it_changed(ledger: Ledger) -> None:
    promise = await ledger.made()
    name, won = promise["promise_id"], []
    for version in range(1, 21):
        reasons = [f"{place} on version {version}" for place in ("first", "second")]
        answers = await asyncio.gather(
            *(revise(client, name, reason, version) for client, reason in zip(ledger.clients, reasons, strict=True))
        )
        by_status = {answer.status_code: (answer, reason) for answer, reason in zip(answers, reasons, strict=True)}
        assert set(by_status) == {200, 412}
        assert code(by_status[412][0]) == "version_changed"
        answer, reason = by_status[200]
        assert (answer.json()["version"], answer.headers["etag"]) == (version + 1, f'"{version + 1}"')
        won.append((version + 1, reason))
    assert await ledger.changes(name) == won
    messages = await ledger.sent(promise["customer_id"])
    assert [item.envelope.version for item in messages] == list(range(1, 22))
    assert [item.data.reason for item in messages if isinstance(item.data, PromiseRevised)] == [r for _, r in won]


async def test_the_same_request_sent_to_both_processes_is_one_revision(ledger: Ledger) -> None:
    promise = await ledger.made()
    name = promise["promise_id"]
    headers = {"idempotency-key": secrets.token_hex(8)}
    answers = await asyncio.gather(
        *(client.post(f"/v1/promises/{name}/revisions", json=REVISION, headers=headers) for client in ledger.clients)
    )
    assert [(answer.status_code, answer.json()["version"]) for answer in answers] == [(200, 2)] * 2
    assert await ledger.changes(name) == [(2, REVISION["reason"])]
    assert len(await ledger.sent(promise["customer_id"])) == 2
