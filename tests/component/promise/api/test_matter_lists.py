"""Lists of matters: when each came to its state, filters by what they say, and either order."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest

from tests.component.promise.bodies import code, made, new
from tests.component.promise.matters import (
    OPTIONS,
    begun,
    challenge,
    claim,
    handoff,
    offer,
    plan,
    registered,
    shown,
    statement,
)
from tests.support.api import Api
from tests.support.clocks import NOON
from tests.support.lists import walk

H = timedelta(hours=1)
BEGAN, LATER = "2013-03-08T09:00:00Z", "2013-03-08T10:00:00Z"


async def ids(api: Api, path: str, key: str, **filters: Any) -> list[str]:
    return [item[key] for item in (await shown(api, path, **filters))["items"]]


async def test_a_list_says_when_each_came_to_its_state_as_one_alone_does(promise_api: Api) -> None:
    promise = (await made(promise_api, made_at=(NOON - 9 * H).isoformat()))["promise_id"]
    early = (NOON - 3 * H).isoformat()
    first, second = [await begun(promise_api, "/v1/offers", offer(promise, at=early)) for _ in range(2)]
    taken = {"offer_id": first["offer_id"], "taken": "credit"}
    answer = await promise_api.webhook("offer.taken", taken, at=NOON - 2 * H)
    assert answer.json()["state"] == "accepted"
    listed = {one["offer_id"]: one for one in (await shown(promise_api, "/v1/offers", promise_id=promise))["items"]}
    assert (listed[first["offer_id"]]["at"], listed[first["offer_id"]]["changed_at"]) == (BEGAN, LATER)
    assert (listed[second["offer_id"]]["at"], listed[second["offer_id"]]["changed_at"]) == (BEGAN, BEGAN)
    for name, one in listed.items():
        alone = await shown(promise_api, f"/v1/offers/{name}")
        assert alone["changed_at"] == one["changed_at"]
    answer = await promise_api.call("GET", "/v1/offers", role="viewer", params={"promise_id": promise, "format": "csv"})
    rows = csv.DictReader(io.StringIO(answer.text))
    assert {row["changed_at"] for row in rows} == {BEGAN, LATER}
    # Of what has no other state to come to there is none.
    await begun(promise_api, "/v1/statements", statement(promise_id=promise))
    [said] = (await shown(promise_api, "/v1/statements", promise_id=promise))["items"]
    assert "changed_at" not in said


async def test_matters_are_filtered_by_what_they_say(promise_api: Api) -> None:
    promise = (await made(promise_api))["promise_id"]
    goodwill = await begun(promise_api, "/v1/offers", offer(promise, options=OPTIONS[:1], department="sales"))
    terms = await begun(promise_api, "/v1/offers", offer(promise, options=OPTIONS[1:]))
    about = await begun(promise_api, "/v1/challenges", challenge("promise", promise, department="sales"))
    other = await begun(promise_api, "/v1/challenges", challenge("promise", promise))
    path = f"/v1/challenges/{other['challenge_id']}/settle"
    await promise_api.call("POST", path, {"outcome": "upheld", "reason": "so it is"})
    crew = await begun(promise_api, "/v1/plans", plan(promise))
    route = await begun(promise_api, "/v1/plans", plan(promise, driver="scope", action="reroute", department="ops"))
    handed = await begun(promise_api, "/v1/handoffs", handoff(promise))
    beside = await begun(promise_api, "/v1/handoffs", handoff(promise, department="ops"))
    looked: Iterable[tuple[str, dict[str, str], dict[str, Any]]] = (
        ("offer", {"option": "goodwill"}, goodwill),
        ("offer", {"option": "revised_terms"}, terms),
        ("offer", {"department": "sales"}, goodwill),
        ("challenge", {"about": "promise", "about_id": promise, "department": "sales"}, about),
        ("challenge", {"outcome": "upheld"}, other),
        ("plan", {"driver": "lateness"}, crew),
        ("plan", {"action": "reroute"}, route),
        ("plan", {"department": "ops"}, route),
        ("handoff", {"department": "ops"}, beside),
        ("handoff", {"deliverer": handed["deliverer"]}, handed),
    )
    for kind, filters, expected in looked:
        found = await ids(promise_api, f"/v1/{kind}s", f"{kind}_id", promise_id=promise, **filters)
        assert found == [expected[f"{kind}_id"]], (kind, filters)


async def test_claims_are_filtered_by_department(promise_api: Api) -> None:
    capability = new("cap")
    await registered(promise_api, capability, {"status": "available"})
    ours = await begun(promise_api, "/v1/claims", claim(capability, department="web"))
    await begun(promise_api, "/v1/claims", claim(capability))
    found = await ids(promise_api, "/v1/claims", "claim_id", capability_id=capability, department="web")
    assert found == [ours["claim_id"]]
    assert (await shown(promise_api, "/v1/claims", capability_id=capability))["items"][0]["changed_at"]


async def test_a_list_goes_either_way_to_its_end(promise_api: Api) -> None:
    promise = (await made(promise_api, made_at=(NOON - 9 * H).isoformat()))["promise_id"]
    names = [
        (await begun(promise_api, "/v1/plans", plan(promise, at=(NOON - hour * H).isoformat())))["plan_id"]
        for hour in (5, 4, 3)
    ]
    headers = {"authorization": f"Bearer {promise_api.keys.keys['viewer']}"}
    for sort, expected in (("age", names), ("newest", names[::-1])):
        found = await walk(promise_api.client, "/v1/plans", headers, promise_id=promise, sort=sort, limit=1)
        assert [item["plan_id"] for item in found] == expected


@pytest.mark.parametrize(
    "asked",
    [
        "/v1/handoffs?option=other",
        "/v1/offers?option=cake",
        "/v1/plans?sort=due",
        "/v1/statements?department=a",
        "/v1/challenges?outcome=maybe",
    ],
)
async def test_a_filter_that_a_list_lacks_is_refused(promise_api: Api, asked: str) -> None:
    answer = await promise_api.call("GET", asked, role="viewer")
    assert (answer.status_code, code(answer) in ("unknown_parameter", "invalid_field")) == (422, True)
