"""A relay in a process of its own, to be killed: python -m tests.support.relay_process DATABASE KAFKA PREFIX."""

from __future__ import annotations

import asyncio
import sys

from candor.messaging.relay import Relay
from candor.store.db import Database
from tests.support.foundation import settings_for


async def main(url: str, kafka: str, prefix: str) -> None:
    database = await Database.open(url)
    await Relay(settings_for(url, kafka, prefix), database, keeps=True).run()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
