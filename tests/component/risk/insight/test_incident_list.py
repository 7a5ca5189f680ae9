"""`GET /v1/incidents`: open ones first, then the latest ended, each with what it hits, also where that is nothing."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from candor.contracts import Dependency, IncidentStatus, Message
from risk_svc.insight import incident_lists
from risk_svc.insight.incident_lists import IncidentFilter
from tests.support.api import Api
from tests.support.insight import InsightDesk, gap
from tests.support.lists import ask, names, walk
from tests.support.risk import MADE, Story, incident

PATH = "/v1/incidents"
EWR, ORD, LAB = Dependency("site", "EWR"), Dependency("site", "ORD"), Dependency("job", "backup")
HOUR = timedelta(hours=1)


def over(name: str, hours: float, *affects: Dependency) -> Message:
    """An incident that ended so many hours after MADE."""
    ended = MADE + hours * HOUR
    return incident(IncidentStatus.RESOLVED, incident_id=name, opened=MADE, resolved=ended, affects=affects)


@pytest_asyncio.fixture(loop_scope="session")
async def api(served: tuple[Api, InsightDesk]) -> Api:
    """Three promises at EWR and one at ORD; two incidents go on, of which one hits nothing, and three have ended."""
    api, desk = served
    await desk.database.pool.execute(
        "TRUNCATE insight_promise, insight_state, insight_milestone, insight_incident, insight_erased, insight_erasing"
    )
    messages = [Story("p4", "c3").made(depends_on=[ORD]), gap("p4", "c3", score=5.0)]
    for name, customer, value in (("p1", "c1", 500.1), ("p2", "c1", None), ("p3", "c2", 70.2)):
        messages += [Story(name, customer).made(value=value, currency="EUR"), gap(name, customer, score=9.0)]
    await desk.take(
        *messages,
        incident(incident_id="old", opened=MADE + HOUR),
        incident(incident_id="new", opened=MADE + 2 * HOUR, affects=[LAB]),
        over("first", 3, ORD),
        over("last", 9, ORD, EWR),
        over("before", -1, EWR),
    )
    return api


async def test_open_ones_come_first_and_what_hits_nothing_says_what_it_affects(api: Api) -> None:
    found = await ask(api, PATH)
    assert [one["incident_id"] for one in found["items"]] == ["new", "old", "last", "first", "before"]
    nothing, some, both, one, early = found["items"]
    assert (nothing["promises"], nothing["customers"], nothing["values"]) == (0, 0, [])
    assert (nothing["affects"], nothing["title"], nothing["resolved_at"]) == (["job:backup"], "Snow at EWR", None)
    assert (some["promises"], some["promises_exact"], some["customers"]) == (3, True, 2)
    assert some["values"] == [{"currency": "EUR", "value": 570.3, "promises": 3, "unvalued": 1}]
    assert (both["promises"], both["customers"], one["promises"]) == (4, 3, 1)
    # What was promised after it had ended it does not hit.
    assert early["promises"] == 0


async def test_the_list_says_of_each_what_its_own_page_says(api: Api) -> None:
    for one in (await ask(api, PATH))["items"]:
        page = await ask(api, f"{PATH}/{one['incident_id']}/promises")
        assert (one["promises"], one["customers"], one["values"]) == (page["total"], page["customers"], page["values"])


async def test_it_pages_to_the_end(api: Api) -> None:
    headers = {"authorization": f"Bearer {api.keys.keys['viewer']}"}
    items = await walk(api.client, PATH, headers, limit=1)
    assert [one["incident_id"] for one in items] == ["new", "old", "last", "first", "before"]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"state": "open"}, ["new", "old"]),
        ({"state": "ended"}, ["last", "first", "before"]),
        ({"place": "site:ORD"}, ["last", "first"]),
        ({"place": "site:ORD", "state": "open"}, []),
        ({"place": "job:backup", "category": "snow"}, ["new"]),
        ({"category": "ice"}, []),
    ],
)
async def test_filters(api: Api, filters: dict[str, Any], expected: list[str]) -> None:
    assert await names(api, PATH, "incident_id", **filters) == expected


async def test_as_csv_it_is_the_same_page(api: Api) -> None:
    answer = await api.call("GET", PATH, role="viewer", params={"format": "csv", "limit": 3})
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(row["incident_id"], row["affects"], row["values"]) for row in rows] == [
        ("new", "job:backup", ""),
        ("old", "site:EWR", "EUR 570.3"),
        ("last", "site:ORD; site:EWR", "EUR 570.3; no currency 120.0"),
    ]
    assert "format=csv" in answer.headers["link"]


async def test_of_very_many_it_says_that_there_are_more(
    served: tuple[Api, InsightDesk], api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(incident_lists, "MOST_HIT", 2)
    async with served[1].database.reading() as session:
        found, number = await incident_lists.incidents(session, IncidentFilter("open"), 9)
    assert [(one["promises"], one["promises_exact"]) for one in found] == [(0, True), (2, False)]
    assert number == (2, True)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("state=over", "invalid_field"),
        ("incident=i1", "unknown_parameter"),
        ("cursor=x", "invalid_field"),
        ("place=x%00", "invalid_field"),
    ],
)
async def test_what_cannot_be_answered_is_refused(api: Api, query: str, code: str) -> None:
    answer = await api.call("GET", f"{PATH}?{query}", role="viewer")
    assert (answer.status_code, answer.json()["code"]) == (422, code)
