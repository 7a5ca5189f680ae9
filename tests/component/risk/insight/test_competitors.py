"""Stated lead times as the API lists them, with ours beside them as they were worked out."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from candor.contracts import LeadTimeState, Message
from risk_svc.insight import competitors
from risk_svc.insight.reckoning import Reckoning
from tests.support.api import Api
from tests.support.clocks import ManualClock
from tests.support.insight import InsightDesk
from tests.support.lists import walk
from tests.support.matters import lead_time
from tests.support.risk import DUE, MADE, Story

TABLES = "insight_promise, insight_state, insight_milestone, insight_matter, insight_figure, insight_sheet"


@pytest_asyncio.fixture(loop_scope="session")
async def desk(served: tuple[Api, InsightDesk]) -> InsightDesk:
    _, desk = served
    await desk.database.pool.execute(f"TRUNCATE {TABLES}")
    return desk


async def ask(api: Api, **params: Any) -> Any:
    answer = await api.call("GET", "/v1/competitors", role="viewer", params=params or None)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def reckon(desk: InsightDesk) -> None:
    await Reckoning(desk.database, lambda: True, rates={}, loss_share=0.5, now=ManualClock(MADE).now).reckon()


def completed(count: int, days: float = 0.0, name: str = "p", **labels: Any) -> list[Message]:
    """Promises of 15 h 15 min that were complete then and so many days."""
    found: list[Message] = []
    for number in range(count):
        story = Story(f"{name}{number}", "c1")
        done = DUE + timedelta(days=days)
        found.append(story.made(labels=labels, milestones=[]))
        found.append(story.milestone("arrived", at=done, planned=DUE))
    return found


async def test_it_is_stated_by_somebody_and_ours_stand_beside_once_they_are_worked_out(
    api: Api, desk: InsightDesk
) -> None:
    stated = lead_time(
        low=1.0, high=72.0, unit="hours", typical=36.0, labels={"place": "berlin"}, url="https://x.example"
    )
    others = [*completed(7, name="q", place="bonn"), *completed(7, name="r")]
    await desk.take(stated, *completed(40, 2.0, place="berlin", crew="n"), *others)
    before = await ask(api)
    [one] = before["items"]
    assert (before["made_at"], one["beside"], one["actual_typical"]["n"]) == (None, "too_little_history", 0)
    await reckon(desk)
    found = await ask(api)
    [one] = found["items"]
    assert found["made_at"] is not None
    assert (one["competitor"], one["stated_by"], one["url"], one["unit"]) == (
        *("Brew & Co", "page", "https://x.example"),
        "hours",
    )
    assert (one["low_days"], one["typical_days"], one["high_days"]) == (1 / 24, 1.5, 3.0)
    promised = (DUE - MADE) / timedelta(days=1)
    assert (one["promised_typical"]["n"], one["promised_typical"]["value"]) == (40, round(promised, 4))
    assert one["actual_typical"]["value"] == round(promised + 2.0, 4)
    assert one["beside"] == "longer"


async def test_the_newest_of_each_counts_and_what_was_withdrawn_is_gone(api: Api, desk: InsightDesk) -> None:
    await desk.take(
        lead_time("a", competitor="B"),
        lead_time("a", 2, competitor="B", typical=9.0),
        lead_time("b", competitor="A", kind="install"),
        lead_time("c"),
        lead_time("c", 2, state=LeadTimeState.WITHDRAWN),
    )
    found = await ask(api)
    assert [(one["lead_time_id"], one["typical_days"]) for one in found["items"]] == [("b", 2.0), ("a", 9.0)]
    assert [one["lead_time_id"] for one in (await ask(api, competitor="A"))["items"]] == ["b"]
    assert [one["lead_time_id"] for one in (await ask(api, kind="flight"))["items"]] == ["a"]


async def test_it_pages_to_the_end_and_is_the_same_as_csv(api: Api, desk: InsightDesk) -> None:
    await desk.take(*(lead_time(f"l{number}", competitor=f"C{number % 2}") for number in range(5)))
    await reckon(desk)
    headers = {"authorization": f"Bearer {api.keys.keys['viewer']}"}
    items = await walk(api.client, "/v1/competitors", headers, limit=2)
    assert [one["lead_time_id"] for one in items] == ["l0", "l2", "l4", "l1", "l3"]
    answer = await api.call("GET", "/v1/competitors", role="viewer", params={"format": "csv"})
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["lead_time_id"] for row in rows] == [one["lead_time_id"] for one in items]
    assert (rows[0]["actual_typical_n"], rows[0]["stated_by"]) == ("0", "page")


async def test_no_promise_is_read_where_nothing_is_stated_and_never_more_than_the_limit(
    desk: InsightDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.take(*completed(30))
    assert await competitors.sheets_of(desk.database) == {"competitor": []}
    await desk.take(lead_time())
    monkeypatch.setattr(competitors, "PAGE", 10)
    [row] = (await competitors.sheets_of(desk.database))["competitor"]
    assert row.body["actual_typical"]["n"] == 30
    monkeypatch.setattr(competitors, "MOST", 20)
    [row] = (await competitors.sheets_of(desk.database))["competitor"]
    assert row.body["actual_typical"]["n"] == 20


async def test_what_it_does_not_know_is_refused(api: Api) -> None:
    for asked, code in (("place=x", "unknown_parameter"), ("cursor=x", "invalid_field"), ("limit=0", "invalid_field")):
        answer = await api.call("GET", f"/v1/competitors?{asked}", role="viewer")
        assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert (await api.call("GET", "/v1/competitors", role=None)).status_code == 401
