"""A review by the clock that raises is found, set aside and told, and comes back with its next event."""

from __future__ import annotations

from collections.abc import Sequence

from candor.messaging.consumer import NotGettingOnError, Work, Worker
from candor.messaging.progress import Patience
from candor.ops import metrics
from candor.store import review_aside
from candor.store.db import LIMITS, Database
from candor.store.review_aside import AsidePromise, ReviewAside
from candor.store.unit_of_work import UnitOfWork, unit_of_work
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


async def listed(database: Database) -> list[AsidePromise]:
    async with database.pool.acquire() as connection:
        return await review_aside.listed(connection)


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
    assert [item.promise_id for item in await listed(ledger)] == ["r31"]
    again = Reviewing()
    again.bad = {}
    async with running(Worker(settings, short, again, GROUP)):
        await until(lambda: len(again.reviewed) == 40)

        async def none_listed() -> bool:
            return not await listed(ledger)

        await until(none_listed)
    await short.close()


async def test_people_see_what_is_set_aside_and_have_one_tried_again(
    ledger: Database, kafka: str, topic_prefix: str
) -> None:
    handler = Reviewing()
    handler.bad = {"r7": "boom", "r8": "boom"}

    async def shown() -> list[tuple[str, int, bool]]:
        return [(item.promise_id, item.partition, item.wanted) for item in await listed(ledger)]

    async def retry(name: str) -> bool:
        async with unit_of_work(ledger) as uow:
            return await review_aside.retry(uow.connection, name)

    async with running(Worker(settings_for(kafka, topic_prefix), ledger, handler, GROUP)):
        await until(lambda: handler.reviews.aside.keys() == handler.bad.keys())
        both = [("r7", 3, False), ("r8", 0, False)]

        async def all_shown() -> bool:
            return sorted(await shown()) == both

        await until(all_shown)
        first, other = sorted(await listed(ledger), key=lambda item: item.promise_id)
        assert first.error.startswith("LookupError at test_reviews.py")
        assert not await retry("r9")
        handler.bad.pop("r7")
        assert await retry("r7")
        await until(lambda: "r7" in handler.reviewed)

        async def one_left() -> bool:
            return await listed(ledger) == [other]

        await until(one_left)
        # What fails again is shown again, since then.
        assert await retry("r8")

        async def later() -> bool:
            return any(item.since > other.since and not item.wanted for item in await listed(ledger))

        await until(later)


async def test_who_has_lost_the_partition_writes_nothing_down(ledger: Database) -> None:
    await ledger.pool.execute("INSERT INTO lease VALUES ('risk-svc', 3, 'a', 7, '{}')")
    left = {"r7": ReviewAside(3, "LookupError")}
    async with unit_of_work(ledger) as uow:
        await review_aside.save(uow.connection, "risk-svc", {3: 7}, left)
        await review_aside.save(uow.connection, "risk-svc", {3: 6}, {"r8": ReviewAside(3, "LookupError")})
    assert [item.promise_id for item in await listed(ledger)] == ["r7"]


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
