"""Plans as the board reads them: pages that many watch at the price of one, and the same list for a spreadsheet."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from starlette.requests import Request

from candor.contracts import Component
from candor.contracts.matters import PlanState
from candor.store.db import Database
from risk_svc.insight.plans import PlanFilter
from risk_svc.web.board import downloads
from risk_svc.web.board.matter_data import FRESH_SECONDS, ROWS, MatterData
from tests.support.clocks import ManualClock
from tests.support.insight import InsightDesk, gap
from tests.support.matters import plan
from tests.support.risk import MADE, Story

DAY = timedelta(days=1)


class Seconds:
    """A monotonic clock that stands until it is moved."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def matters(risk_database: Database, seconds: Seconds) -> MatterData:
    return MatterData(risk_database, ManualClock(MADE + 12 * DAY), seconds)


async def many(database: Database, number: int) -> InsightDesk:
    desk = InsightDesk(database)
    await desk.take(Story().made(), gap(at=MADE + DAY / 2, parts={Component.LATENESS: 0.75}))
    await desk.take(*(plan(f"pl{at:02}", day=1 + at / 100) for at in range(number)))
    return desk


async def test_a_page_of_plans_says_which_of_how_many(matters: MatterData, risk_database: Database) -> None:
    await many(risk_database, ROWS + 3)
    first, second = [await matters.plans(PlanFilter(), "due", page) for page in (1, 2)]
    assert (first.page, first.pages, first.number.total, len(first.items)) == (1, 2, ROWS + 3, ROWS)
    assert [one["plan_id"] for one in second.items] == [f"pl{ROWS + at:02}" for at in range(3)]
    newest = await matters.plans(PlanFilter(), "newest", 1)
    assert newest.items[0]["plan_id"] == second.items[-1]["plan_id"]
    assert (await matters.plans(PlanFilter(promise_id="p2"), "due", 1)).items == []


async def test_who_watches_the_same_reads_it_once_and_what_changes_is_read_after_some_seconds(
    matters: MatterData, risk_database: Database, seconds: Seconds
) -> None:
    desk = await many(risk_database, 6)
    assert await matters.actions(Component.LATENESS) == []
    await desk.take(*(plan(f"pl{at:02}", PlanState.DONE, 2, since=2, day=1 + at / 100) for at in range(6)))
    assert await matters.actions(Component.LATENESS) == []
    seconds.now += FRESH_SECONDS
    [record] = await matters.actions(Component.LATENESS)
    # It stands as it stood: none of them fell.
    assert (record.action, record.plans, record.fell.value, record.fell.n) == ("add-crew", 6, 0.0, 6)
    assert await matters.actions(Component.SILENCE) == []
    assert await matters.actions(None) == [record]


def asked(query: str) -> Request:
    return Request({"type": "http", "path": "/plans.csv", "query_string": query.encode(), "headers": []})


async def rows_of(database: Database, query: str) -> list[dict[str, Any]]:
    answer = await downloads.download_plans(asked(query), database, MADE + 12 * DAY)
    assert answer.status_code == 200
    return [*csv.DictReader(io.StringIO(bytes(answer.body).decode()))]


async def test_a_download_is_the_list_as_its_address_asks(
    risk_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloads, "MOST", 3)
    desk = await many(risk_database, 4)
    await desk.take(plan("other", promise_id="p2", customer="c2", department="=1+1", action="call", day=0.5))
    rows = await rows_of(risk_database, "state=open&sort=due")
    assert [row["plan_id"] for row in rows] == ["other", "pl00", "pl01"]
    # A formula is no formula in a spreadsheet.
    assert (rows[0]["department"], rows[0]["outcome"], rows[0]["state"]) == ("'=1+1", "", "overdue")
    assert [row["plan_id"] for row in await rows_of(risk_database, "action=call&page=7&dark=1")] == ["other"]
    assert await rows_of(risk_database, "state=dropped") == []


@pytest.mark.parametrize("query", ["state=gone", "driver=weather", "sort=x"])
async def test_a_download_of_what_nobody_knows_is_refused(risk_database: Database, query: str) -> None:
    answer = await downloads.download_plans(asked(query), risk_database, MADE)
    assert answer.status_code == 422
