"""Making promises over HTTP: what is stored, answered and sent, and that each is taken once."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from candor.contracts import PromiseMade, ScopeItem
from tests.component.promise.bodies import DUE, REVISION, body, code, made, new, sent
from tests.support.api import Api
from tests.support.clocks import NOON, ManualClock

NOTHING_ASKED = {"clarifications": [], "clarifications_open": 0, "clarifications_open_exact": True}


async def test_a_promise_is_stored_answered_and_sent(promise_api: Api) -> None:
    references = [{"system": "ops", "id": "UA 1"}]
    asked = body(labels={"carrier": "UA"}, milestones=[{"name": "arrived"}], references=references)
    response = await promise_api.call("POST", "/v1/promises", asked)
    assert response.status_code == 201
    promise = response.json()
    assert {promise[name] for name in ("first_due", "latest_due", "held_due")} == {DUE}
    assert (promise["state"], promise["version"], response.headers["etag"]) == ("made", 1, '"1"')
    shown = await promise_api.call("GET", response.headers["location"])
    assert shown.json() == promise | {"changes": [], "changes_older": 0} | NOTHING_ASKED
    (message,) = await sent(promise_api, asked["customer_id"])
    assert isinstance(message.data, PromiseMade)
    assert message.data.promise_id == promise["promise_id"]
    assert (message.envelope.time, message.envelope.version, message.envelope.historical) == (NOON, 1, False)
    assert message.envelope.source == "promise-svc/test-admin"


async def test_scope_items_are_kept_shown_and_sent(promise_api: Api) -> None:
    scope = [{"item": "seat 14 A", "weight": 3.0}, {"item": "warm meal", "supported": False}]
    promise = await made(promise_api, scope=scope)
    whole = [{"weight": 1.0, "supported": True} | item for item in scope]
    assert promise["scope"] == whole
    shown = await promise_api.call("GET", f"/v1/promises/{promise['promise_id']}")
    assert shown.json()["scope"] == whole
    (message,) = await sent(promise_api, promise["customer_id"])
    assert isinstance(message.data, PromiseMade)
    assert message.data.scope == [ScopeItem("seat 14 A", 3.0), ScopeItem("warm meal", 1.0, False)]
    # A change of the promise leaves its scope as it was made.
    await promise_api.call("POST", f"/v1/promises/{promise['promise_id']}/revisions", REVISION)
    assert (await promise_api.call("GET", f"/v1/promises/{promise['promise_id']}")).json()["scope"] == whole


async def test_a_promise_stored_before_there_were_scope_items_has_none(promise_api: Api) -> None:
    promise = await made(promise_api)
    name = promise["promise_id"]
    await promise_api.rows("UPDATE promise SET terms = terms - 'scope' WHERE promise_id = $1", name)
    shown = await promise_api.call("GET", f"/v1/promises/{name}")
    assert (shown.status_code, shown.json()["scope"]) == (200, [])
    revised = await promise_api.call("POST", f"/v1/promises/{name}/revisions", REVISION)
    assert (revised.status_code, revised.json()["scope"]) == (200, [])


async def test_an_own_id_is_taken_once(promise_api: Api) -> None:
    asked = body(promise_id=new("p"))
    first = await promise_api.call("POST", "/v1/promises", asked)
    # Said once more it is the same answer; said otherwise it is refused, with what differs.
    for again in (asked, asked | {"made_at": first.json()["made_at"]}):
        same = await promise_api.call("POST", "/v1/promises", again)
        assert (same.status_code, same.json(), same.headers["location"]) == (
            *(201, first.json(), first.headers["location"]),
        )
    others = (
        {"what": "another"},
        {"due": "2013-03-20T12:00:00Z"},
        {"tolerance_s": 61},
        {"value": 7.0, "currency": "EUR"},
    )
    for other in (*others, {"customer_id": new("c")}, {"made_at": "2013-03-01T12:00:00Z"}):
        refused = await promise_api.call("POST", "/v1/promises", asked | other)
        assert (refused.status_code, code(refused)) == (409, "already_exists")
        name = "terms" if "value" in other else next(iter(other))
        assert refused.json()["detail"].endswith(f"its {name} is another")
    assert len(await sent(promise_api, asked["customer_id"])) == 1


async def test_an_idempotency_key_replays_the_first_answer(promise_api: Api) -> None:
    asked, headers = body(), {"idempotency-key": f'"{new("k")}"'}
    first = await promise_api.call("POST", "/v1/promises", asked, headers=headers)
    again = await promise_api.call("POST", "/v1/promises", asked, headers=headers)
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["location"] == first.headers["location"]
    assert (first.headers.get("idempotency-replayed"), again.headers["idempotency-replayed"]) == (None, "true")
    assert len(await sent(promise_api, asked["customer_id"])) == 1


async def test_a_key_with_another_body_or_route_is_refused(promise_api: Api) -> None:
    headers = {"idempotency-key": new("k")}
    promise = (await promise_api.call("POST", "/v1/promises", body(), headers=headers)).json()
    other = await promise_api.call("POST", "/v1/promises", body(), headers=headers)
    assert (other.status_code, code(other)) == (422, "idempotency_key_reused")
    path = f"/v1/promises/{promise['promise_id']}/withdraw"
    assert (await promise_api.call("POST", path, {"reason": "r"}, headers=headers)).status_code == 422


async def test_a_key_belongs_to_its_principal(promise_api: Api) -> None:
    headers = {"idempotency-key": new("k")}
    for role in ("operator", "admin"):
        made_by = await promise_api.call("POST", "/v1/promises", body(), role=role, headers=headers)
        assert made_by.status_code == 201


async def test_equal_keys_in_one_batch_have_one_effect(promise_api: Api) -> None:
    asked, headers = body(), {"idempotency-key": new("k")}
    calls = [promise_api.call("POST", "/v1/promises", asked, headers=headers) for _ in range(20)]
    answers = await asyncio.gather(*calls)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert len(await sent(promise_api, asked["customer_id"])) == 1


async def test_a_bad_neighbour_in_the_batch_disturbs_nobody(promise_api: Api) -> None:
    taken = (await made(promise_api, promise_id=new("p")))["promise_id"]
    bodies = [body(promise_id=taken if number % 3 == 0 else new("p")) for number in range(30)]
    answers = await asyncio.gather(*[promise_api.call("POST", "/v1/promises", asked) for asked in bodies])
    assert [answer.status_code for answer in answers] == [409 if number % 3 == 0 else 201 for number in range(30)]


async def test_a_refusal_is_not_remembered_under_its_key(promise_api: Api) -> None:
    headers, path = {"idempotency-key": new("k")}, f"/v1/promises/{(name := new('p'))}/withdraw"
    unknown = await promise_api.call("POST", path, {"reason": "r"}, headers=headers)
    assert (unknown.status_code, code(unknown)) == (404, "not_found")
    await made(promise_api, promise_id=name)
    assert (await promise_api.call("POST", path, {"reason": "r"}, headers=headers)).status_code == 200


@pytest.mark.parametrize(("minutes", "status"), [(5, 201), (6, 422)])
async def test_nothing_is_made_in_the_future(
    promise_api: Api, promise_clock: ManualClock, minutes: int, status: int
) -> None:
    made_at = promise_clock.now() + timedelta(minutes=minutes)
    response = await promise_api.call("POST", "/v1/promises", body(made_at=made_at))
    assert response.status_code == status


async def test_a_promise_due_before_it_was_made_is_refused(promise_api: Api) -> None:
    response = await promise_api.call("POST", "/v1/promises", body(due="2013-03-01T00:00:00Z"))
    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"] == "/due"


async def test_a_broken_statement_saves_nothing_at_all(promise_api: Api) -> None:
    before = await promise_api.rows("SELECT count(*) FROM outbox")
    name = new("p")
    response = await promise_api.call("POST", "/v1/promises", body(promise_id=name, due="2013-03-01T00:00:00Z"))
    assert response.status_code == 422
    assert await promise_api.rows("SELECT count(*) FROM outbox") == before
    assert await promise_api.rows("SELECT * FROM promise WHERE promise_id = $1", name) == []
