"""Whatever order gaps come in and wherever the sender dies: each promise is told once, alone or with others."""

from __future__ import annotations

import random
import re
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from candor.contracts import Message as Event
from candor.store.unit_of_work import unit_of_work
from notify_svc.channels import Begin, Fate, Form, Message, Outcome
from notify_svc.delivery import claims
from notify_svc.domain.facts import Rules
from tests.component.notify.channels.test_pager import Pager
from tests.support.notify import FINE, LATE, Desk, contact, desk, gap, prepare, promise
from tests.support.servers import Databases

NAMES = [f"p{number}" for number in range(7)]
STEPS = ("before", "begun", "sent", "later", "refused", "unknown", "well", "well")


class Killed(BaseException):
    """The sender's process is gone, and saves nothing any more."""


@dataclass
class Mortal(Pager):
    """A channel on which the process dies at a step of an attempt, before or after the message went out."""

    steps: list[str] = field(default_factory=list)
    form: Form = field(default_factory=lambda: Form(joint=True))

    async def send(self, message: Message, begin: Begin) -> Outcome:
        step = self.steps.pop() if self.steps else "well"
        if step == "before":
            raise Killed
        if step in ("later", "refused"):
            return Outcome(Fate(step), "dial")
        if not await begin():
            return Outcome(Fate.ABORTED, "final")
        if step == "begun":
            raise Killed
        self.pages.append(message)
        if step == "sent":
            raise Killed
        return Outcome(Fate.UNKNOWN if step == "unknown" else Fate.SENT, "page")


async def turn(found: Desk, most: int) -> None:
    """One turn of a sender, which may die in any attempt; its leases run out then."""
    postman = found.postman()
    await found.retry_now()
    async with unit_of_work(found.database) as uow:
        await claims.expire(uow, found.clock.now(), 30)
        ways = claims.Round(joint=postman.joint)
        held = await claims.claim(uow, "a", list(postman.reach.channels), most, 30, 60, found.clock.now(), ways)
    try:
        for letter in claims.letters(held, ways.joint):
            await postman.deliver(letter)
    except Killed:
        await found.leases_run_out()


def names_in(page: Message) -> set[str]:
    return set(re.findall(r"Flight (p\d)\b", page.text))


@pytest.mark.parametrize("trial", range(6))
async def test_each_promise_is_told_once_in_whatever_order_and_wherever_the_sender_dies(
    databases: Databases, tmp_path: Path, seeded: random.Random, trial: int
) -> None:
    url = await databases.fresh(prepare)
    channel = Mortal()
    rules = Rules(joint_most=seeded.randint(2, 5), daily_cap=1_000)
    async with desk(url, tmp_path, rules=rules, channels=[channel]) as found:
        found.patience = replace(found.patience, attempts=100)
        await found.take(contact(addresses={"pager": "5501"}, channels=["pager"]))
        events: list[Event] = [gap(1, seeded.choice([LATE, LATE, FINE]), name=name) for name in NAMES]
        events += [gap(version, LATE, name=name) for name in NAMES for version in (1, 2)]
        seeded.shuffle(events)
        await found.take(*(promise(name, what=f"Flight {name}") for name in NAMES))
        while events:
            batch = [events.pop() for _ in range(min(seeded.randint(1, 5), len(events)))]
            await found.later(seeded.randint(0, 5), *batch)
            channel.steps = [seeded.choice(STEPS) for _ in range(4)]
            await turn(found, seeded.randint(1, 4))
        channel.steps = []
        await found.take(*(gap(3, LATE, name=name) for name in NAMES))
        for _ in range(12):
            await found.later(1)
            await turn(found, 8)
        rows = await found.notices()
    await databases.drop(url)
    out = Counter(name for page in channel.pages for name in names_in(page))
    told = {(row["promise_id"], row["statement"]): row["state"] for row in rows if row["state"] != "suppressed"}
    assert set(told) == {(name, "warning") for name in NAMES}
    assert set(told.values()) <= {"sent", "unknown", "failed"}
    for (name, _), state in told.items():
        assert out[name] <= 1
        assert state != "sent" or out[name] == 1
        assert state != "failed" or out[name] == 0
    # What one letter told was settled alike for each promise in it.
    letters = [row["joint"] for row in rows if row["joint"] and row["state"] in ("sent", "unknown")]
    assert all(count > 1 for count in Counter(letters).values())
    assert {page.notice_id for page in channel.pages if len(names_in(page)) > 1} <= set(letters)
