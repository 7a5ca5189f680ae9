"""Answer sheets from the topic to `GET /v1/perception`, and what worked to `GET /v1/factors`."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest_asyncio

from candor.contracts import Message, Side
from risk_svc.insight.reckoning import Reckoning
from tests.support.api import Api
from tests.support.insight import InsightDesk
from tests.support.lists import ask
from tests.support.matters import sheet
from tests.support.risk import MADE, Story, erased


@pytest_asyncio.fixture(loop_scope="session")
async def desk(served: tuple[Api, InsightDesk]) -> InsightDesk:
    _, desk = served
    tables = "insight_promise, insight_state, insight_milestone, insight_matter, insight_erased, insight_erasing"
    await desk.database.pool.execute(f"TRUNCATE {tables}, insight_figure, insight_sheet")
    return desk


async def reckon(desk: InsightDesk) -> None:
    await Reckoning(desk.database, lambda: True, rates={}, loss_share=0.5).reckon()


def said() -> list[Message]:
    """Ten leaders say 5, thirty customers 2, three of staff 1: too few to be shown."""
    leaders = [sheet("g1", Side.LEADERSHIP, 5, people=10)]
    customers = [sheet(f"k{number}", Side.CUSTOMERS, 2, customer=f"c{number}") for number in range(30)]
    return [*leaders, *customers, sheet("t1", Side.STAFF, 1, people=3)]


async def test_three_sides_stand_beside_the_measured_share_kept(api: Api, desk: InsightDesk) -> None:
    await desk.take(*said(), *said()[:5], *ended(30, 12))
    await reckon(desk)
    found = await ask(api, "/v1/perception", question="well")
    assert [(one["side"], one["top"]["value"], one["top"]["n"]) for one in found["items"]] == [
        ("leadership", 1.0, 10),
        ("staff", None, 0),
        ("customers", 0.0, 30),
    ]
    assert [one["suppressed"] for one in found["items"]] == [False, True, False]
    assert found["items"][0]["kept"] == {
        "value": 0.6,
        "low": found["items"][0]["kept"]["low"],
        "high": found["items"][0]["kept"]["high"],
        "n": 30,
        "open": 0,
    }
    assert (await ask(api, "/v1/perception"))["total"] == 12
    pairs = (await ask(api, "/v1/perception/pairs", question="well", verdict="disparity"))["items"]
    assert [(one["first"], one["second"], one["distance"]["value"]) for one in pairs] == [
        ("customers", "leadership", 0.75)
    ]
    hidden = (await ask(api, "/v1/perception/pairs", verdict="suppressed"))["items"]
    assert {one["distance"]["value"] for one in hidden} == {None}


async def test_a_page_goes_on_and_csv_has_a_column_for_each_part(api: Api, desk: InsightDesk) -> None:
    await desk.take(*said())
    await reckon(desk)
    names = []
    first = await api.call("GET", "/v1/perception", role="viewer", params={"limit": 7})
    names += [(one["question"], one["side"]) for one in first.json()["items"]]
    then = await api.client.get(
        first.links["next"]["url"], headers={"authorization": f"Bearer {api.keys.keys['viewer']}"}
    )
    names += [(one["question"], one["side"]) for one in then.json()["items"]]
    assert len({*names}) == len(names) == 12
    text = (await api.call("GET", "/v1/perception", role="viewer", params={"format": "csv"})).text
    head, *rows = csv.reader(io.StringIO(text))
    assert {"question", "side", "top_value", "top_n", "rating_low", "kept_value"} < {*head}
    assert len(rows) == 12


async def test_what_an_erased_customer_said_counts_no_more(api: Api, desk: InsightDesk) -> None:
    await desk.take(*said())
    await desk.take(erased("c3", at=MADE + timedelta(days=9)))
    await reckon(desk)
    cells = (await ask(api, "/v1/perception", question="well"))["items"]
    assert [one["top"]["n"] for one in cells] == [10, 0, 29]
    await desk.forget()
    assert await desk.rows("SELECT FROM insight_matter WHERE customer_id = 'c3'") == []


def ended(many: int, late: int, owned: range = range(0)) -> list[Message]:
    """Promises that have ended, the first `late` of them broken; those of `owned` had an owner."""
    found: list[Message] = []
    for number in range(many):
        story = Story(f"e{number}", f"d{number % 3}")
        found.append(story.made(owner="ada" if number in owned else None))
        delay = 600 if number < late else 0
        found += [story.milestone("departed", delay), story.milestone("arrived", delay)]
    return found


async def test_what_worked_is_told_with_what_was_tried(api: Api, desk: InsightDesk) -> None:
    assert (await ask(api, "/v1/factors"))["items"] == []
    # Of 40 with an owner 36 are kept, of 40 without one 16; all are of one type and lead.
    await desk.take(*ended(80, 28, range(24, 64)))
    await reckon(desk)
    found = (await ask(api, "/v1/factors"))["items"]
    assert (found[0]["name"], found[0]["lift"]["value"], found[0]["lift"]["n"]) == ("has an owner", 2.25, 80)
    assert found[0]["holds"] is True
    assert {one["name"] for one in found if one["q"] is None} >= {"its value is known", "its deliverer has accepted"}
    # All were made at one moment, so none was made after another had ended.
    [checked] = (await ask(api, "/v1/factors/checklist"))["items"]
    assert (checked["items"], checked["lift"]["value"]) == ([], None)
    # Once its words have ended, nobody knows any more whether a promise had an owner.
    await desk.database.pool.execute("UPDATE insight_promise SET words_since = NULL")
    await reckon(desk)
    assert {one["lift"]["n"] for one in (await ask(api, "/v1/factors"))["items"]} == {0}
    bad = await api.call("GET", "/v1/factors", role="viewer", params={"holds": "true"})
    assert (bad.status_code, bad.json()["code"]) == (422, "unknown_parameter")
