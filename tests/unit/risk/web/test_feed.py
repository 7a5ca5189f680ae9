"""A listener: the newest gap of each promise, bounded, and honest about what it missed."""

from __future__ import annotations

import asyncio

from candor.contracts import GapScored, Standing
from risk_svc.settings import RiskSettings
from risk_svc.web import feed
from risk_svc.web.feed import Feed, Listener
from tests.support.risk import DUE, MADE


def gap(name: str, score: float = 1.0) -> GapScored:
    return GapScored(promise_id=name, customer_id="c1", standing=Standing.OPEN, score=score, as_of=MADE, held_due=DUE)


async def first(listener: Listener) -> list[GapScored]:
    return await anext(listener.changes())


async def test_changes_of_one_promise_are_joined_into_the_newest() -> None:
    listener = Listener()
    for score in (1.0, 2.0, 3.0):
        listener.put(gap("p1", score))
    listener.put(gap("p2"))
    assert [(item.promise_id, item.score) for item in await first(listener)] == [("p1", 3.0), ("p2", 1.0)]


async def test_a_listener_waits_for_something_to_change() -> None:
    listener = Listener()
    waiting = asyncio.create_task(first(listener))
    await asyncio.sleep(0)
    assert not waiting.done()
    listener.put(gap("p1"))
    assert len(await waiting) == 1


async def test_one_that_does_not_look_loses_changes_and_knows_it() -> None:
    listener = Listener()
    for number in range(feed.MAX_WAITING + 5):
        listener.put(gap(f"p{number}"))
    assert listener.missed
    assert len(await first(listener)) == 5


async def test_listening_ends_with_its_block_and_stopping_before_kafka_is_there_takes_no_time() -> None:
    followed = Feed(RiskSettings(kafka_bootstrap_servers="127.0.0.1:1"))
    with followed.listen() as one, followed.listen() as other:
        assert one is not other
    running = asyncio.create_task(followed.run())
    await asyncio.sleep(0)
    await followed.stop()
    await running
    assert not followed.ready.is_set()
