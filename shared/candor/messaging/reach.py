"""A cheap check, for probes, whether Kafka answers: one small request on a connection that stays open."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError
from aiokafka.protocol.admin import ApiVersionRequest

from candor.messaging.link import Link
from candor.ops.tasks import end

if TYPE_CHECKING:
    from candor.ops.settings import Settings

ANSWER_SECONDS: Final = 1.5
"""Below the deadline that readiness gives a check, so that our reason is the one reported."""
FRESH_SECONDS: Final = 1.5
REQUEST_SECONDS: Final = 1.5
"""When a connection attempt or a request counts as failed, however long the check waits."""
CLOSE_SECONDS: Final = 2.0
"""More than a request takes: one that is cut short leaves its connection open."""


class KafkaAwayError(Exception):
    """No broker answers; the text is for a probe."""


class KafkaReach:
    """Asks Kafka whether it is reachable, over one client that is kept through outages.

    A result, good or bad, is reused for `fresh` seconds (system time); a broker has `seconds` to answer. One answering
    broker is enough, whichever partitions it leads.
    """

    def __init__(self, settings: Settings, *, seconds: float = ANSWER_SECONDS, fresh: float = FRESH_SECONDS) -> None:
        self._servers = settings.kafka_bootstrap_servers
        self._link = Link(settings)
        self._name = f"{settings.service}-probe"
        self._seconds = seconds
        self._fresh = fresh
        self._client: AIOKafkaClient | None = None
        self._lock = asyncio.Lock()
        self._asking: asyncio.Task[str] | None = None
        self._asked = float("-inf")
        self._wrong = ""

    async def check(self) -> None:
        """Return while Kafka answers; raise KafkaAwayError otherwise, within `seconds`."""
        async with self._lock:
            if time.monotonic() - self._asked > self._fresh:
                self._wrong = await self._look()
                self._asked = time.monotonic()
        if self._wrong:
            raise KafkaAwayError(self._wrong)

    async def close(self) -> None:
        """Disconnect; takes little longer than CLOSE_SECONDS, unless a broker hangs in a handshake."""
        if self._asking is not None:
            await end(self._asking, grace=CLOSE_SECONDS)
            self._asking = None
        client, self._client = self._client, None
        if client is not None:
            await asyncio.wait({asyncio.ensure_future(client.close())}, timeout=CLOSE_SECONDS)

    async def _look(self) -> str:
        until = time.monotonic() + self._seconds
        if self._asking is not None:
            # Left over from a check that gave up waiting. If it failed, that was then: Kafka may be back by now.
            wrong = await self._answer(self._asking, until)
            if not wrong or self._asking is not None:
                return wrong
        self._asking = asyncio.create_task(self._ask())
        return await self._answer(self._asking, until)

    async def _answer(self, asking: asyncio.Task[str], until: float) -> str:
        # Never cut short: aiokafka forgets a connection whose handshake is cancelled, and nothing would close it.
        await asyncio.wait({asking}, timeout=max(until - time.monotonic(), 0))
        if not asking.done():
            return f"no answer from {self._servers} within {self._seconds:g} s"
        self._asking = None
        return asking.result()

    async def _ask(self) -> str:
        try:
            if not await self._any_answers():
                await self._find()
        except (KafkaError, OSError) as error:
            return f"{self._servers}: {type(error).__name__}"
        return ""

    async def _find(self) -> None:
        # Also after an outage: brokers may have returned under other addresses.
        if self._client is None:
            self._client = self._link.client(
                client_id=self._name,
                request_timeout_ms=int(REQUEST_SECONDS * 1000),
                metadata_max_age_ms=3_600_000,
            )
        await self._client.bootstrap()

    async def _any_answers(self) -> bool:
        if self._client is None:
            return False
        for broker in self._client.cluster.brokers():
            try:
                await self._client.send(broker.nodeId, ApiVersionRequest())
            except (KafkaError, OSError):
                continue
            return True
        return False
