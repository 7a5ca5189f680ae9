"""Starting and stopping a Kafka client so that no connection is left open."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Final

import structlog

from candor.ops.tasks import end

HANDSHAKE_SECONDS: Final = 3.0
"""How long a start that was cancelled may take to finish; a broker that hangs must not hold up the end of a process."""
log = structlog.get_logger("candor.messaging")


async def uncut(start: Coroutine[Any, Any, None]) -> None:
    """Run a client's `start`; if the caller is cancelled, let it finish before the cancellation goes on.

    aiokafka forgets a connection whose handshake is cancelled: nothing would ever close it.
    """
    starting = asyncio.ensure_future(start)
    try:
        await asyncio.shield(starting)
    except asyncio.CancelledError:
        await end(starting, grace=HANDSHAKE_SECONDS)
        raise


async def stopped(consumer: Any, seconds: float) -> None:
    """Stop a consumer within about `seconds`, whatever state Kafka is in; logs what failed and raises nothing.

    While a fetch waits to be repeated, as in an outage, aiokafka's own stop ends in a CancelledError that nobody asked
    for, with its connections open.
    """
    stopping = asyncio.ensure_future(consumer.stop())
    await end(stopping, grace=seconds)
    if not stopping.cancelled() and stopping.exception() is None:
        return
    log.debug("Kafka client did not stop by itself, closing its connections")
    closing = asyncio.ensure_future(consumer._client.close())
    await asyncio.wait({closing}, timeout=seconds)
    if not closing.done():
        log.warning("Kafka client not closed", seconds=seconds)
