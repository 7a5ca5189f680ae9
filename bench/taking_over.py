"""One fresh process that takes a partition over: seconds, memory, and how long its event loop stood still.

python -m bench.taking_over          (DATABASE_URL of risk-svc's filled database; prints one line of JSON)
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import time
from datetime import UTC, datetime, timedelta

import psutil

from bench.live_promises import START
from candor.messaging.limits import Limits
from candor.messaging.planning import OwnedPartition
from candor.messaging.transaction import TransactionRunner
from candor.ops import garbage
from candor.ops.clock import BusinessClock
from candor.store.db import Database
from risk_svc.forecasting.live import PublishedModel
from risk_svc.worker.handlers import RiskHandler

BEAT_S = 0.005


class Pulse:
    """Notices how long the event loop does nothing else."""

    def __init__(self) -> None:
        self.longest = 0.0
        self.busiest = 0.0

    async def run(self) -> None:
        """Beat until cancelled."""
        while True:
            before, used = time.perf_counter(), time.thread_time()
            await asyncio.sleep(BEAT_S)
            self.longest = max(self.longest, time.perf_counter() - before - BEAT_S)
            self.busiest = max(self.busiest, time.thread_time() - used)


async def run() -> dict[str, float]:
    """Load partition 0 as a worker does, and measure."""
    database = await Database.open(os.environ["DATABASE_URL"])
    await database.pool.execute("DELETE FROM lease")
    for number in (0, 1):
        await database.pool.execute("INSERT INTO lease VALUES ('risk-svc', $1, 'bench', 1, '{}')", number)
    handler = RiskHandler(PublishedModel(), BusinessClock(START + timedelta(hours=62), 1.0, datetime.now(UTC)))
    turns = TransactionRunner(database, "risk-svc", handler, Limits(), lambda: None)
    pulse = Pulse()
    beating = asyncio.create_task(pulse.run())
    garbage.settle()
    process = psutil.Process()
    # An empty partition first: statements are prepared and buffers made before the first look at the memory.
    await turns.reload(OwnedPartition(partition=1, epoch=1, offsets={}))
    before, begun, used = process.memory_info().rss, time.perf_counter(), time.process_time()
    with garbage.held():
        await turns.reload(OwnedPartition(partition=0, epoch=1, offsets={}))
    seconds, cpu = time.perf_counter() - begun, time.process_time() - used
    beating.cancel()
    gc.collect()
    resident = process.memory_info().rss - before
    await database.close()
    count = handler.cache.promises
    return {
        "promises": count,
        "seconds": seconds,
        "CPU s": cpu,
        "longest stop ms": pulse.longest * 1000,
        "of it our CPU ms": pulse.busiest * 1000,
        "bytes a promise": resident / count,
    }


if __name__ == "__main__":
    import uvloop

    print(json.dumps(uvloop.run(run())))
