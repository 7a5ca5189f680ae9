"""A decision that only time brings about and that fails is found and left out, until an event of its promise."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from candor.messaging.consumer import Work
from candor.store.review_aside import ReviewAside
from candor.store.unit_of_work import unit_of_work
from notify_svc.domain.facts import Decision, Rules
from notify_svc.handlers import NotifyHandler
from notify_svc.service.speaker import Speaker
from notify_svc.store.read_model import PromiseRecord
from tests.support.notify import Desk, contact, gap, promise


async def test_the_others_arespeaks_and_it_comes_back_with_its_next_event(
    desk_: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(5):
        await desk_.take(contact(f"c{n}"), promise(f"p{n}", f"c{n}"), gap(1, name=f"p{n}", customer=f"c{n}"))
    desk_.clock.advance(timedelta(minutes=5))
    handler = NotifyHandler(desk_.speaker, desk_.clock, lambda _: 0.0)
    decided = Speaker.looked
    broken = {"p3"}

    def picky(self: Speaker, known: PromiseRecord, rules: Rules, now: datetime) -> Decision:
        if known.promise_id in broken:
            raise AttributeError("no such rule")
        return decided(self, known, rules, now)

    monkeypatch.setattr(Speaker, "looked", picky)

    async def tick() -> None:
        try:
            async with unit_of_work(desk_.database) as uow:
                await handler.apply(uow, [Work(0, [])], tick=True)
        except AttributeError as error:
            handler.reviews.failed(str(error), [])
        else:
            handler.reviews.passed()

    for _ in range(8):
        await tick()
    assert handler.reviews.aside.keys() == {"p3"}
    assert len(await desk_.states()) == 4
    broken.clear()
    await tick()
    assert len(await desk_.states()) == 4
    async with unit_of_work(desk_.database) as uow:
        await handler.apply(uow, [Work(0, [gap(2, name="p3", customer="c3")])], tick=False)
    assert not handler.reviews.aside
    handler.reviews.aside["p3"] = ReviewAside(0, "AttributeError")
    async with unit_of_work(desk_.database) as uow:
        await uow.connection.execute("DELETE FROM promise WHERE promise_id = 'p3'")
    await tick()
    # Of an erased one no event comes again.
    assert not handler.reviews.aside
