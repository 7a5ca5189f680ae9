"""A ledger worker as a process of its own, to be killed: `python -m tests.support.ledger.process …`."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
from collections.abc import Sequence
from typing import Any

from candor.messaging.consumer import Work, Worker
from candor.store.db import Database
from candor.store.unit_of_work import UnitOfWork, unit_of_work
from tests.support.ledger.book import GROUP, LedgerHandler, settings_for


class SavesLater(LedgerHandler):
    """The broken build: the offset commits with an empty transaction, the effects follow in another one.

    With `dies` it is killed (-9) exactly between the two, the first time: a kill from outside may miss that moment.
    """

    def __init__(self, database: Database, broadcast: Sequence[str], *, dies: bool) -> None:
        super().__init__(broadcast=broadcast)
        self.database = database
        self.dies = dies
        self.waiting: list[list[Work]] = []

    async def apply(self, uow: UnitOfWork, work: Sequence[Work], *, tick: bool) -> None:
        if self.dies and any(item.messages for earlier in self.waiting for item in earlier):
            os.kill(os.getpid(), signal.SIGKILL)
        for earlier in self.waiting:
            async with unit_of_work(self.database) as own:
                await super().apply(own, earlier, tick=False)
        self.waiting = [[Work(item.partition, list(item.messages)) for item in work]]


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--database", required=True)
    parser.add_argument("--kafka", required=True)
    parser.add_argument("--prefix", required=True)
    parser.add_argument("--lease", type=float, default=5.0)
    parser.add_argument("--broken", action="store_true")
    parser.add_argument("--dies", action="store_true")
    options: Any = parser.parse_args()
    settings = settings_for(options.kafka, options.prefix)
    database = await Database.open(options.database)
    broadcast = ("incidents",)
    broken = SavesLater(database, broadcast, dies=options.dies)
    handler = broken if options.broken else LedgerHandler(broadcast=broadcast)
    worker = Worker(settings, database, handler, GROUP, lease_seconds=options.lease)
    running = asyncio.create_task(worker.run())
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, lambda: asyncio.create_task(worker.stop()))
    await running
    await database.close()


if __name__ == "__main__":
    asyncio.run(main())
