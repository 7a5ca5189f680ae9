"""The event loop's lag is measured."""

import asyncio
import time

from candor.ops.loop_lag import LoopLag
from candor.ops.metrics import LOOP_LAG_SECONDS, REGISTRY


async def test_a_blocked_loop_is_measured() -> None:
    LOOP_LAG_SECONDS.set(-1)
    lag = LoopLag(every=0.01)
    running = asyncio.create_task(lag.run())
    await asyncio.sleep(0)
    time.sleep(0.2)  # noqa: ASYNC251 - blocking is the point
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await lag.stop()
    async with asyncio.timeout(10):
        await running
    seen = REGISTRY.get_sample_value("candor_event_loop_lag_seconds")
    assert seen is not None
    assert seen >= 0
