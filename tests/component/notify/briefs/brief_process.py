"""`python -m tests.component.notify.briefs.brief_process URL PORT LEASE [stuck]`: a sender of briefs to be killed.

With `stuck` it never gets to write down what became of an attempt.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta

from candor.store.db import Database
from notify_svc.briefs.kept import Mail
from notify_svc.briefs.sender import BriefSender
from notify_svc.channels.email.smtp import EmailChannel, Server
from notify_svc.delivery.postman import Patience
from tests.support.briefs import ADDRESSED
from tests.support.clocks import NOON, ManualClock
from tests.support.notify import OPENER, SENDER


class Stuck(BriefSender):
    """A sender that has been told 250 and gets no further."""

    async def _save(self, mail: Mail, state: str, why: str, retry: timedelta = timedelta(0)) -> None:
        print(f"told {state}", flush=True)
        await asyncio.sleep(60)


async def main(url: str, port: int, lease: float, *, stuck: bool) -> None:
    channel = EmailChannel(Server("127.0.0.1", port, seconds=20, data_seconds=20), SENDER)
    kind = Stuck if stuck else BriefSender
    clock = ManualClock(NOON)
    database = await Database.open(url)
    await kind(database, channel, OPENER, clock, ADDRESSED, Patience(lease=lease)).run()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), stuck="stuck" in sys.argv))
