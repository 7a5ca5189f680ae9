"""Facts that are too old hold back the messages of their own partition, and are counted."""

from __future__ import annotations

from datetime import timedelta

from candor.messaging.transaction import Work
from candor.store.unit_of_work import unit_of_work
from notify_svc import metrics
from notify_svc.delivery.figures import Figures
from notify_svc.domain.freshness import Freshness
from notify_svc.handlers import NotifyHandler
from tests.support.notify import Desk, contact, gap, promise


async def test_old_facts_hold_back_their_own_partition_alone(desk_: Desk) -> None:
    ages = {0: 0.0, 1: 61.0}
    handler = NotifyHandler(desk_.speaker, desk_.clock, ages.__getitem__)

    async def tick(*work: Work) -> None:
        async with unit_of_work(desk_.database) as uow:
            await handler.apply(uow, work or [Work(0, []), Work(1, [])], tick=True)

    before = metrics.DECISIONS_WAITED._value.get()
    await tick(Work(0, [promise(), contact(), gap(1)]), Work(1, [promise("p2", "c2"), contact("c2")]))
    await tick(Work(0, []), Work(1, [gap(1, name="p2", customer="c2")]))
    assert metrics.DECISIONS_WAITED._value.get() > before
    assert metrics.FACTS_AGE_SECONDS._value.get() == 61.0
    desk_.clock.advance(timedelta(minutes=5))
    await tick()
    assert [(row["promise_id"], row["state"]) for row in await desk_.notices()] == [("p1", "pending")]
    ages[1] = 0.0
    await tick()
    found = [(row["promise_id"], row["state"]) for row in await desk_.notices()]
    assert found == [("p1", "pending"), ("p2", "pending")]


async def test_queued_messages_whose_facts_have_grown_old_are_counted_and_not_sent(desk_: Desk) -> None:
    await desk_.warned()
    figures = Figures(desk_.database, ["email"], Freshness(("risk-svc worker",), 60))
    await figures.measure()
    assert metrics.NOTICES_WAITING._value.get() == 0
    assert metrics.UPSTREAM_AGE_SECONDS.labels("risk-svc worker")._value.get() == 1e9
    await desk_.database.pool.execute("UPDATE freshness SET lag_seconds = 61")
    await figures.measure()
    assert metrics.NOTICES_WAITING._value.get() == 1
    assert await desk_.send() == 0
    await desk_.take(tick=True)
    assert await desk_.send() == 1
