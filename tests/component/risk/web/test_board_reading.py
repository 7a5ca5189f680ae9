"""What the board reads: once for all who watch, and the heavier it is, the more seldom."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from starlette.requests import Request

from candor.contracts import Dependency, IncidentStatus, ProcessAlive
from candor.store.db import Database
from candor.store.unit_of_work import unit_of_work
from risk_svc.domain.frozen_forecasts import ForecastScore
from risk_svc.insight.reading import Wanted
from risk_svc.store import states
from risk_svc.web.board import downloads, live_data
from risk_svc.web.board.live_data import (
    LISTS,
    PROMISES,
    RECORDS,
    STRUCK,
    HitQuery,
    ListQuery,
    LiveData,
    SheetQuery,
)
from risk_svc.web.board.style import PAGE
from risk_svc.web.watch import Watch as Signs
from tests.support.clocks import ManualClock
from tests.support.insight import InsightDesk, gap
from tests.support.risk import MADE, MADE_S, Desk, Story, incident

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


@pytest.mark.parametrize(
    ("asked", "names", "page", "pages"),
    [
        (SheetQuery("account", size=2), ["c6", "c5"], 1, 4),
        (SheetQuery("account", size=2, page=4), ["c0"], 4, 4),
        (SheetQuery("account", size=2, page=9), ["c0"], 4, 4),
        (SheetQuery("account", sort="gap", size=3), ["c0", "c1", "c2"], 1, 3),
        (SheetQuery("account", Wanted(min_score=5.0)), ["c2", "c1", "c0"], 1, 1),
        (SheetQuery("account", Wanted(search="d")), [], 1, 1),
        (SheetQuery("rollup:label"), [], 1, 1),
    ],
)
async def test_a_sheet_is_read_by_pages_up_to_its_last(
    reading: LiveData, risk_database: Database, asked: SheetQuery, names: list[str], page: int, pages: int
) -> None:
    bodies = [json.dumps({"customer_id": f"c{n}", "score": 7.0 - n}) for n in range(7)]
    await risk_database.pool.execute(
        "INSERT INTO insight_figure SELECT 'account', 1, 'c' || n - 1, n, NULL, body::jsonb "
        "FROM unnest($1::text[]) WITH ORDINALITY AS one (body, n)",
        bodies,
    )
    await risk_database.pool.execute("INSERT INTO insight_sheet VALUES ('account', 1, now(), 0.1, 7)")
    found = await reading.sheet(asked)
    assert [body["customer_id"] for body in found.bodies] == names
    assert (found.page, found.pages) == (page, pages)
    assert (found.made_at is None) == (asked.sheet != "account")


async def test_a_download_has_only_so_many_rows_and_no_formula(
    risk_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloads, "MOST", 3)
    drift = {"value": 0.5, "low": 0.4, "high": 0.6, "n": 30}
    bodies = [json.dumps({"name": f"=1+{n}", "drift": drift, "verdict": "optimistic"}) for n in range(5)]
    await risk_database.pool.execute(
        "INSERT INTO insight_figure SELECT 'bias:team', 1, body::jsonb->>'name', n, NULL, body::jsonb "
        "FROM unnest($1::text[]) WITH ORDINALITY AS one (body, n)",
        bodies,
    )
    await risk_database.pool.execute("INSERT INTO insight_sheet VALUES ('bias:team', 1, now(), 0.1, 150)")
    request = Request({"type": "http", "path": "/bias.csv", "query_string": b"by=team", "headers": []})
    answer = await downloads.download(request, risk_database, "bias", persons=False)
    rows = [*csv.DictReader(io.StringIO(bytes(answer.body).decode()))]
    assert [(row["name"], row["drift_value"]) for row in rows] == [("'=1+4", "0.5"), ("'=1+3", "0.5"), ("'=1+2", "0.5")]


async def test_an_incident_is_read_by_pages_and_named_while_it_hits_a_promise(
    reading: LiveData, risk_database: Database, watch: Watch
) -> None:
    insight = InsightDesk(risk_database)
    elsewhere = incident(incident_id="i2", affects=[Dependency("site", "ORD")], opened=MADE + timedelta(hours=11))
    await insight.take(incident(), elsewhere)
    for number in range(PAGE + 2):
        name = f"p{number:02d}"
        await insight.take(
            Story(name, f"c{number % 3}").made(value=10.0), gap(name, f"c{number % 3}", score=float(number))
        )
    first, last = [await reading.incident(HitQuery("i1", page=page)) for page in (1, 9)]
    assert first is not None
    assert last is not None
    assert (first.page, first.pages, len(first.hits.items), first.hits.items[0]["promise_id"]) == (1, 2, PAGE, "p26")
    assert (last.page, last.pages, [one["promise_id"] for one in last.hits.items]) == (2, 2, ["p01", "p00"])
    assert (last.hits.number.total, last.hits.customers) == (PAGE + 2, 3)
    assert await reading.incident(HitQuery("i9")) is None
    assert [(one["incident_id"], one["hit"]) for one in await reading.open_incidents()] == [("i1", PAGE + 2)]
    await insight.take(incident(IncidentStatus.RESOLVED, 2, resolved=MADE + timedelta(hours=12)))
    watch.now += STRUCK.stale + 1
    assert await reading.open_incidents() == []


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


async def test_pages_say_which_senders_are_silent(risk_database: Database, clock: ManualClock) -> None:
    signs, said = Signs({}, clock), clock.now()
    reading = LiveData(risk_database, cast(Any, SimpleNamespace()), clock, watch=signs)
    assert (reading.standstill(), reading.silent()) == ("", [])
    signs.heard(ProcessAlive("delivery-1", "delivery-svc", silent={"aftership": said.timestamp()}))
    assert reading.standstill() == (
        f"No word from aftership since {said:%d %b %H:%M} UTC, which is unusual: what happened there since is not known"
        " here."
    )
    signs.heard(ProcessAlive("delivery-1", "delivery-svc"))
    assert reading.standstill() == ""
