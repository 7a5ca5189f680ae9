"""`GET /v1/incidents/{id}/promises`: what an incident hits, largest first, with customers and value."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from candor.contracts import Dependency, IncidentStatus, Message
from risk_svc.insight.reckoning import Reckoning
from tests.support.api import Api
from tests.support.insight import InsightDesk, gap
from tests.support.lists import walk
from tests.support.risk import MADE, Story, erased, incident

PATH = "/v1/incidents/i1/promises"
ORD = Dependency("site", "ORD")


@pytest_asyncio.fixture(loop_scope="session")
async def api(served: tuple[Api, InsightDesk]) -> Api:
    """Five promises: three at EWR, one there that has ended, one elsewhere."""
    api, desk = served
    await desk.database.pool.execute(
        "TRUNCATE insight_promise, insight_state, insight_milestone, insight_incident, insight_erased, "
        "insight_erasing, insight_rate"
    )
    await desk.take(*story(), incident())
    return api


def story() -> list[Message]:
    ended, away = Story("p4", "c1"), Story("p5", "c3")
    messages = [ended.made(value=9.0, currency="EUR"), ended.milestone("arrived"), away.made(depends_on=[ORD])]
    for name, customer, value, score in (("p1", "c1", 500.1, 20.0), ("p2", "c1", None, 80.0), ("p3", "c2", 70.2, 50.1)):
        messages += [Story(name, customer).made(value=value, currency="EUR"), gap(name, customer, score=score)]
    return messages


async def ask(api: Api, path: str = PATH, **params: Any) -> Any:
    answer = await api.call("GET", path, role="viewer", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def names(document: Any) -> list[str]:
    return [item["promise_id"] for item in document["items"]]


async def test_the_largest_gap_comes_first_with_all_that_is_hit(api: Api) -> None:
    found = await ask(api)
    assert names(found) == ["p2", "p3", "p1"]
    assert (found["total"], found["total_exact"], found["customers"]) == (3, True, 2)
    assert found["values"] == [{"currency": "EUR", "value": 570.3, "promises": 3, "unvalued": 1}]
    assert (found["incident"]["incident_id"], found["incident"]["resolved_at"]) == ("i1", None)
    assert found["items"][1] == {
        "promise_id": "p3",
        "customer_id": "c2",
        "kind": "flight",
        "department": None,
        "held_due": "2013-02-05T21:15:00Z",
        "score": 50.1,
        "p_slip": pytest.approx(0.6),
        "value": 70.2,
        "currency": "EUR",
        "told": False,
    }


async def test_by_value_those_without_one_come_last(api: Api) -> None:
    assert names(await ask(api, sort="value")) == ["p1", "p3", "p2"]


async def test_amounts_of_several_currencies_are_compared_by_the_rates(
    served: tuple[Api, InsightDesk], api: Api
) -> None:
    _, desk = served
    worth = {"p6": (80.0, "KWD"), "p7": (9000.0, "JPY"), "p8": (700.0, "CHF"), "p9": (900.0, "CHF"), "pa": (5.0, "AUD")}
    for name, (value, currency) in worth.items():
        await desk.take(Story(name, "c4").made(value=value, currency=currency), gap(name, "c4", score=1.0))
    # The currency of most promises has the rate 1 without a table; the others come by themselves.
    await Reckoning(desk.database, lambda: True, rates={}, loss_share=0.2).reckon()
    assert names(await ask(api, sort="value")) == ["p1", "p3", "pa", "p9", "p8", "p7", "p6", "p2"]
    rates = {"EUR": 1.0, "KWD": 3.0, "JPY": 0.006}
    await Reckoning(desk.database, lambda: True, rates=rates, loss_share=0.2).reckon()
    found = await ask(api, sort="value")
    assert names(found) == ["p1", "p6", "p3", "p7", "pa", "p9", "p8", "p2"]
    assert [one["currency"] for one in found["values"]] == ["EUR", "KWD", "JPY", "AUD", "CHF"]
    headers = {"authorization": f"Bearer {api.keys.keys['viewer']}"}
    items = await walk(api.client, PATH, headers, sort="value", limit=1)
    assert [item["promise_id"] for item in items] == names(found)
    listed = (await ask(api, "/v1/incidents"))["items"][0]["values"]
    assert listed == found["values"]


@pytest.mark.parametrize("sort", ["gap", "value"])
async def test_it_pages_to_the_end_and_each_page_counts_all(api: Api, sort: str) -> None:
    headers = {"authorization": f"Bearer {api.keys.keys['viewer']}"}
    items = await walk(api.client, PATH, headers, sort=sort, limit=1)
    assert [item["promise_id"] for item in items] == names(await ask(api, sort=sort))
    assert (await ask(api, sort=sort, limit=1))["total"] == 3


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"customer": "c1"}, ["p2", "p1"]),
        ({"min_score": 50}, ["p2", "p3"]),
        ({"kind": "train"}, []),
        ({"kind": "flight", "customer": "c2"}, ["p3"]),
    ],
)
async def test_filters(api: Api, filters: dict[str, Any], expected: list[str]) -> None:
    found = await ask(api, **filters)
    assert (names(found), found["total"]) == (expected, len(expected))


async def test_as_csv_it_is_the_same_page(api: Api) -> None:
    answer = await api.call("GET", PATH, role="viewer", params={"format": "csv", "limit": 2})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "format=csv" in answer.headers["link"]
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(row["promise_id"], row["value"], row["told"]) for row in rows] == [
        ("p2", "", "false"),
        ("p3", "70.2", "false"),
    ]


async def test_what_ends_is_resolved_or_is_forgotten_is_hit_no_more(served: tuple[Api, InsightDesk], api: Api) -> None:
    _, desk = served
    await desk.take(erased("c2", at=MADE + timedelta(hours=1)))
    assert names(await ask(api)) == ["p2", "p1"]
    ended = Story("p2", "c1")
    ended.made()
    await desk.take(ended.milestone("departed"), ended.milestone("arrived"))
    assert names(await ask(api)) == ["p1"]
    over = incident(IncidentStatus.RESOLVED, 2, resolved=MADE)
    await desk.take(over)
    assert (names(await ask(api)), (await ask(api))["total"]) == ([], 0)


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/v1/incidents/none/promises", 404, "not_found"),
        (f"{PATH}?incident=i1", 422, "unknown_parameter"),
        (f"{PATH}?cursor=x", 422, "invalid_field"),
        (f"{PATH}?sort=name", 422, "invalid_field"),
        ("/v1/gaps?incident=i1", 422, "unknown_parameter"),
    ],
)
async def test_what_cannot_be_answered_is_refused(api: Api, path: str, status: int, code: str) -> None:
    answer = await api.call("GET", path, role="viewer")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
