"""Readiness sees turns that fail again and again, and a partition in which nothing is applied though events wait."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from candor.messaging.consumer import NotGettingOnError, Work, Worker
from candor.messaging.progress import Patience
from candor.store.db import Database
from candor.store.unit_of_work import UnitOfWork
from tests.support.ledger.book import GROUP, LedgerHandler, Sender, effects, settings_for, withdrawn
from tests.support.ledger.running import running
from tests.support.waiting import until


class Cut(LedgerHandler):
    """Loses its connection with every event, until `mended`."""

    async def apply(self, uow: UnitOfWork, work: Sequence[Work], *, tick: bool) -> None:
        if not self.mended and any(item.messages for item in work):
            raise ConnectionResetError
        await super().apply(uow, work, tick=tick)


@pytest.mark.parametrize(
    ("patience", "words"),
    [
        (Patience(turns=3, seconds=1e9), "turns in a row failed: "),
        (Patience(turns=10**9, seconds=0.5), "nothing applied for 1 s while 3 events wait"),
    ],
)
async def test_a_worker_that_does_not_get_on_says_so_until_it_does(
    ledger: Database, kafka: str, topic_prefix: str, patience: Patience, words: str
) -> None:
    settings = settings_for(kafka, topic_prefix)
    handler = Cut()
    worker = Worker(settings, ledger, handler, GROUP, patience=patience)
    said: list[str] = []

    async def unready() -> bool:
        try:
            await worker.check()
        except NotGettingOnError as error:
            said.append(str(error))
        return any(words in each for each in said)

    async with Sender(settings) as sender, running(worker):
        await until(lambda: worker.owned)
        await worker.check()
        await sender.send(withdrawn("c1", f"p{n}", 1) for n in range(3))
        await until(unready)
        assert worker.standing_still
        handler.mended = True

        async def well() -> bool:
            return await effects(ledger.url) == 3 and not worker.standing_still

        await until(well)
        await worker.check()
