"""A handler that fails when time passes: told, counted, and no event suffers for it."""

from __future__ import annotations

from collections.abc import Sequence

from candor.messaging.consumer import Work, Worker
from candor.ops import metrics
from candor.store.db import Database
from candor.store.unit_of_work import UnitOfWork
from tests.support.ledger.book import GROUP, Findings, LedgerHandler, Sender, effects, judge, settings_for, withdrawn
from tests.support.ledger.running import running
from tests.support.waiting import until


class FailingTicks(LedgerHandler):
    """Every tick raises."""

    async def apply(self, uow: UnitOfWork, work: Sequence[Work], *, tick: bool) -> None:
        await super().apply(uow, work, tick=tick)
        if tick:
            raise LookupError("no such zone")


def failures() -> float:
    return metrics.REGISTRY.get_sample_value("candor_batch_failures_total", {"reason": "LookupError"}) or 0.0


async def test_events_go_on_and_nothing_is_parked(ledger: Database, kafka: str, topic_prefix: str) -> None:
    settings = settings_for(kafka, topic_prefix)
    before = failures()
    async with Sender(settings) as sender, running(Worker(settings, ledger, FailingTicks(), GROUP)):
        for version in range(1, 6):
            await sender.send(withdrawn(f"c{n}", f"p{n}", version) for n in range(20))

            async def applied(amount: int = 20 * version) -> bool:
                return await effects(ledger.url) >= amount

            await until(applied, pause=0.3)
        await until(lambda: failures() >= before + 2)
        assert await judge(ledger.url, sender) == Findings(lost=[], twice=[], inverted=[], forgotten=[])
    assert await ledger.pool.fetchval("SELECT count(*) FROM dead_letter") == 0
