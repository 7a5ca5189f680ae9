"""Plans as the API lists them, and what was tried for each driver: filters, orders, pages, none of the forgotten."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from candor.contracts import Component, Message
from candor.contracts.matters import PlanState
from risk_svc.web.api import plan_examples, plan_responses
from tests.component.risk.insight.test_plan_drivers import scored
from tests.support.api import Api
from tests.support.insight import InsightDesk
from tests.support.lists import ask, walk
from tests.support.matters import plan
from tests.support.risk import MADE, Story, erased

TABLES = "insight_promise, insight_state, insight_milestone, insight_matter, insight_driver, insight_erased"
LISTS = ("/v1/plans?state=all", "/v1/plans/actions")
DAY = timedelta(days=1)
NOW = MADE + 12 * DAY


@pytest_asyncio.fixture(loop_scope="session")
async def desk(served: tuple[Api, InsightDesk]) -> InsightDesk:
    _, desk = served
    await desk.database.pool.execute(f"TRUNCATE {TABLES}, insight_erasing")
    return desk


async def names(api: Api, **params: Any) -> list[str]:
    found = await ask(api, "/v1/plans", **params)
    assert found["total"] == len(found["items"])
    return [item["plan_id"] for item in found["items"]]


def done(name: str, since: float, **fields: Any) -> Message:
    return plan(name, PlanState.DONE, 2, since=since, **fields)


async def planned(desk: InsightDesk) -> None:
    """Two open plans, one of them overdue; three that were done, of which one is still to be looked at; one dropped."""
    late: dict[str, Any] = {"customer": "c2", "promise_id": "p2"}
    await desk.take(Story().made(), scored(0.5, 0.75), Story("p2", "c2").made(), scored(0.5, 0.5, "p2", "c2"))
    await desk.take(
        *(plan("open", due=MADE + 20 * DAY), plan("overdue", due=MADE + 11 * DAY, action="call", **late)),
        *(plan("fell"), plan("stayed", **late), plan("soon", driver=Component.SCOPE), plan("dropped")),
    )
    await desk.take(
        *(done("fell", 3), done("stayed", 3, **late), done("soon", 11, driver=Component.SCOPE)),
        plan("dropped", PlanState.DROPPED, 2, since=2),
    )
    await desk.take(scored(4, 0.25))


async def test_a_plan_that_was_done_says_what_its_driver_did_afterwards(api: Api, desk: InsightDesk) -> None:
    await planned(desk)
    fell, _, stayed = (await ask(api, "/v1/plans", state="done"))["items"]
    assert (fell["plan_id"], fell["before"], fell["after"], fell["fall"], fell["outcome"]) == (
        "fell",
        0.75,
        0.25,
        0.5,
        "fell",
    )
    assert (fell["now"], fell["promise_kind"], fell["promise_standing"]) == (0.25, "flight", "open")
    assert (stayed["plan_id"], stayed["fall"], stayed["outcome"]) == ("stayed", 0.0, "did_not_fall")
    [soon] = (await ask(api, "/v1/plans", state="done", driver="scope"))["items"]
    # Nothing was missing when it was opened.
    assert (soon["plan_id"], soon["before"], soon["outcome"]) == ("soon", 0.0, "not_there")
    [dropped] = (await ask(api, "/v1/plans", state="dropped"))["items"]
    assert (dropped["since"], dropped["outcome"]) == ((MADE + 2 * DAY).isoformat().replace("+00:00", "Z"), "fell")


async def test_an_open_plan_has_no_outcome_yet(api: Api, desk: InsightDesk) -> None:
    await planned(desk)
    overdue, still = (await ask(api, "/v1/plans", state="open"))["items"]
    assert [(one["state"], one["outcome"], one["before"]) for one in (overdue, still)] == [
        ("overdue", None, 0.5),
        ("open", None, 0.75),
    ]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, ["dropped", "fell", "soon", "stayed", "overdue", "open"]),
        ({"state": "open"}, ["overdue", "open"]),
        ({"state": "overdue"}, ["overdue"]),
        ({"state": "done"}, ["fell", "soon", "stayed"]),
        ({"state": "dropped"}, ["dropped"]),
        ({"state": "all", "promise": "p2"}, ["stayed", "overdue"]),
        ({"state": "all", "customer": "c2", "sort": "newest"}, ["stayed", "overdue"]),
        ({"state": "all", "driver": "scope"}, ["soon"]),
        ({"state": "all", "action": "call"}, ["overdue"]),
        ({"department": "operations", "state": "open"}, ["overdue", "open"]),
        ({"department": "sales"}, []),
    ],
)
async def test_plans_are_filtered_and_sorted(
    api: Api, desk: InsightDesk, filters: dict[str, Any], expected: list[str]
) -> None:
    await planned(desk)
    assert await names(api, **filters) == expected


@pytest.mark.parametrize("sort", ["due", "newest"])
async def test_plans_page_to_the_end(api: Api, desk: InsightDesk, sort: str) -> None:
    await desk.take(*(plan(f"pl{number}", day=number % 3) for number in range(9)))
    headers = {"authorization": f"Bearer {api.keys.keys['viewer']}"}
    items = await walk(api.client, "/v1/plans", headers, sort=sort, limit=2)
    whole = (await ask(api, "/v1/plans", sort=sort, limit=200))["items"]
    assert [item["plan_id"] for item in items] == [item["plan_id"] for item in whole]
    assert len({item["plan_id"] for item in items}) == 9


async def tried(desk: InsightDesk) -> None:
    """Seven plans of add-crew, of which five fell, each with one beside it, of which two fell; one plan of call."""
    for number in range(8):
        action = "add-crew" if number < 7 else "call"
        mine, other = f"a{number}", f"b{number}"
        await desk.take(Story(mine, "c1").made(), scored(0.5, 0.75, mine), Story(other, "c2").made())
        await desk.take(scored(0.5, 0.75, other, "c2"), plan(f"pl{number}", promise_id=mine, action=action))
    beside = await desk.rows("SELECT plan_id, promise_id FROM insight_driver WHERE beside ORDER BY plan_id")
    assert len({row["promise_id"] for row in beside}) >= 1
    for number in range(8):
        action = "add-crew" if number < 7 else "call"
        await desk.take(done(f"pl{number}", 2, promise_id=f"a{number}", action=action))
        await desk.take(scored(3, 0.25 if number < 5 else 0.75, f"a{number}"))


async def test_what_was_tried_is_ranked_and_of_few_there_is_too_little_history(api: Api, desk: InsightDesk) -> None:
    await tried(desk)
    crew, call = (await ask(api, "/v1/plans/actions", driver="lateness"))["items"]
    assert (crew["action"], crew["plans"], crew["awaited"], crew["too_little_history"]) == ("add-crew", 7, 0, None)
    assert (crew["fell"]["value"], crew["fell"]["n"]) == (0.7143, 7)
    # Wilson's interval of 5 in 7.
    assert (crew["fell"]["low"], crew["fell"]["high"]) == (0.3589, 0.9178)
    assert (crew["fall"]["value"], crew["fall"]["n"]) == (0.3571, 7)
    assert (call["action"], call["fell"]["value"]) == ("call", None)
    assert call["too_little_history"] == "too little history: 1 of at least 5 plans"
    assert (await ask(api, "/v1/plans/actions", driver="silence"))["items"] == []


async def test_how_often_a_driver_fell_by_itself_stands_beside_it(api: Api, desk: InsightDesk) -> None:
    await tried(desk)
    crew = (await ask(api, "/v1/plans/actions"))["items"][0]
    # Each has one beside it, none of which has been scored again.
    assert (crew["beside"]["n"], crew["beside"]["value"]) == (7, 0.0)
    rows = await desk.rows("SELECT DISTINCT promise_id FROM insight_driver WHERE beside AND plan_id < 'pl7'")
    for row in rows:
        await desk.take(scored(5, 0.0, row["promise_id"], "c2"))
    assert (await ask(api, "/v1/plans/actions"))["items"][0]["beside"]["value"] == 1.0
    # What was planned about meanwhile did not fall by itself.
    for row in rows:
        await desk.take(plan(f"late-{row['promise_id']}", promise_id=row["promise_id"], customer="c2", day=4))
    assert (await ask(api, "/v1/plans/actions"))["items"][0]["beside"]["n"] == 0


async def test_actions_page_to_the_end(api: Api, desk: InsightDesk) -> None:
    await desk.take(*(done(f"pl{number}", 2, action=f"act-{number % 4}") for number in range(9)))
    headers = {"authorization": f"Bearer {api.keys.keys['viewer']}"}
    items = await walk(api.client, "/v1/plans/actions", headers, limit=1)
    assert [item["action"] for item in items] == ["act-0", "act-1", "act-2", "act-3"]


@pytest.mark.parametrize("path", LISTS)
async def test_as_csv_they_are_the_same_page(api: Api, desk: InsightDesk, path: str) -> None:
    await planned(desk)
    answer = await api.call("GET", f"{path}{'&' if '?' in path else '?'}format=csv", role="viewer")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    items = (await ask(api, path))["items"]
    assert len(rows) == len(items) > 0
    assert rows[0]["driver"] == items[0]["driver"]


async def test_whoever_is_forgotten_is_in_none_of_them_from_that_moment_on(api: Api, desk: InsightDesk) -> None:
    await planned(desk)
    await desk.take(erased("c1", at=MADE + 12 * DAY))
    assert await names(api, state="all") == ["stayed", "overdue"]
    [crew] = (await ask(api, "/v1/plans/actions"))["items"]
    assert (crew["plans"], crew["beside"]["n"]) == (1, 0)


@pytest.mark.parametrize("path", LISTS)
async def test_what_it_does_not_know_is_refused(api: Api, path: str) -> None:
    for asked, code in (
        ("incident=i1", "unknown_parameter"),
        ("driver=weather", "invalid_field"),
        ("cursor=x", "invalid_field"),
        ("limit=0", "invalid_field"),
    ):
        answer = await api.call("GET", f"{path}{'&' if '?' in path else '?'}{asked}", role="viewer")
        assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert (await api.call("GET", path, role=None)).status_code == 401


def test_the_examples_are_answers() -> None:
    for model, example in (
        (plan_responses.PlanPage, plan_examples.PLANS),
        (plan_responses.ActionPage, plan_examples.ACTIONS),
    ):
        assert model.model_validate(example).model_dump(mode="json") == example
