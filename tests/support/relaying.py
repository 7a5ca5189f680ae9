"""One service's outbox and topics, and relays on them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from candor.contracts import Message
from candor.messaging.relay import Relay
from candor.ops.settings import Settings
from candor.store.db import Database
from candor.store.unit_of_work import unit_of_work
from tests.support.topics import reading
from tests.support.waiting import until


class Place:
    """One service's database and topics."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self.database = database
        self.settings = settings

    async def emit(self, *messages: Message) -> None:
        async with unit_of_work(self.database) as uow:
            uow.emit(messages)

    async def unsent(self) -> int:
        count: int = await self.database.pool.fetchval("SELECT count(*) FROM outbox WHERE published_at IS NULL")
        return count

    async def drained(self) -> None:
        async def empty() -> bool:
            return await self.unsent() == 0

        await until(empty)

    @asynccontextmanager
    async def relay(self, **options: Any) -> AsyncIterator[Relay]:
        relay = Relay(self.settings, self.database, **{"keeps": True, **options})
        running = asyncio.create_task(relay.run())
        try:
            yield relay
        finally:
            await relay.stop()
            await running

    def read(self, *cards: str) -> Any:
        return reading(self.settings.kafka_bootstrap_servers, self.settings.topic_prefix, cards)
