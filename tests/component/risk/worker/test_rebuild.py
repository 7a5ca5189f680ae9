"""A rebuild beside running processes, and one that is cut off: nobody is left untold, nobody folds beside it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
import pytest_asyncio

from candor.contracts import GapScored, decode
from candor.messaging.consumer import Worker
from candor.records.packing import unpack
from candor.store.db import Connection, Database
from candor.store.lease import Leases
from risk_svc.forecasting.live import PublishedModel
from risk_svc.settings import RiskSettings
from risk_svc.store import rebuilding
from risk_svc.wiring import GROUP
from risk_svc.worker.aside import Aside, ReadSideIncompleteError
from risk_svc.worker.handlers import RiskHandler
from risk_svc.worker.rebuild import NotAsideError, OldPlacesError, empty, rebuild, refuse_old_places
from risk_svc.worker.unpublished import Unpublished
from tests.support.at_work import at_work
from tests.support.clocks import ManualClock
from tests.support.ledger.book import Sender
from tests.support.risk import DUE, Desk, Story, erased
from tests.support.waiting import until


@pytest.fixture
def settings(kafka: str, topic_prefix: str) -> RiskSettings:
    return RiskSettings(kafka_bootstrap_servers=kafka, topic_prefix=topic_prefix)


@pytest_asyncio.fixture(loop_scope="session")
async def sender(settings: RiskSettings) -> AsyncIterator[Sender]:
    async with Sender(settings) as made:
        yield made


def maker(settings: RiskSettings, database: Database, clock: ManualClock) -> Callable[[], Worker]:
    return lambda: Worker(settings, database, RiskHandler(PublishedModel(), clock), GROUP)


def patient(settings: RiskSettings, database: Database, clock: ManualClock) -> Aside[Worker]:
    return Aside(maker(settings, database, clock), partial(rebuilding.why_waiting, database))


async def test_a_rebuild_beside_a_running_worker_ends_and_the_worker_goes_on(
    settings: RiskSettings, risk_database: Database, sender: Sender, clock: ManualClock
) -> None:
    clock.set(DUE)
    running = patient(settings, risk_database, clock)
    async with at_work(running):
        await sender.send([Story("p1").made()])
        await until(partial(has_published, risk_database, "p1"))
        assert await rebuild(settings, risk_database, GROUP, clock) == 1
        await sender.send([Story("p2", "c2").made()])
        await until(partial(has_published, risk_database, "p2"))
        assert not running.standing_still
        await running.check()


async def test_one_that_does_not_step_aside_is_named_before_anything_is_emptied(
    settings: RiskSettings, risk_database: Database, sender: Sender, clock: ManualClock
) -> None:
    clock.set(DUE)
    await sender.send([Story("p1").made()])
    async with at_work(maker(settings, risk_database, clock)()):
        await until(partial(has_published, risk_database, "p1"))
    stubborn = Leases(risk_database, GROUP, settings.partitions, "old-release-17")
    await stubborn.renew()
    with pytest.raises(NotAsideError, match=r"nothing was changed: .*risk-svc old-release-17.*stop these"):
        await rebuild(settings, risk_database, GROUP, clock, aside_seconds=0.0)
    assert await risk_database.pool.fetchval("SELECT count(*) FROM promise_state") == 1
    assert await rebuilding.why_waiting(risk_database) == ""


async def test_one_stopped_while_it_marks_the_read_side_leaves_no_mark(
    settings: RiskSettings, risk_database: Database, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    rebuilds = asyncio.create_task(rebuild(settings, risk_database, GROUP, clock))
    release = risk_database.release

    async def stopped(connection: Connection) -> None:
        if asyncio.current_task() is rebuilds and not rebuilds.cancelling():
            rebuilds.cancel()
        await release(connection)

    monkeypatch.setattr(risk_database, "release", stopped)
    with pytest.raises(asyncio.CancelledError):
        await rebuilds
    assert await rebuilding.why_waiting(risk_database) == ""


async def test_one_that_comes_in_the_middle_ends_the_rebuild_with_its_name(
    settings: RiskSettings, risk_database: Database, clock: ManualClock
) -> None:
    late = Leases(risk_database, GROUP, settings.partitions, "old-release-17")

    async def comes() -> None:
        await until(lambda: rebuilding.others(risk_database, (GROUP,)))
        while True:
            await late.renew()
            await asyncio.sleep(0.5)

    coming = asyncio.create_task(comes())
    try:
        with pytest.raises(NotAsideError, match=r"stopped before its end: .*old-release-17"):
            await rebuild(settings, risk_database, GROUP, clock, aside_seconds=2.0)
    finally:
        coming.cancel()
    assert "candor risk rebuild --yes" in await rebuilding.why_waiting(risk_database)


async def test_what_came_while_nobody_read_is_said_after_the_rebuild(
    settings: RiskSettings, risk_database: Database, sender: Sender, clock: ManualClock
) -> None:
    clock.set(DUE)
    known, ended = Story("known"), Story("ended", "c2")
    await sender.send([known.made(), ended.made()])
    async with at_work(maker(settings, risk_database, clock)()):
        await until(partial(has_published, risk_database, "known", "ended"))
    clock.set(DUE + timedelta(hours=1))
    await sender.send([Story("new", "c3").made(), ended.milestone("arrived", 50, final=True)])
    await rebuild(settings, risk_database, GROUP, clock)
    assert await standings(risk_database, "ended") == ["open", "broken"]
    async with at_work(maker(settings, risk_database, clock)()):
        await until(partial(has_published, risk_database, "new"))
    assert await standings(risk_database, "ended") == ["open", "broken"]


async def test_a_rebuild_that_was_cut_off_holds_workers_back_and_silences_nobody(
    settings: RiskSettings, risk_database: Database, sender: Sender, clock: ManualClock
) -> None:
    clock.set(DUE)
    await sender.send([Story("told").made()])
    async with at_work(maker(settings, risk_database, clock)()):
        await until(partial(has_published, risk_database, "told"))
    await sender.send([Story("untold", "c2").made()])
    await cut_off(settings, risk_database, clock)
    running = patient(settings, risk_database, clock)
    async with at_work(running):
        await until(lambda: running.standing_still)
        with pytest.raises(ReadSideIncompleteError, match=r"has not ended.*candor risk rebuild --yes"):
            await running.check()
        assert not await rebuilding.others(risk_database, (GROUP,))
        assert await standings(risk_database, "untold") == []
        await rebuild(settings, risk_database, GROUP, clock)
        await until(partial(has_published, risk_database, "untold"))
    assert await rebuilding.why_waiting(risk_database) == ""
    assert await risk_database.pool.fetchval("SELECT count(*) FROM published_before") == 0


async def test_a_worker_that_has_not_looked_yet_cannot_fold_beside_a_rebuild(
    risk_database: Database, clock: ManualClock
) -> None:
    await rebuilding.ask(risk_database)
    async with risk_database.pool.acquire() as connection:
        with pytest.raises(rebuilding.RebuildingError):
            await RiskHandler(PublishedModel(), clock).load(connection, 0, first=True)
        await RiskHandler(PublishedModel(), clock, publishing=False).load(connection, 0, first=True)


async def test_of_an_erased_customer_nothing_is_kept_or_said_by_a_rebuild_while_rows_are_left(
    risk_database: Database, clock: ManualClock
) -> None:
    clock.set(DUE)
    desk = Desk(risk_database, RiskHandler(PublishedModel(), clock, publishing=False))
    await desk.load()
    one, other = Story("p1", "c1"), Story("p2", "c2")
    ends = [story.milestone("arrived", 50, final=True) for story in (one, other)]
    await desk.take(one.made(), other.made(), *ends)
    await desk.take(erased("c1", at=DUE))
    assert await risk_database.pool.fetchval("SELECT count(*) FROM promise_state") == 2
    await Unpublished(risk_database, clock).publish()
    assert (await standings(risk_database, "p1"), await standings(risk_database, "p2")) == ([], ["broken"])
    await rebuilding.ask(risk_database)
    await empty(risk_database, GROUP)
    assert await risk_database.pool.fetchval("SELECT array_agg(promise_id) FROM published_before") == ["p2"]


async def cut_off(settings: RiskSettings, database: Database, clock: ManualClock) -> None:
    """A rebuild that read and folded everything, and was killed before its end."""
    await rebuilding.ask(database)
    await empty(database, GROUP)
    handler = RiskHandler(PublishedModel(), clock, publishing=False)
    async with at_work(Worker(settings, database, handler, GROUP)):
        await until(lambda: handler.cache.promises == 2)


async def standings(database: Database, promise_id: str) -> list[str]:
    """What was given to the outbox of a promise, in order."""
    found = []
    for row in await database.pool.fetch("SELECT topic, records FROM outbox ORDER BY id"):
        for record in unpack(row["records"]):
            data = decode(row["topic"], record.headers, record.value).data
            if isinstance(data, GapScored) and data.promise_id == promise_id:
                found.append(data.standing.value)
    return found


async def has_published(database: Database, *promise_ids: str) -> bool:
    return all([await standings(database, one) for one in promise_ids])


async def test_none_is_made_while_topics_hold_events_in_their_old_partitions(risk_database: Database) -> None:
    grown = datetime(2026, 3, 1, tzinfo=UTC)
    await risk_database.pool.execute("INSERT INTO layout VALUES (true, 8, 4, NULL, $1)", grown)
    await refuse_old_places(risk_database, grown + timedelta(days=28))
    with pytest.raises(OldPlacesError, match="nothing was changed: the partitions were grown on 2026-03-01"):
        await refuse_old_places(risk_database, grown + timedelta(days=27))
    await risk_database.pool.execute("DELETE FROM layout")
