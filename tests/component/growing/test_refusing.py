"""What stands in the way of growing, and what growing stands in the way of."""

from __future__ import annotations

import asyncio

import pytest

from candor.commands.relay import ask_again
from candor.contracts import encode
from candor.errors import OperatorError
from candor.growing.growth import CannotGrowError
from candor.growing.site import Site
from candor.store import dead_letter, replaying
from candor.store.dead_letter import DeadLetter
from candor.store.moving import Growth
from candor.store.unit_of_work import unit_of_work
from tests.component.growing.grounds import SENDER, Grounds, KilledError, dying
from tests.support.foundation import made
from tests.support.ledger.book import GROUP
from tests.support.outboxes import emit

STUCK = """
INSERT INTO suspect (grp, partition, topic, low, high, tried, failures, error, state)
SELECT $1, number, topic, 5, 6, 6, 3, 'out of memory', 'stuck' FROM unnest(ARRAY[1, 3]) AS number,
  unnest(ARRAY['promises', 'milestones']) AS topic"""


async def refuses(grounds: Grounds, why: str) -> None:
    with pytest.raises(CannotGrowError, match=why):
        # Begun, it would wait for what nobody does here.
        async with asyncio.timeout(20):
            await grounds.growing().grow(8)


async def test_while_past_events_are_sent_again(grounds: Grounds) -> None:
    sender = grounds.databases[SENDER]
    await emit(sender, made("p1", "c1"))
    async with unit_of_work(sender) as uow:
        await replaying.request(uow)
    refused = "promise-svc sends past events again: wait until `candor_outbox_again_rows` is 0"
    await refuses(grounds, refused)
    async with unit_of_work(sender) as uow:
        await replaying.step(uow)
    # All are marked now, and none has been sent.
    await refuses(grounds, refused)
    assert await grounds.places(SENDER, "partitions", "layout") == []
    await sender.pool.execute("UPDATE outbox SET again = 0")
    with pytest.raises(KilledError):
        await grounds.growing(dying("hold", 2)).grow(8)


async def test_past_events_that_are_asked_for_at_the_last_moment_are_waited_for(grounds: Grounds) -> None:
    sender = grounds.databases[SENDER]
    answers: list[bool] = []

    class Late(Site):
        async def hold(self, growth: Growth) -> bool:
            if not answers:
                async with unit_of_work(sender) as uow:
                    await replaying.request(uow)
            answers.append(await super().hold(growth))
            async with unit_of_work(sender) as uow:
                await replaying.step(uow)
            if len(answers) == 3:
                raise KilledError
            return answers[-1]

    with pytest.raises(KilledError):
        await grounds.growing(Late).grow(8)
    assert answers == [False, True, True]


async def test_no_past_events_are_sent_again_while_the_partitions_are_being_grown(grounds: Grounds) -> None:
    sender = grounds.databases[SENDER]
    with pytest.raises(KilledError):
        await grounds.growing(dying("hold", 2)).grow(8)
    first = "the partitions are being grown: first run `candor partitions grow 8` to its end"
    with pytest.raises(OperatorError, match=first):
        await ask_again(sender.url, None, None)
    # The log is still to be put in order.
    await sender.pool.execute("UPDATE layout SET partitions = 8, grows_to = NULL, log_from = 0, log_to = 9")
    with pytest.raises(OperatorError, match=first):
        await ask_again(sender.url, None, None)
    assert await grounds.places(SENDER, "id", "replay") == []
    await sender.pool.execute("UPDATE layout SET log_from = NULL, log_to = NULL")
    assert await ask_again(sender.url, None, None) == 0


async def test_a_dead_letter_that_nobody_has_decided_about(grounds: Grounds) -> None:
    record = encode(made("p1", "c1"))
    letter = DeadLetter(GROUP, 1, "promises", 3, "c1", "p1", "handler_error", "no such step", record)
    async with unit_of_work(grounds.databases[GROUP]) as uow:
        uow.bury([letter])
    await refuses(grounds, f"{GROUP} has 1 undecided dead letters: `candor dlq list --service {GROUP}` first")
    assert await grounds.places(GROUP, "partitions", "layout") == []
    async with unit_of_work(grounds.databases[GROUP]) as uow:
        await dead_letter.decide(uow.connection, "discarded")
    with pytest.raises(KilledError):
        await grounds.growing(dying("hold", 1)).grow(8)


async def test_an_event_that_cannot_be_applied(grounds: Grounds) -> None:
    await grounds.databases[GROUP].pool.execute(STUCK, GROUP)
    await refuses(
        grounds, f"{GROUP} cannot apply an event in 2 partitions: `candor stuck list --service {GROUP}` first"
    )
    assert await grounds.places(GROUP, "partitions", "layout") == []
