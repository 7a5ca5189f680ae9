"""Runs a replay for a command, with its own HTTP client and a clean stop on Ctrl-C."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterable
from typing import Final

import httpx

from candor.replay.engine import Outcome, Replay
from candor.replay.sending import Endpoints, WebhookSender
from candor.replay.stream import StreamEvent
from candor.replay.where import Pace

CONCURRENCY: Final = 32
TIMEOUT: Final = httpx.Timeout(30, connect=5)


def client(concurrency: int = CONCURRENCY) -> httpx.AsyncClient:
    """An HTTP client that ignores proxies of the environment because its targets are named and mostly on loopback."""
    limits = httpx.Limits(max_connections=concurrency, max_keepalive_connections=concurrency)
    return httpx.AsyncClient(timeout=TIMEOUT, limits=limits, trust_env=False)


async def send_stream(
    events: Iterable[StreamEvent],
    endpoints: Endpoints,
    source: str,
    secret: str,
    paced: Pace,
    report: Callable[[Outcome], None],
    *,
    interruptible: bool = True,
) -> Outcome:
    """Replay the events until all are answered; the first Ctrl-C lets requests in flight finish, then ends it.

    `interruptible` false leaves Ctrl-C to the caller.
    """
    async with client() as http:
        sender = WebhookSender(http, endpoints, source, secret)
        replay = Replay(sender, paced.clock, paced.speed, concurrency=CONCURRENCY, report=report)
        if not interruptible:
            return await replay.run(events)
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGINT, replay.stop)
        try:
            return await replay.run(events)
        finally:
            loop.remove_signal_handler(signal.SIGINT)
