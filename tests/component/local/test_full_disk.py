"""A disk that is really full under the database, and under the broker: said, survived, and nothing accepted is lost."""

from __future__ import annotations

import asyncio
import itertools
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import httpx
import pytest

from candor.errors import OperatorError
from candor.installation.folder import Folder
from candor.local.commands.doctor import disk as examined
from candor.local.restarts import LONGEST_SECONDS, DiskSpace, Restarts
from candor.local.secret_files import add_key, ensure_secrets
from candor.local.stack import SERVICES, Stack
from candor.web.security.auth import Role
from tests.support.servers import HOME, own_folder
from tests.support.small_disk import SmallDisk, small_disk
from tests.support.waiting import until

pytestmark = pytest.mark.long

PROMISES = [service for service in SERVICES if service.name == "promise-svc"]
ROOMY_MIB = 3000
REFUSALS = 400
"""So many that the services' own log lines find no room either."""
AT_ONCE = 16


@pytest.fixture
def disk() -> Iterator[SmallDisk]:
    with own_folder("full") as folder, small_disk(folder.root / "disk", ROOMY_MIB) as mounted:
        yield mounted


class Trial:
    """A stack on the small disk, a client that keeps what was accepted, and a supervisor whose clock we turn."""

    def __init__(self, disk: SmallDisk, names: dict[str, str]) -> None:
        self.disk = disk
        self.folder = Folder.at(disk.path, HOME / "jars")
        self.stack = Stack(self.folder, services=PROMISES, env=names, usual_ports=False)
        self.database = f"{names['DATABASE_PREFIX']}_promise"
        self.key = add_key(ensure_secrets(self.folder), "test", Role.OPERATOR)
        self.said: list[str] = []
        self.accepted: list[str] = []
        self.statuses: Counter[int] = Counter()
        self._numbers = itertools.count()
        self._restarts = Restarts(self.stack, self.said.append)
        self._room = DiskSpace(self.folder.root, self.said.append)
        self._now = 0.0

    def look(self) -> None:
        """What `candor up` does twice a second; here half a minute is over each time."""
        self._now += LONGEST_SECONDS
        self._room.look()
        self._restarts.look(self._now)

    async def promise(self, http: httpx.AsyncClient) -> None:
        name = f"p-{next(self._numbers)}"
        body: dict[str, Any] = {
            "promise_id": name,
            "customer_id": "acme",
            "kind": "install",
            "what": secrets.token_hex(400),
            "due": (datetime.now(UTC) + timedelta(days=1)).isoformat(),
            "references": [{"system": "crm", "id": secrets.token_hex(50)} for _ in range(20)],
        }
        try:
            answer = await http.post("/v1/promises", json=body)
        except httpx.TransportError:
            return
        self.statuses[answer.status_code] += 1
        if answer.is_success:
            self.accepted.append(name)

    async def send_until(self, enough: Callable[[], bool]) -> None:
        url, headers = self.stack.urls["promise-svc"], {"authorization": f"Bearer {self.key}"}
        async with (
            httpx.AsyncClient(base_url=url, headers=headers, timeout=60, trust_env=False) as http,
            asyncio.timeout(120),
        ):
            while not enough():
                await asyncio.gather(*(self.promise(http) for _ in range(AT_ONCE)))
                await asyncio.to_thread(self.look)

    async def rows(self, statement: str) -> Any:
        connection = await asyncpg.connect(f"{self.stack.database_url}/{self.database}")
        try:
            return await connection.fetch(statement)
        finally:
            await connection.close()


async def fills_up_and_goes_on(trial: Trial, meanwhile: Callable[[], Awaitable[None]] | None = None) -> None:
    disk = trial.disk
    await trial.send_until(lambda: len(trial.accepted) > 200)
    assert set(trial.statuses) == {201}
    disk.is_full_but_for(16)
    await trial.send_until(lambda: trial.statuses[503] >= REFUSALS)
    assert set(trial.statuses) == {201, 503}, "what cannot be stored is 503: not 500, and never a success"
    found = examined(trial.folder)
    assert found.ok is False
    assert found.mend.startswith("free some space: ")
    assert str(disk.path) in found.detail
    low = [line for line in trial.said if line.startswith(f"the disk that holds {disk.path} has 0 MiB left: ")]
    assert len(low) == 1
    if meanwhile is not None:
        await meanwhile()
    disk.has(ROOMY_MIB)
    before = len(trial.accepted)
    await trial.send_until(lambda: len(trial.accepted) > before + 100)
    assert f"the disk that holds {disk.path} has" in "".join(trial.said)
    stored = {row["promise_id"] for row in await trial.rows("SELECT promise_id FROM promise")}
    assert set(trial.accepted) - stored == set()

    async def published() -> bool:
        await asyncio.to_thread(trial.look)
        return not await trial.rows("SELECT 1 FROM outbox WHERE published_at IS NULL LIMIT 1")

    await until(published, seconds=120, pause=0.2)


def names(topic_prefix: str) -> dict[str, str]:
    return {"TOPIC_PREFIX": topic_prefix, "DATABASE_PREFIX": f"t{secrets.token_hex(5)}"}


async def test_a_disk_that_fills_up_under_the_database(
    disk: SmallDisk, kafka: str, topic_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", kafka)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    disk.has(100)
    trial = Trial(disk, names(topic_prefix))
    with pytest.raises(OperatorError, match=r"holds .* has \d+ MiB left, 512 MiB are needed: free some space"):
        await asyncio.to_thread(trial.stack.start)
    disk.has(ROOMY_MIB)
    try:
        await asyncio.to_thread(trial.stack.start)
        await fills_up_and_goes_on(trial)
    finally:
        await asyncio.to_thread(trial.stack.stop)


async def test_a_broker_and_a_database_that_end_while_the_disk_is_full(
    disk: SmallDisk, topic_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KAFKA_BOOTSTRAP_SERVERS", raising=False)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    trial = Trial(disk, names(topic_prefix))

    async def end_for_want_of_room() -> None:
        broker, database = trial.stack.broker, trial.stack.database
        assert broker is not None
        assert database is not None
        for server, name, needed in ((broker, "kafka", 1024), (database, "postgres", 512)):
            await asyncio.to_thread(server.kill)
            for _ in range(2):
                await asyncio.to_thread(trial.look)
            assert any(line.startswith(f"{name} ended by itself") for line in trial.said)
            room = f"the disk that holds {disk.path} has 0 MiB left, {needed} MiB are needed: free some space"
            assert f"{name} cannot be started: {room}; trying again in 30 s" in trial.said

    try:
        await asyncio.to_thread(trial.stack.start)
        await fills_up_and_goes_on(trial, end_for_want_of_room)
    finally:
        await asyncio.to_thread(trial.stack.stop)
