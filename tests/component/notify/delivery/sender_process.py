"""`python -m tests.component.notify.delivery.sender_process URL PORT LEASE [stuck] [joint]`: a sender to be killed.

With `stuck` it never gets to write down what became of an attempt, with `joint` one mail tells of several promises.
"""

from __future__ import annotations

import asyncio
import base64
import sys
from collections.abc import Sequence
from datetime import timedelta

from candor.store.db import Database
from notify_svc.channels import Outcome
from notify_svc.channels.email.smtp import EmailChannel, Sender, Server
from notify_svc.compose.contact import Opener
from notify_svc.compose.reach import Reach
from notify_svc.delivery.claims import Claim
from notify_svc.delivery.postman import Patience, Postman
from notify_svc.delivery.reconcile import Reconciler
from notify_svc.domain.facts import Rules
from tests.support.clocks import NOON, ManualClock


class Stuck(Postman):
    """A postman who has been told 250 and gets no further."""

    async def _save(self, letter: Sequence[Claim], outcome: Outcome, recipient: str) -> None:
        print(f"told {outcome.fate}", flush=True)
        await asyncio.sleep(60)


async def main(url: str, port: int, lease: float, *, stuck: bool, joint: bool) -> None:
    database = await Database.open(url)
    sender = Sender("promises@mail.test", "Example Promises", "help@mail.test", "mail.test")
    channel = EmailChannel(Server("127.0.0.1", port, seconds=20, data_seconds=20), sender)
    kind = Stuck if stuck else Postman
    opener = Opener.of(base64.b64encode(bytes(range(32))))
    clock = ManualClock(NOON + timedelta(minutes=5))
    rules = Rules(joint_most=10 if joint else 1)
    postman = kind(database, Reach(opener, {"email": channel}), clock, rules, Patience(lease=lease))
    await Reconciler(postman).run()


if __name__ == "__main__":
    asyncio.run(
        main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), stuck="stuck" in sys.argv, joint="joint" in sys.argv)
    )
