"""Tasks that end for certain: cancelled until they are done, or given up as soon as a process is to stop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final

AGAIN_SECONDS: Final = 5.0
"""When a cancellation is repeated: later than the clean-up of any task takes, which it would cut short."""


async def end(*tasks: asyncio.Future[Any], grace: float = 0.0) -> None:
    """Cancel tasks and return once all of them have ended; their results and errors are discarded.

    They have `grace` seconds to end by themselves first.
    Python 3.11 loses a cancellation that coincides with a result (`asyncio.wait_for`), so it is repeated.
    """
    left = {task for task in tasks if not task.done()}
    if left and grace:
        _, left = await asyncio.wait(left, timeout=grace)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=AGAIN_SECONDS)
    for task in tasks:
        if not task.cancelled():
            # Otherwise asyncio would log the error as one that nobody looked at.
            task.exception()


async def unless(
    stopping: asyncio.Event, work: Coroutine[Any, Any, object], *, alive: Callable[[], None] = lambda: None
) -> bool:
    """Do `work` unless `stopping` is set first; return whether it was done, and raise what it raises.

    `alive` is called every second while it goes on.
    """
    working = asyncio.ensure_future(work)
    stop = asyncio.ensure_future(stopping.wait())
    try:
        while not working.done() and not stop.done():
            alive()
            await asyncio.wait({working, stop}, timeout=1, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            working.result()
        return working.done()
    finally:
        await end(working, stop)
