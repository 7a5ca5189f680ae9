"""A process's signs of life on `pulses`, sent without the outbox because a late sign of life is worthless."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import datetime
from math import isfinite
from typing import TYPE_CHECKING, Any, Final, Protocol

import structlog

from candor.contracts import ProcessAlive, encode, message
from candor.messaging.link import Link
from candor.messaging.producer import Producer
from candor.messaging.topics import ensure_topics, topic_name
from candor.ops.clock import SystemClock
from candor.ops.tasks import end, unless

if TYPE_CHECKING:
    from candor.ops.settings import Settings

log = structlog.get_logger("candor.pulse")
EVERY_SECONDS: Final = 1.0
ANSWER_SECONDS: Final = 3.0
LOOK_SECONDS: Final = 2.0
CLOSE_SECONDS: Final = 1.0
Reached = Callable[[], Awaitable[Mapping[int, float]]]
"""By partition, up to which system time (epoch seconds) a part's work is done."""


class Part(Protocol):
    """A part of a process that can report whether it stands still."""

    @property
    def standing_still(self) -> bool: ...


class Pulse:
    """A background that reports every second that the process is alive, and which of its parts stand still.

    `reaching` are those of its parts that also say how far their work is done. Any failure here is retried: a sign of
    life must never end the process that it reports on.
    """

    name = "pulse"

    def __init__(
        self, settings: Settings, role: str, parts: Mapping[str, Part], reaching: Mapping[str, Reached] | None = None
    ) -> None:
        self._settings = settings
        self._role = role
        self._parts = dict(parts)
        self._reaching = dict(reaching or {})
        self.held: Callable[[], int] = lambda: 0
        self.silent: Callable[[], Mapping[str, datetime]] = dict
        self._reached: dict[str, dict[int, float]] = {}
        self._instance = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
        self._producer: Producer | None = None
        self._version = 0
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Send until `stop` is called; waits out outages of Kafka."""
        await unless(self._stopping, self._connected())
        looking = [asyncio.create_task(self._look(name, reached)) for name, reached in self._reaching.items()]
        try:
            while not self._stopping.is_set():
                await self._say()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), EVERY_SECONDS)
        finally:
            await end(*looking)
            await self._close()

    async def stop(self) -> None:
        """End after the sign of life in progress."""
        self._stopping.set()

    async def _look(self, name: str, reached: Reached) -> None:
        # Beside the signs of life: a database that does not answer must not delay them. What was reached stays true.
        while True:
            with suppress(Exception):
                async with asyncio.timeout(LOOK_SECONDS):
                    found = await reached()
                self._reached[name] = {number: round(until, 3) for number, until in found.items() if isfinite(until)}
            await asyncio.sleep(EVERY_SECONDS / 2)

    async def _connected(self) -> None:
        # A topic that the broker creates automatically would have the broker's layout.
        while True:
            try:
                await ensure_topics(self._settings)
            except Exception as error:
                log.warning("no signs of life yet", error=type(error).__name__, consequence="the board says so")
                await asyncio.sleep(EVERY_SECONDS)
            else:
                return

    async def _say(self) -> None:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                acknowledged = await self._send()
                await acknowledged
        except Exception as error:
            log.warning("no sign of life sent", error=type(error).__name__, consequence="the board says so")
            await self._close()

    async def _send(self) -> asyncio.Future[Any]:
        if self._producer is None:
            producer = Producer(Link(self._settings), f"{self._settings.service}-pulse")
            await producer.start()
            self._producer = producer
        self._version += 1
        batch = self._producer.batch()
        batch.add(encode(message(*self._envelope(), self._alive())))
        return await self._producer.send(topic_name(self._settings.topic_prefix, ProcessAlive.TOPIC), 0, batch)

    def _envelope(self) -> tuple[str, str, Any, str, int]:
        name = f"{self._instance}.{self._version}"
        return name, f"/{self._settings.service}", SystemClock().now(), self._instance, self._version

    def _alive(self) -> ProcessAlive:
        stopped = [name for name, part in self._parts.items() if part.standing_still]
        silent = {name: since.timestamp() for name, since in self.silent().items()}
        return ProcessAlive(
            self._instance, self._settings.service, self._role, stopped, dict(self._reached), self.held(), silent
        )

    async def _close(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            await producer.close(CLOSE_SECONDS)
