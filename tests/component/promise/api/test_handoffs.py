"""Hand-offs between who promises and who delivers: every way through them, and what the promise makes of it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from candor.contracts import HandoffChanged, PromiseAssigned
from promise_svc.domain import MACHINES, Kind
from tests.component.promise.bodies import code, made, new, sent
from tests.component.promise.matters import begun, handoff, shown
from tests.support.api import Api
from tests.support.clocks import NOON, ManualClock

COUNTER = {"due": "2013-03-12T12:00:00Z", "reason": "two crews are ill"}
BODIES = {
    "accept": {},
    "decline": {"reason": "full"},
    "counter": COUNTER,
    "agree": {},
    "reject": {"reason": "too late"},
}
BODIES["withdraw"] = {"reason": "not needed"}
LEADS_TO = {"requested": (), "countered": ("counter",), "accepted": ("accept",), "declined": ("decline",)}
LEADS_TO["withdrawn"] = ("withdraw",)
ALLOWED = {"requested": {"accept", "decline", "counter", "withdraw"}, "countered": {"agree", "reject", "withdraw"}}


async def requested(api: Api, **changes: Any) -> dict[str, Any]:
    promise = await made(api)
    return await begun(api, "/v1/handoffs", handoff(promise["promise_id"], **changes))


async def act(api: Api, name: str, verb: str, **how: Any) -> Any:
    return await api.call("POST", f"/v1/handoffs/{name}/{verb}", BODIES[verb], role="operator", **how)


async def test_a_promise_is_unbacked_until_its_deliverer_accepts(promise_api: Api) -> None:
    found = await requested(promise_api, due="2013-03-09T10:00:00Z", scope=["machine", "softener"], words="please")
    path = f"/v1/promises/{found['promise_id']}"
    asked = await shown(promise_api, path)
    assert (asked["deliverer"], asked["accepted"]) == (found["deliverer"], False)
    answer = await act(promise_api, found["handoff_id"], "accept")
    assert (answer.json()["state"], answer.headers["etag"]) == ("accepted", '"2"')
    taken = await shown(promise_api, path)
    assert (taken["deliverer"], taken["accepted"], taken["version"]) == (found["deliverer"], True, 3)
    assert [(one["kind"], one["accepted"]) for one in taken["changes"]] == [("assigned", False), ("assigned", True)]
    messages = await sent(promise_api, found["customer_id"])
    assigned = [(m.envelope.version, m.data.accepted) for m in messages if isinstance(m.data, PromiseAssigned)]
    assert assigned == [(2, False), (3, True)]
    states = [m.data for m in messages if isinstance(m.data, HandoffChanged)]
    assert [one.state for one in states] == ["requested", "accepted"]
    assert (states[1].scope, states[1].due) == (["machine", "softener"], NOON + timedelta(hours=22))


async def test_the_acceptance_says_for_when(promise_api: Api) -> None:
    found = await requested(promise_api, due="2013-03-09T10:00:00Z")
    name, path = found["handoff_id"], f"/v1/promises/{found['promise_id']}"
    later = {"due": "2013-03-12T10:00:00Z", "reason": "parts"}
    assert (await promise_api.call("POST", f"/v1/handoffs/{name}/counter", later)).json()["state"] == "countered"
    assert (await promise_api.call("POST", f"/v1/handoffs/{name}/agree", {})).json()["state"] == "accepted"
    messages = await sent(promise_api, found["customer_id"])
    assigned = [(m.data.accepted, m.data.due) for m in messages if isinstance(m.data, PromiseAssigned)]
    assert assigned == [(False, None), (True, NOON + timedelta(days=3, hours=22))]
    asked, taken = (await shown(promise_api, path))["changes"]
    assert (asked.get("due"), taken["due"]) == (None, "2013-03-12T10:00:00Z")


async def test_an_answer_says_when_it_came_to_its_state(promise_api: Api, promise_clock: ManualClock) -> None:
    found = await requested(promise_api, expires_at=NOON + timedelta(hours=9))
    assert found["changed_at"] == found["at"] == "2013-03-08T12:00:00Z"
    promise_clock.advance(timedelta(hours=2))
    countered = (await act(promise_api, found["handoff_id"], "counter")).json()
    assert (countered["at"], countered["changed_at"]) == (found["at"], "2013-03-08T14:00:00Z")
    promise_clock.advance(timedelta(hours=1))
    path = f"/v1/handoffs/{found['handoff_id']}"
    assert (await shown(promise_api, path))["changed_at"] == "2013-03-08T14:00:00Z"
    # It was agreed before it was heard of: what was said counts, and when.
    event = {"handoff_id": found["handoff_id"]}
    await promise_api.webhook("handoff.agreed", event, at=NOON + timedelta(minutes=150))
    assert (await shown(promise_api, path))["changed_at"] == "2013-03-08T14:30:00Z"
    late = await requested(promise_api, expires_at=NOON + timedelta(hours=4))
    promise_clock.advance(timedelta(hours=6))
    gone = await shown(promise_api, f"/v1/handoffs/{late['handoff_id']}")
    assert (gone["state"], gone["changed_at"]) == ("expired", "2013-03-08T16:00:00Z")


async def test_who_has_been_asked_is_not_asked_again_before_they_answer(
    promise_api: Api, promise_clock: ManualClock
) -> None:
    found = await requested(promise_api, expires_at=NOON + timedelta(hours=1))
    again = {name: found[name] for name in ("promise_id", "deliverer", "department")}
    second = await promise_api.call("POST", "/v1/handoffs", again, role="operator")
    assert (second.status_code, code(second)) == (409, "handoff_open")
    assert f"hand-off {found['handoff_id']} is requested" in second.json()["detail"]
    assert (await shown(promise_api, "/v1/handoffs", promise_id=found["promise_id"]))["total"] == 1
    # Others may be asked, or ask.
    for differs in ({"deliverer": new("crew")}, {"department": "service"}):
        await begun(promise_api, "/v1/handoffs", again | differs)
    # What has been answered, or has expired, may be asked anew.
    promise_clock.advance(timedelta(hours=1))
    third = await begun(promise_api, "/v1/handoffs", again)
    await act(promise_api, third["handoff_id"], "counter")
    fourth = await promise_api.call("POST", "/v1/handoffs", again, role="operator")
    assert (code(fourth), third["handoff_id"] in fourth.json()["detail"]) == ("handoff_open", True)
    await act(promise_api, third["handoff_id"], "reject")
    await begun(promise_api, "/v1/handoffs", again)


async def test_the_same_request_again_is_answered_as_before(promise_api: Api) -> None:
    promise = await made(promise_api)
    body, key = handoff(promise["promise_id"]), {"idempotency-key": f'"{new()}"'}
    first, again = [
        await promise_api.call("POST", "/v1/handoffs", body, role="operator", headers=key) for _ in range(2)
    ]
    assert (first.status_code, again.status_code, again.content) == (201, 201, first.content)


async def test_of_two_requests_at_once_one_is_taken(promise_api: Api) -> None:
    promise = await made(promise_api)
    body = handoff(promise["promise_id"])
    calls = (promise_api.call("POST", "/v1/handoffs", body, role="operator") for _ in range(4))
    assert sorted([one.status_code for one in await asyncio.gather(*calls)]) == [201, 409, 409, 409]


async def test_what_another_system_says_of_a_second_one_is_kept(promise_api: Api) -> None:
    found = await requested(promise_api)
    again = {name: found[name] for name in ("promise_id", "deliverer", "department")} | {"handoff_id": new("h")}
    told = await promise_api.webhook("handoff.requested", again)
    assert (told.status_code, told.json()["state"]) == (202, "accepted")


@pytest.mark.parametrize("state", LEADS_TO)
async def test_every_step_is_taken_where_it_follows_and_refused_elsewhere(promise_api: Api, state: str) -> None:
    assert {*LEADS_TO} == MACHINES[Kind.HANDOFF].states
    for verb in BODIES:
        name = (await requested(promise_api))["handoff_id"]
        for before in LEADS_TO[state]:
            await act(promise_api, name, before)
        answer = await act(promise_api, name, verb)
        if verb in ALLOWED.get(state, ()):
            assert answer.status_code == 200, (state, verb)
        else:
            assert (answer.status_code, code(answer)) == (409, "not_now"), (state, verb)
            assert state in answer.json()["detail"]
            assert (await shown(promise_api, f"/v1/handoffs/{name}"))["state"] == state


async def test_an_agreed_counter_is_what_was_handed_over(promise_api: Api) -> None:
    found = await requested(promise_api, due="2013-03-09T10:00:00Z", scope=["machine"])
    await act(promise_api, found["handoff_id"], "counter")
    agreed = await act(promise_api, found["handoff_id"], "agree")
    assert (agreed.json()["state"], agreed.json()["due"], agreed.json()["scope"]) == (
        "accepted",
        COUNTER["due"],
        ["machine"],
    )
    promise = await shown(promise_api, f"/v1/promises/{found['promise_id']}")
    assert promise["accepted"] is True
    # What the customer was told is for a revision to change.
    assert promise["latest_due"] == promise["first_due"]


async def test_an_open_one_expires(promise_api: Api, promise_clock: ManualClock) -> None:
    ends = NOON + timedelta(hours=1)
    crew = new("crew")
    found = await requested(promise_api, expires_at=ends, deliverer=crew)
    beside = await requested(promise_api, deliverer=crew)
    path = f"/v1/handoffs/{found['handoff_id']}"
    assert (await shown(promise_api, path))["deliverer_open"] == 2
    promise_clock.advance(timedelta(hours=1))
    gone = await shown(promise_api, path)
    assert (gone["state"], gone["deliverer_open"]) == ("expired", 1)
    for state, name in (("expired", found), ("requested", beside), ("open", beside)):
        page = await shown(promise_api, "/v1/handoffs", deliverer=crew, state=state)
        assert [item["handoff_id"] for item in page["items"]] == [name["handoff_id"]]
        assert page["items"][0]["state"] == ("requested" if state == "open" else state)
    for every in ({}, {"state": "all"}):
        page = await shown(promise_api, "/v1/handoffs", deliverer=crew, **every)
        assert {item["handoff_id"] for item in page["items"]} == {found["handoff_id"], beside["handoff_id"]}
    answer = await act(promise_api, found["handoff_id"], "accept")
    assert (answer.status_code, code(answer)) == (409, "not_now")
    assert (await shown(promise_api, f"/v1/promises/{found['promise_id']}"))["accepted"] is False
    # It was accepted in time, and the word of it came late.
    late = {"handoff_id": found["handoff_id"]}
    told = await promise_api.webhook("handoff.accepted", late, at=ends - timedelta(minutes=1))
    assert told.json() == {"state": "accepted", "handoff_id": found["handoff_id"], "version": 2, "in_effect": True}
    assert (await shown(promise_api, f"/v1/promises/{found['promise_id']}"))["accepted"] is True


STORY = [("handoff.countered", COUNTER, 1), ("handoff.withdrawn", {"reason": "r"}, 3), ("handoff.agreed", {}, 2)]


async def test_webhooks_in_any_order_and_twice_leave_the_same_state(promise_api: Api) -> None:
    found = set()
    for order in permutations(STORY):
        begins = await requested(promise_api, at=NOON - timedelta(hours=1))
        name = begins["handoff_id"]
        for kind, data, minute in (*order, *order[:2]):
            at = NOON - timedelta(minutes=10 - minute)
            answer = await promise_api.webhook(kind, {"handoff_id": name} | data, at=at, webhook_id=f"{name}.{minute}")
            assert answer.json()["state"] == "accepted", answer.text
        whole = await shown(promise_api, f"/v1/handoffs/{name}")
        promise = await shown(promise_api, f"/v1/promises/{begins['promise_id']}")
        effects = tuple((one["action"], one["in_effect"]) for one in whole["entries"])
        found.add((whole["state"], whole["due"], whole["version"], effects, promise["accepted"]))
    expected = (("requested", True), ("countered", True), ("agreed", True), ("withdrawn", False))
    assert found == {("accepted", COUNTER["due"], 4, expected, True)}


async def test_the_newest_request_decides_who_delivers(promise_api: Api) -> None:
    promise = (await made(promise_api, made_at=NOON - timedelta(hours=3)))["promise_id"]
    newer, older = handoff(promise, at=NOON - timedelta(hours=1)), handoff(promise, at=NOON - timedelta(hours=2))
    await begun(promise_api, "/v1/handoffs", newer)
    late = await begun(promise_api, "/v1/handoffs", older)
    await act(promise_api, late["handoff_id"], "accept")
    found = await shown(promise_api, f"/v1/promises/{promise}")
    assert (found["deliverer"], found["accepted"], found["version"]) == (newer["deliverer"], False, 2)


async def test_both_sides_see_the_promise_and_its_plan(promise_api: Api) -> None:
    steps = [{"name": "shipped", "planned": "2013-03-09T08:00:00Z", "told": True}]
    promise = await made(promise_api, milestones=steps)
    found = await begun(promise_api, "/v1/handoffs", handoff(promise["promise_id"], person="kim", words="soon, please"))
    whole = await shown(promise_api, f"/v1/handoffs/{found['handoff_id']}")
    assert whole["promise"]["milestones"] == steps
    assert whole["promise"]["accepted"] is False
    assert (whole["deliverer_open"], whole["deliverer_open_exact"]) == (1, True)
    [entry] = whole["entries"]
    assert (entry["number"], entry["action"], entry["person"], entry["words"]) == (
        1,
        "requested",
        "kim",
        "soon, please",
    )


async def test_a_repeated_request_is_answered_as_the_first_time(promise_api: Api) -> None:
    body, key = handoff((await made(promise_api))["promise_id"]), {"idempotency-key": new("k")}
    first = await promise_api.call("POST", "/v1/handoffs", body, headers=key)
    again = await promise_api.call("POST", "/v1/handoffs", body, headers=key)
    assert (again.content, again.headers["location"]) == (first.content, first.headers["location"])
    other = await promise_api.call("POST", "/v1/handoffs", body | {"department": "success"}, headers=key)
    assert code(other) == "idempotency_key_reused"
    name = first.json()["handoff_id"]
    same = await promise_api.call("POST", "/v1/handoffs", body | {"handoff_id": name})
    assert (same.status_code, same.json()) == (201, first.json())
    taken = await promise_api.call("POST", "/v1/handoffs", body | {"handoff_id": name, "department": "success"})
    assert (taken.status_code, code(taken)) == (409, "already_exists")
    assert len(await promise_api.rows("SELECT FROM matter WHERE promise_id = $1", body["promise_id"])) == 1


async def test_a_step_can_ask_for_the_version_that_was_read(promise_api: Api) -> None:
    name = (await requested(promise_api))["handoff_id"]
    for tag, status in (('"2"', 412), ("nonsense", 412), ('"1"', 200)):
        answer = await act(promise_api, name, "counter", headers={"if-match": tag})
        assert answer.status_code == status, tag
    assert code(await act(promise_api, name, "agree", headers={"if-match": '"1"'})) == "version_changed"


async def test_nothing_is_handed_over_of_what_is_not_there_or_over(promise_api: Api) -> None:
    unknown = await promise_api.call("POST", "/v1/handoffs", handoff(new("p")))
    assert (unknown.status_code, code(unknown)) == (404, "not_found")
    ended = (await made(promise_api))["promise_id"]
    await promise_api.call("POST", f"/v1/promises/{ended}/withdraw", {"reason": "r"})
    closed = await promise_api.call("POST", "/v1/handoffs", handoff(ended))
    assert (closed.status_code, code(closed)) == (409, "promise_closed")
    for method, path in (("GET", "/v1/handoffs/x"), ("POST", "/v1/handoffs/x/accept")):
        missing = await promise_api.call(method, path, None if method == "GET" else {})
        assert (missing.status_code, code(missing)) == (404, "not_found")


@pytest.mark.parametrize(
    ("verb", "body", "pointer"),
    [
        ("", {"deliverer": "a b"}, "/deliverer"),
        ("", {"scope": ["a", "a"]}, "/scope"),
        ("", {"scope": [str(n) for n in range(51)]}, "/scope"),
        ("", {"words": "x" * 2001}, "/words"),
        ("", {"at": "2013-03-08T12:06:00Z"}, "/at"),
        ("", {"expires_at": "soon"}, "/expires_at"),
        ("", {"state": "accepted"}, "/state"),
        ("/counter", {"reason": "r"}, "/due"),
        ("/decline", {}, "/reason"),
        ("/accept", {"at": "2013-03-08T11:00:00Z"}, "/at"),
    ],
)
async def test_a_bad_body_names_its_field(promise_api: Api, verb: str, body: dict[str, Any], pointer: str) -> None:
    found = await requested(promise_api)
    whole = body if verb else handoff(found["promise_id"]) | body
    path = f"/v1/handoffs/{found['handoff_id']}{verb}" if verb else "/v1/handoffs"
    refused = await promise_api.call("POST", path, whole)
    assert refused.status_code == 422, refused.text
    assert [error["pointer"] for error in refused.json()["errors"]] == [pointer]


async def test_parameters_that_nobody_knows_are_refused(promise_api: Api) -> None:
    for params in ({"incident": "i1"}, {"state": "kept"}, {"state": "opened"}, {"limit": "201"}):
        answer = await promise_api.call("GET", "/v1/handoffs", params=params)
        assert answer.status_code == 422, params


async def test_a_hand_off_has_only_so_many_entries(promise_api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("promise_svc.domain.matter.ENTRIES", 2)
    name = (await requested(promise_api))["handoff_id"]
    assert (await act(promise_api, name, "counter")).status_code == 200
    full = await act(promise_api, name, "agree")
    assert (full.status_code, code(full), full.json()["limit"]) == (422, "limit_reached", 2)
