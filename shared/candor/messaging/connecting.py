"""Starting a Kafka client so that cancelling it leaves no connection open."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Final

from candor.ops.tasks import end

HANDSHAKE_SECONDS: Final = 3.0
"""How long a start that was cancelled may take to finish; a broker that hangs must not hold up the end of a process."""


async def uncut(start: Coroutine[Any, Any, None]) -> None:
    """Run a client's `start`; if the caller is cancelled, let it finish before the cancellation goes on.

    aiokafka forgets a connection whose handshake is cancelled: nothing would ever close it.
    """
    starting = asyncio.ensure_future(start)
    try:
        await asyncio.shield(starting)
    except asyncio.CancelledError:
        await asyncio.wait({starting}, timeout=HANDSHAKE_SECONDS)
        await end(starting)
        raise
