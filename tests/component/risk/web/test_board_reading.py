"""What the board reads: once for all who watch, and the heavier it is, the more seldom."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest

from candor.store.db import Database
from candor.store.unit_of_work import unit_of_work
from risk_svc.domain.frozen_forecasts import ForecastScore
from risk_svc.store import states
from risk_svc.web.board import live_data
from risk_svc.web.board.live_data import LISTS, PROMISES, RECORDS, ListQuery, LiveData
from tests.support.clocks import ManualClock
from tests.support.risk import MADE_S, Desk, Story

pytestmark = pytest.mark.asyncio(loop_scope="session")


class Watch:
    """A stopwatch that goes on by hand, and by `each` with every look."""

    def __init__(self) -> None:
        self.now, self.each = 1000.0, 0.0

    def __call__(self) -> float:
        self.now += self.each
        return self.now


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def reading(risk_database: Database, clock: ManualClock, watch: Watch) -> LiveData:
    # Nothing listens to the feed here: changes are counted by hand.
    return LiveData(risk_database, cast(Any, SimpleNamespace()), clock, watch)


async def settle(database: Database, kind: str, count: int) -> None:
    rows = [
        ForecastScore(
            f"{kind}-{n}", "made", kind, 0.3, 0.5, 0, MADE_S + 60, MADE_S, None, None, None, None, MADE_S, 7, 40
        )
        for n in range(count)
    ]
    async with unit_of_work(database) as uow:
        await states.save_scores(uow.connection, rows)


async def test_the_record_is_read_by_class_or_whole(reading: LiveData, risk_database: Database) -> None:
    await settle(risk_database, "parcel", 3)
    await settle(risk_database, "crate", 2)
    assert (await reading.record(None)).record.overall.n == 5
    assert (await reading.record("crate")).record.overall.n == 2
    assert (await reading.record("nobody's")).record.overall.n == 0


async def test_watchers_share_one_reading(reading: LiveData, risk_database: Database) -> None:
    await settle(risk_database, "parcel", 3)
    first, *others = await asyncio.gather(*(reading.record(None) for _ in range(10)))
    assert all(other is first for other in others)


async def test_it_is_read_again_after_a_while_and_only_when_something_changed(
    reading: LiveData, risk_database: Database, watch: Watch
) -> None:
    first = await reading.record(None)
    await settle(risk_database, "parcel", 3)
    reading.changes += 1
    watch.now += RECORDS.fresh - 0.1
    assert await reading.record(None) is first
    watch.now += 0.2
    second = await reading.record(None)
    assert second.record.overall.n == 3
    watch.now += RECORDS.stale - 0.1
    assert await reading.record(None) is second
    watch.now += 0.2
    assert await reading.record(None) is not second


async def test_a_record_that_takes_long_is_read_seldom(reading: LiveData, watch: Watch) -> None:
    watch.each = 2.0
    first = await reading.record(None)
    watch.each = 0.0
    reading.changes += 1
    watch.now += 2.0 * RECORDS.rest - 2.5
    assert await reading.record(None) is first
    watch.now += 3.0
    assert await reading.record(None) is not first


async def test_a_list_is_as_fresh_as_ever(reading: LiveData, watch: Watch, desk: Desk) -> None:
    watch.each = 2.0
    assert (await reading.overview(ListQuery())).items == []
    watch.each = 0.0
    await desk.take(Story("p1").made())
    reading.changes += 1
    watch.now += LISTS.fresh + 0.1
    assert [item.promise_id for item in (await reading.overview(ListQuery())).items] == ["p1"]
    assert await reading.promise("p2") is None


async def test_who_watches_a_promise_shares_a_reading_a_second(reading: LiveData, watch: Watch, desk: Desk) -> None:
    await desk.take(Story("p1").made())
    first, *others = await asyncio.gather(*(reading.promise("p1") for _ in range(10)))
    assert first is not None
    assert all(other is first for other in others)
    watch.now += PROMISES.fresh + 0.1
    assert await reading.promise("p1") is not first


async def test_of_many_promises_few_readings_are_kept(
    reading: LiveData, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_data, "MOST_PROMISES", 3)
    await desk.take(*(Story(f"p{number}").made() for number in range(6)))
    found = [await reading.promise(f"p{number}") for number in range(6)]
    assert await reading.promise("p5") is found[5]
    assert await reading.promise("p0") is not found[0]
