"""A review by the clock that raises is found, set aside and told, and comes back with its next event."""

from __future__ import annotations

from collections.abc import Sequence

from candor.messaging.consumer import NotGettingOnError, Work, Worker
from candor.messaging.progress import Patience
from candor.ops import metrics
from candor.store.db import LIMITS, Database
from candor.store.unit_of_work import UnitOfWork
from tests.support.ledger.book import GROUP, Findings, LedgerHandler, Sender, effects, judge, settings_for, withdrawn
from tests.support.ledger.running import running
from tests.support.waiting import until

CLEAN = Findings(lost=[], twice=[], inverted=[], forgotten=[])
BAD = {"r7": "boom", "r31": "slow"}


class Reviewing(LedgerHandler):
    """Has forty reviews due at every tick; some of them fail."""

    def __init__(self) -> None:
        super().__init__()
        self.bad = dict(BAD)
        self.reviewed: set[str] = set()

    async def apply(self, uow: UnitOfWork, work: Sequence[Work], *, tick: bool) -> None:
        assert not (tick and any(item.messages for item in work))
        await super().apply(uow, work, tick=tick)
        self.reviews.again(message.envelope.subject for item in work for message in item.messages)
        if tick:
            await self._review(uow, self.reviews.choose({f"r{n}": n % 4 for n in range(40)}))

    async def _review(self, uow: UnitOfWork, names: Sequence[str]) -> None:
        for name in names:
            if self.bad.get(name) == "boom":
                raise LookupError("no such zone")
            if self.bad.get(name) == "slow":
                await uow.connection.execute("SELECT pg_sleep(5)")
        self.reviewed |= set(names)


def measured() -> float | None:
    return metrics.REGISTRY.get_sample_value("candor_reviews_set_aside")


async def test_one_that_fails_is_set_aside_and_the_others_go_on(
    ledger: Database, kafka: str, topic_prefix: str
) -> None:
    settings = settings_for(kafka, topic_prefix)
    handler = Reviewing()
    short = await Database.open(ledger.url, limits=LIMITS | {"statement_timeout": "0.2s"})
    async with Sender(settings) as sender, running(Worker(settings, short, handler, GROUP)) as worker:
        await sender.send(withdrawn(f"c{n}", f"p{n}", 1) for n in range(20))
        await until(lambda: handler.reviews.aside.keys() == BAD.keys())
        await until(lambda: len(handler.reviewed) == 38)
        await until(lambda: measured() == 2)
        await worker.check()
        handler.bad.pop("r7")
        await sender.send([withdrawn("c1", "r7", 1)])
        await until(lambda: "r7" in handler.reviewed)
        assert handler.reviews.aside.keys() == {"r31"}

        async def applied() -> bool:
            return await effects(ledger.url) == 21

        await until(applied)
        assert await judge(ledger.url, sender) == CLEAN
    assert await ledger.pool.fetchval("SELECT count(*) FROM dead_letter") == 0
    again = Reviewing()
    again.bad = {}
    async with running(Worker(settings, short, again, GROUP)):
        await until(lambda: len(again.reviewed) == 40)
    await short.close()


async def test_a_tick_that_fails_whatever_is_chosen_is_told(ledger: Database, kafka: str, topic_prefix: str) -> None:
    class Failing(LedgerHandler):
        async def apply(self, uow: UnitOfWork, work: Sequence[Work], *, tick: bool) -> None:
            await super().apply(uow, work, tick=tick)
            if tick:
                raise LookupError("no such zone")

    settings = settings_for(kafka, topic_prefix)
    worker = Worker(settings, ledger, Failing(), GROUP, patience=Patience(ticks=2))

    async def told() -> bool:
        try:
            await worker.check()
        except NotGettingOnError as error:
            return "reviews by the clock failed 2 times in a row: LookupError at" in str(error)
        return False

    async with running(worker):
        await until(told)
