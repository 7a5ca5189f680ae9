"""Wishes as the API and the board's file list them: those due to be looked at again first, and a count of those."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from candor.contracts import Message, WishState
from risk_svc import metrics
from risk_svc.insight.reckoning import Reckoning
from risk_svc.web.board.matter_downloads import download_matters
from tests.component.risk.insight.test_offers_and_challenges import TABLES, asked, matters_of
from tests.support.api import Api
from tests.support.insight import InsightDesk, gap
from tests.support.lists import ask, names, walk
from tests.support.matters import wish
from tests.support.risk import MADE, Story, erased

PATH, KEY = "/v1/wishes", "wish_id"
H, DAY = timedelta(hours=1), timedelta(days=1)
TODAY = MADE.date()


@pytest_asyncio.fixture(loop_scope="session")
async def desk(served: tuple[Api, InsightDesk]) -> InsightDesk:
    _, desk = served
    await desk.database.pool.execute(f"TRUNCATE {TABLES}, insight_erased, insight_erasing")
    return desk


def wished() -> list[Message]:
    """Five wishes: one to look at later, one due today and one yesterday, one met, one declined."""
    return [
        Story("p1", "c1").made(),
        gap("p1", "c1", score=41.0),
        wish("later"),
        wish("today", customer="c2", promise_id=None, look_again_on=TODAY, public_text=None, workaround=None),
        wish("past", look_again_on=TODAY - DAY, department="sales"),
        wish("met", WishState.MET, 2, look_again_on=TODAY - 2 * DAY),
        wish("met", look_again_on=TODAY + DAY),
        wish("declined", WishState.DECLINED, 2, customer="c2", look_again_on=TODAY + 9 * DAY),
    ]


async def test_a_wish_says_what_was_wished_and_how_its_promise_stands(api: Api, desk: InsightDesk) -> None:
    await desk.take(*wished())
    past, today, later = (await ask(api, PATH, state="open"))["items"]
    assert (past["state"], past["look_again_on"], past["department"]) == ("due", str(TODAY - DAY), "sales")
    assert (past["promise_kind"], past["score"], past["public_text"]) == ("flight", 41.0, "a Saturday")
    # About no promise, and in no words that the customer may read.
    assert (today["promise_id"], today["promise_kind"], today["public_text"], today["workaround"]) == (None,) * 4
    assert (later["state"], later["workaround"]) == ("open", "before you open")


FILTERS: list[tuple[dict[str, Any], list[str]]] = [
    ({}, ["met", "past", "today", "declined", "later"]),
    ({"state": "open"}, ["past", "today", "later"]),
    ({"state": "due"}, ["past", "today"]),
    ({"state": "met"}, ["met"]),
    ({"state": "declined"}, ["declined"]),
    ({"state": "all"}, ["met", "past", "today", "declined", "later"]),
    ({"promise": "p1", "state": "open"}, ["past", "later"]),
    ({"customer": "c2", "state": "all"}, ["today", "declined"]),
    ({"department": "sales"}, ["past"]),
]


@pytest.mark.parametrize(("filters", "expected"), FILTERS)
async def test_they_are_filtered(api: Api, desk: InsightDesk, filters: dict[str, Any], expected: list[str]) -> None:
    await desk.take(*wished())
    assert await names(api, PATH, KEY, **filters) == expected


async def test_they_page_to_the_end_the_first_day_first_and_as_csv_are_the_same(api: Api, desk: InsightDesk) -> None:
    # Some on the same day: ids then decide.
    await desk.take(*(wish(f"w{number}", look_again_on=TODAY + number % 3 * DAY) for number in range(7)))
    items = await walk(api.client, PATH, {"authorization": f"Bearer {api.keys.keys['viewer']}"}, limit=2)
    places = [(item["look_again_on"], item[KEY]) for item in items]
    assert places == sorted(places) and len({*places}) == 7
    answer = await api.call("GET", PATH, role="viewer", params={"format": "csv"})
    rows = [*csv.DictReader(io.StringIO(answer.text))]
    assert [*rows[0]] == [*items[0]] and [row[KEY] for row in rows] == [item[KEY] for item in items]


async def test_what_it_does_not_know_is_refused(api: Api) -> None:
    for wrong, code in (
        ("offer=o1", "unknown_parameter"),
        ("cursor=x", "invalid_field"),
        ("state=gone", "invalid_field"),
        ("promise=a%20b", "invalid_field"),
    ):
        answer = await api.call("GET", f"{PATH}?{wrong}", role="viewer")
        assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert (await api.call("GET", PATH, role=None)).status_code == 401


async def test_the_boards_file_has_what_is_chosen(desk: InsightDesk) -> None:
    await desk.take(*wished())
    answer = await download_matters(asked("wishes", "state=due"), desk.database, "wishes", matters_of(desk))
    rows = [*csv.DictReader(io.StringIO(bytes(answer.body).decode()))]
    assert [row[KEY] for row in rows] == ["past", "today"]


async def test_whoever_is_forgotten_is_not_listed_nor_counted(api: Api, desk: InsightDesk) -> None:
    await desk.take(*wished())
    assert await due(desk) == 2
    await desk.take(erased("c1", at=MADE + 9 * DAY))
    assert await names(api, PATH, KEY) == ["today", "declined"]
    assert await due(desk) == 1
    assert await due(desk, ours=False) == 0


async def due(desk: InsightDesk, *, ours: bool = True) -> float:
    """What the gauge says after a round of the process whose turn it is, or is not."""
    reckoning = Reckoning(desk.database, lambda: ours, rates={}, loss_share=0.1, now=lambda: MADE)
    await reckoning.round()
    return float(next(iter(metrics.WISHES_DUE.collect())).samples[0].value)
