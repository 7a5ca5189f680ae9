"""A cheap check, for probes, whether Kafka answers: one small request on a connection that stays open."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError
from aiokafka.protocol.admin import ApiVersionRequest

if TYPE_CHECKING:
    from candor.ops.settings import Settings

ANSWER_SECONDS: Final = 1.5
"""Below the deadline that readiness gives a check, so that our reason is the one reported."""
FRESH_SECONDS: Final = 1.5
CLOSE_SECONDS: Final = 1.0


class KafkaAwayError(Exception):
    """No broker answers; the text is for a probe."""


class KafkaReach:
    """Asks Kafka whether it is reachable, over one client that is kept through outages.

    A result, good or bad, is reused for `fresh` seconds (system time); a broker has `seconds` to answer. One answering
    broker is enough, whichever partitions it leads.
    """

    def __init__(self, settings: Settings, *, seconds: float = ANSWER_SECONDS, fresh: float = FRESH_SECONDS) -> None:
        self._servers = settings.kafka_bootstrap_servers
        self._name = f"{settings.service}-probe"
        self._seconds = seconds
        self._fresh = fresh
        self._client: AIOKafkaClient | None = None
        self._lock = asyncio.Lock()
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
        """Disconnect; never takes longer than CLOSE_SECONDS."""
        client, self._client = self._client, None
        if client is not None:
            await asyncio.wait({asyncio.ensure_future(client.close())}, timeout=CLOSE_SECONDS)

    async def _look(self) -> str:
        try:
            async with asyncio.timeout(self._seconds):
                if not await self._any_answers():
                    await self._find()
        except TimeoutError:
            return f"no answer from {self._servers} within {self._seconds:g} s"
        except (KafkaError, OSError) as error:
            return f"{self._servers}: {type(error).__name__}"
        return ""

    async def _find(self) -> None:
        # Also after an outage: brokers may have returned under other addresses.
        if self._client is None:
            self._client = AIOKafkaClient(
                bootstrap_servers=self._servers,
                client_id=self._name,
                request_timeout_ms=int(self._seconds * 1000),
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
