"""Two services on real parts, one that sends and one that reads, whose partitions are grown under load."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from candor.growing.growth import Growing
from candor.growing.site import Reader, Service, Site
from candor.messaging.consumer import Worker
from candor.messaging.growth import GrowthWatch, PartitionsGrownError, as_grown
from candor.messaging.more_partitions import SharedTopics
from candor.messaging.relay import Relay
from candor.ops.settings import Settings
from candor.runtime import Background
from candor.store.db import Database
from candor.store.moving import ByKey
from candor.store.unit_of_work import unit_of_work
from tests.support.ledger.book import GROUP, LedgerHandler, withdrawn
from tests.support.waiting import until

SENDER = "promise-svc"
CARDS = ("promises", "milestones")
EFFECTS = ByKey("effect", "id", "replace(subject, 'p', 'c')", "bigint", 0)
"""The promise of customer c7 is p7."""
CUSTOMERS = 40
Parts = Callable[[Settings, Database], Sequence[Background]]


class Grounds:
    """The databases of both, and how often each of their processes was started."""

    def __init__(self, settings: dict[str, Settings], databases: dict[str, Database], topic_settings: Settings) -> None:
        self.settings = settings
        self.databases = databases
        self.topics = SharedTopics(topic_settings)
        self.starts: list[tuple[str, int]] = []
        self.sent: dict[str, tuple[str, str, int]] = {}
        self.said: list[str] = []

    def growing(self, kind: Callable[[Service, Database], Site] = Site) -> Growing:
        reader = Service(GROUP, (Reader(GROUP, CARDS),), (EFFECTS,))
        sites = [kind(Service(SENDER), self.databases[SENDER]), kind(reader, self.databases[GROUP])]
        return Growing(sites, self.topics, self.said.append)

    @asynccontextmanager
    async def processes(self) -> AsyncIterator[None]:
        """Both processes, each started again whenever it ends because the partitions were grown."""
        tasks = [
            asyncio.create_task(self._process(SENDER, lambda s, d: [Relay(s, d, keeps=True)])),
            asyncio.create_task(self._process(GROUP, lambda s, d: [Worker(s, d, LedgerHandler(CARDS), GROUP)])),
        ]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _process(self, name: str, parts: Parts) -> None:
        while True:
            database = await Database.open(self.databases[name].url)
            try:
                settings = await as_grown(self.settings[name], database)
                self.starts.append((name, settings.partitions))
                await _run(GrowthWatch(database), parts(settings, database))
            finally:
                await database.close()

    @asynccontextmanager
    async def load(self) -> AsyncIterator[None]:
        """Events of each customer in turn, by a process that never learns of the new number."""
        stopping = asyncio.Event()
        task = asyncio.create_task(self._send(stopping))
        try:
            yield
        finally:
            stopping.set()
            await task

    async def _send(self, stopping: asyncio.Event) -> None:
        version = 0
        old = await Database.open(self.databases[SENDER].url)
        while not stopping.is_set():
            version += 1
            events = [withdrawn(f"c{n}", f"p{n}", version) for n in range(CUSTOMERS)]
            async with unit_of_work(old) as uow:
                uow.emit(events)
            for event in events:
                self.sent[event.envelope.id] = ("promises", event.envelope.subject, version)
            with suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), 0.05)
        await old.close()

    async def arrived(self) -> None:
        """Return once there are as many effects as events."""

        async def all_there() -> bool:
            return await self.effects() >= len(self.sent)

        await until(all_there)

    async def effects(self) -> int:
        return int(await self.databases[GROUP].pool.fetchval("SELECT count(*) FROM effect"))

    async def places(self, name: str, columns: str, table: str) -> list[Any]:
        return [tuple(row) for row in await self.databases[name].pool.fetch(f"SELECT {columns} FROM {table}")]


async def _run(watch: GrowthWatch, parts: Sequence[Background]) -> None:
    tasks = [asyncio.create_task(part.run()) for part in parts]
    try:
        with suppress(PartitionsGrownError):
            await watch.run()
    finally:
        for part in parts:
            await asyncio.shield(part.stop())
        await asyncio.gather(*tasks)


class KilledError(Exception):
    """The tool was killed."""


def dying(step: str, times: int) -> Callable[[Service, Database], Site]:
    """Sites of a tool that is killed right after the `times`-th time that it has done a step."""
    left = [times]

    class Dying(Site):
        def __getattribute__(self, name: str) -> Any:
            found = super().__getattribute__(name)
            if name != step:
                return found

            async def done(*args: Any, **more: Any) -> Any:
                answer = await found(*args, **more)
                left[0] -= 1
                if left[0] == 0:
                    raise KilledError(step)
                return answer

            return done

    return Dying
