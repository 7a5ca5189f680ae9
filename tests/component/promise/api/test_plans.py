"""Plans to close a gap: opened, changed, done or dropped; what is told of them, and what stays here."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from candor.contracts import PlanChanged
from promise_svc.domain.limits import ENTRIES
from tests.component.promise.bodies import code, made, new, sent
from tests.component.promise.matters import begun, challenge, plan, shown
from tests.support.api import Api
from tests.support.clocks import NOON, ManualClock
from tests.support.lists import walk

H = timedelta(hours=1)


async def opened(api: Api, **fields: Any) -> dict[str, Any]:
    promise = await made(api)
    return await begun(api, "/v1/plans", plan(promise["promise_id"], **fields))


async def told(api: Api, customer: str) -> list[PlanChanged]:
    return [one.data for one in await sent(api, customer) if isinstance(one.data, PlanChanged)]


async def follow(api: Api, found: dict[str, Any], verb: str, body: dict[str, Any]) -> Any:
    return await api.call("POST", f"/v1/plans/{found['plan_id']}/{verb}", body, role="operator")


async def test_a_plan_is_opened_given_another_date_and_owner_and_done(
    promise_api: Api, promise_clock: ManualClock
) -> None:
    start = promise_clock.now()
    found = await opened(promise_api, owner="kim", words="a second crew from the south depot")
    assert (found["state"], found["driver"], found["action"], found["owner"]) == ("open", "lateness", "add-crew", "kim")
    promise_clock.advance(H)
    moved = await follow(promise_api, found, "changes", {"due": "2013-03-14T12:00:00Z", "department": "south"})
    assert (moved.status_code, moved.json()["state"], moved.json()["version"]) == (200, "open", 2)
    assert (moved.json()["due"], moved.json()["department"], moved.json()["owner"]) == (
        "2013-03-14T12:00:00Z",
        "south",
        "kim",
    )
    promise_clock.advance(H)
    done = await follow(promise_api, found, "finish", {"person": "kim"})
    assert (done.json()["state"], done.headers["etag"]) == ("done", '"3"')
    whole = await shown(promise_api, f"/v1/plans/{found['plan_id']}")
    # The plan's own action stands with the plan; an entry says what was done to the plan.
    assert whole["action"] == "add-crew"
    assert [(one["action"], one["in_effect"]) for one in whole["entries"]] == [
        ("opened", True),
        ("changed", True),
        ("done", True),
    ]
    events = await told(promise_api, found["customer_id"])
    assert [(one.state, one.at, one.since) for one in events] == [
        ("open", start, start),
        ("open", start, start),
        ("done", start, start + 2 * H),
    ]
    assert (events[2].driver, events[2].action, events[2].department) == ("lateness", "add-crew", "south")
    assert events[2].due == datetime.fromisoformat("2013-03-14T12:00:00Z")


async def test_words_and_who_does_it_are_in_no_event(promise_api: Api) -> None:
    secret = new("secret")
    found = await opened(promise_api, owner=secret, words=secret, person=secret)
    await follow(promise_api, found, "drop", {"reason": secret})
    assert secret not in repr(await told(promise_api, found["customer_id"]))
    assert (await shown(promise_api, f"/v1/plans/{found['plan_id']}"))["reason"] == secret


@pytest.mark.parametrize(
    ("verb", "body", "state"), [("finish", {}, "done"), ("drop", {"reason": "no crew is free"}, "dropped")]
)
async def test_nothing_follows_once_it_is_over(promise_api: Api, verb: str, body: dict[str, Any], state: str) -> None:
    found = await opened(promise_api)
    assert (await follow(promise_api, found, verb, body)).json()["state"] == state
    for late, said in (("finish", {}), ("drop", {"reason": "r"}), ("changes", {"department": "south"})):
        refused = await follow(promise_api, found, late, said)
        assert (refused.status_code, code(refused)) == (409, "not_now")
        assert f"the plan is {state}" in refused.json()["detail"]


async def test_a_webhook_that_is_late_changes_the_date_and_not_the_end(
    promise_api: Api, promise_clock: ManualClock
) -> None:
    promise, name = await made(promise_api), new("pl")
    start = promise_clock.now()
    promise_clock.advance(5 * H)
    for kind, data, hour in (
        ("plan.opened", plan(promise["promise_id"], plan_id=name), 1),
        ("plan.done", {"plan_id": name}, 4),
        ("plan.changed", {"plan_id": name, "due": "2013-03-20T12:00:00Z"}, 2),
        ("plan.dropped", {"plan_id": name, "reason": "r"}, 5),
    ):
        answer = await promise_api.webhook(kind, data, at=start + hour * H)
        assert answer.status_code == 202, answer.text
    last = (await told(promise_api, promise["customer_id"]))[-1]
    assert (last.state, last.at, last.since) == ("done", start + H, start + 4 * H)
    assert last.due == datetime.fromisoformat("2013-03-20T12:00:00Z")
    entries = (await shown(promise_api, f"/v1/plans/{name}"))["entries"]
    assert [(one["action"], one["in_effect"]) for one in entries] == [
        ("opened", True),
        ("changed", True),
        ("done", True),
        ("dropped", False),
    ]


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"driver": "weather"}, "/driver"),
        ({"action": "Add crew"}, "/action"),
        ({"action": "a" * 61}, "/action"),
        ({"action": "-"}, "/action"),
        ({"due": "tomorrow"}, "/due"),
        ({"department": ""}, "/department"),
        ({"owner": "kim@example.com"}, "/owner"),
        ({"words": "x" * 2001}, "/words"),
        ({"mood": "fine"}, "/mood"),
    ],
)
async def test_a_bad_plan_names_its_field(promise_api: Api, changes: dict[str, Any], pointer: str) -> None:
    refused = await promise_api.call("POST", "/v1/plans", plan("p1", **changes))
    assert refused.status_code == 422
    assert [error["pointer"] for error in refused.json()["errors"]] == [pointer]


async def test_what_changes_nothing_is_refused_and_so_is_a_plan_of_no_promise(promise_api: Api) -> None:
    found = await opened(promise_api)
    refused = await follow(promise_api, found, "changes", {"words": "still at it"})
    assert [error["pointer"] for error in refused.json()["errors"]] == ["/due"]
    unknown = await promise_api.call("POST", "/v1/plans", plan(new("p")))
    assert (unknown.status_code, code(unknown)) == (404, "not_found")
    missing = await promise_api.call("POST", f"/v1/plans/{new('pl')}/finish", {})
    assert (missing.status_code, code(missing)) == (404, "not_found")
    again = await promise_api.call("POST", "/v1/plans", plan(new("p"), plan_id=found["plan_id"]))
    assert (again.status_code, code(again)) == (404, "not_found")
    again = await promise_api.call("POST", "/v1/plans", plan(found["promise_id"], plan_id=found["plan_id"], words="x"))
    assert (again.status_code, code(again)) == (409, "already_exists")


async def test_two_who_change_it_at_once_do_not_undo_each_other(promise_api: Api) -> None:
    found = await opened(promise_api)
    path = f"/v1/plans/{found['plan_id']}/changes"
    first, second = [
        await promise_api.call("POST", path, {"department": name}, headers={"if-match": '"1"'})
        for name in ("south", "north")
    ]
    assert (first.status_code, second.status_code, code(second)) == (200, 412, "version_changed")


async def test_a_plan_has_only_so_many_entries(promise_api: Api) -> None:
    found = await opened(promise_api)
    for number in range(1, ENTRIES):
        await follow(promise_api, found, "changes", {"department": f"d{number}"})
    refused = await follow(promise_api, found, "finish", {})
    assert (refused.status_code, code(refused)) == (422, "limit_reached")


async def test_plans_are_listed_by_promise_and_state_newest_first(promise_api: Api) -> None:
    customer, promise = new("c"), new("p")
    await made(promise_api, promise_id=promise, customer_id=customer)
    names = [
        (await begun(promise_api, "/v1/plans", plan(promise, at=(NOON - hour * H).isoformat())))["plan_id"]
        for hour in range(5)
    ]
    await promise_api.call("POST", f"/v1/plans/{names[1]}/finish", {})
    for filters, expected in (
        ({"promise_id": promise}, names),
        ({"customer_id": customer, "state": "open"}, [names[0], *names[2:]]),
        ({"promise_id": promise, "state": "done"}, [names[1]]),
        ({"promise_id": promise, "state": "dropped"}, []),
        ({"promise_id": promise, "said_before": (NOON - 3 * H).isoformat()}, names[4:]),
    ):
        page = await shown(promise_api, "/v1/plans", **filters)
        assert [item["plan_id"] for item in page["items"]] == expected, filters
    headers = {"authorization": f"Bearer {promise_api.keys.keys['viewer']}"}
    walked = await walk(promise_api.client, "/v1/plans", headers, promise_id=promise, limit=2)
    assert [item["plan_id"] for item in walked] == names
    for asked in ({"state": "late"}, {"driver": "luck"}, {"option": "other"}):
        refused = await promise_api.call("GET", "/v1/plans", params=asked)
        assert refused.status_code == 422


async def test_lists_are_asked_for_all_of_a_kind_and_for_challenges_that_are_open(promise_api: Api) -> None:
    promise = (await made(promise_api))["promise_id"]
    done = await begun(promise_api, "/v1/plans", plan(promise))
    await promise_api.call("POST", f"/v1/plans/{done['plan_id']}/finish", {})
    doubts = [await begun(promise_api, "/v1/challenges", challenge("promise", promise)) for _ in range(2)]
    body = {"outcome": "dismissed", "reason": "a crew was found"}
    await promise_api.call("POST", f"/v1/challenges/{doubts[0]['challenge_id']}/settle", body)

    async def number(path: str, state: str) -> int:
        answer = await promise_api.call("GET", path, params={"promise_id": promise, "state": state})
        return int(answer.json()["total"])

    assert [await number("/v1/plans", state) for state in ("all", "open", "done")] == [1, 0, 1]
    assert [await number("/v1/challenges", state) for state in ("all", "open", "settled")] == [2, 1, 1]
