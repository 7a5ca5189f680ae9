"""Ending an asyncio server without a connection that nobody closes."""

from __future__ import annotations

import asyncio


async def close(server: asyncio.Server) -> None:
    """Stop accepting, then close; Python 3.11 leaks a connection that is accepted in the moment of `Server.close`."""
    loop = asyncio.get_running_loop()
    for listening in server.sockets:
        loop.remove_reader(listening.fileno())
    # What was accepted gets its transport in the loop's next rounds.
    for _ in range(3):
        await asyncio.sleep(0)
    server.close()
