"""A ledger worker as a process of its own, to be killed: `python -m tests.support.ledger.process …`."""

from __future__ import annotations

import argparse
import asyncio
import signal
from collections.abc import Sequence
from typing import Any

from candor.messaging.consumer import Work, Worker
from candor.store.db import Database
from candor.store.unit_of_work import UnitOfWork, unit_of_work
from tests.support.ledger.book import GROUP, LedgerHandler, settings_for


class SavesLater(LedgerHandler):
    """The broken build: the offset commits with an empty transaction, the effects follow in another one."""

    def __init__(self, database: Database, broadcast: Sequence[str]) -> None:
        super().__init__(broadcast=broadcast)
        self.database = database
        self.waiting: list[list[Work]] = []

    async def apply(self, uow: UnitOfWork, work: Sequence[Work], *, tick: bool) -> None:
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
    options: Any = parser.parse_args()
    settings = settings_for(options.kafka, options.prefix)
    database = await Database.open(options.database)
    handler = SavesLater(database, ("incidents",)) if options.broken else LedgerHandler(broadcast=("incidents",))
    worker = Worker(settings, database, handler, GROUP, lease_seconds=options.lease)
    running = asyncio.create_task(worker.run())
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, lambda: asyncio.create_task(worker.stop()))
    await running
    await database.close()


if __name__ == "__main__":
    asyncio.run(main())
