"""Statements hop by hop: their slots, what waits for its promise, and who may challenge what."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from candor.contracts import ChallengeChanged, StatementMade
from promise_svc.domain import limits
from tests.component.promise.bodies import code, made, new, sent
from tests.component.promise.matters import begun, challenge, claim, shown, statement
from tests.support.api import Api
from tests.support.clocks import NOON, ManualClock

SLOTS: dict[str, Any] = {
    "due": "2013-03-20T12:00:00Z",
    "scope": ["machine", "softener"],
    "quantity": 2,
    "unit": "machines",
    "certainty": 3,
    "conditions": ["the site has power"],
}


async def said(api: Api, **fields: Any) -> dict[str, Any]:
    return await begun(api, "/v1/statements", statement(**fields))


async def test_a_statement_has_its_slots_and_its_words_stay_here(promise_api: Api) -> None:
    promise = await made(promise_api)
    found = await said(promise_api, promise_id=promise["promise_id"], words="two by spring", person="kim", **SLOTS)
    assert {name: found[name] for name in SLOTS} == SLOTS
    assert (found["customer_id"], found["words"]) == (promise["customer_id"], "two by spring")
    message = (await sent(promise_api, promise["customer_id"]))[-1]
    assert isinstance(message.data, StatementMade)
    assert (message.data.certainty, message.data.scope, message.data.said_to) == (3, SLOTS["scope"], "product")
    assert "two by spring" not in repr(message)


async def test_a_statement_about_an_unknown_promise_waits_for_it(promise_api: Api) -> None:
    customer, promise = new("c"), new("p")
    mine, other = await said(promise_api, promise_id=promise), await said(promise_api, promise_id=new("p"))
    doubt = await begun(promise_api, "/v1/challenges", challenge("statement", mine["statement_id"]))
    assert "customer_id" not in mine
    assert (mine["waits"], doubt["waits"]) == (True, True)
    assert await sent(promise_api, mine["statement_id"]) == []
    await made(promise_api, promise_id=promise, customer_id=customer)
    for path, name in (("statements", mine["statement_id"]), ("challenges", doubt["challenge_id"])):
        found = await shown(promise_api, f"/v1/{path}/{name}")
        assert (found["customer_id"], found["waits"]) == (customer, False)
    [left] = (await shown(promise_api, "/v1/statements", promise_id=other["promise_id"]))["items"]
    assert ("customer_id" in left, left["waits"]) == (False, True)
    messages = (await sent(promise_api, customer))[1:]
    assert {type(message.data) for message in messages} == {StatementMade, ChallengeChanged}
    assert len({message.envelope.id for message in messages}) == 2


async def test_what_is_said_before_and_in_one_batch_with_its_promise_is_found_too(promise_api: Api) -> None:
    promise, source = new("p"), new("erp")
    events: list[dict[str, Any]] = [
        {"id": "1", "type": "statement.made", "time": NOON, "data": statement(promise_id=promise)},
        {
            "id": "2",
            "type": "promise.made",
            "time": NOON,
            "data": {"promise_id": promise, "customer_id": new("c"), "kind": "k", "what": "w", "due": NOON},
        },
        {"id": "3", "type": "statement.made", "time": NOON, "data": statement(promise_id=promise)},
    ]
    answer = await promise_api.call("POST", "/v1/imports", {"source": source, "events": events})
    assert answer.json() == {"accepted": 3, "replayed": 0, "rejected": [], "waiting": 1}
    page = await shown(promise_api, "/v1/statements", promise_id=promise)
    assert page["total"] == 2
    assert {item["customer_id"] for item in page["items"]} == {events[1]["data"]["customer_id"]}
    messages = await sent(promise_api, events[1]["data"]["customer_id"])
    assert [message.envelope.historical for message in messages] == [True] * 3


async def test_only_so_many_wait_for_one_promise(promise_api: Api) -> None:
    promise = new("p")
    for _ in range(limits.WAITING):
        await said(promise_api, promise_id=promise)
    full = await promise_api.call("POST", "/v1/statements", statement(promise_id=promise))
    assert (full.status_code, code(full), full.json()["limit"]) == (422, "limit_reached", limits.WAITING)
    await said(promise_api, promise_id=new("p"))
    await made(promise_api, promise_id=promise)
    await said(promise_api, promise_id=promise)


async def test_the_path_of_a_statement_is_read_in_its_order(promise_api: Api) -> None:
    promise = (await made(promise_api, made_at=NOON - timedelta(days=1)))["promise_id"]
    hops = ("engineering", "product", "success", "sales", "customer")
    for place in (2, 0, 3, 1):
        at = NOON - timedelta(hours=10 - place)
        await said(promise_api, promise_id=promise, said_by=hops[place], said_to=hops[place + 1], at=at)
    page = await shown(promise_api, "/v1/statements", promise_id=promise)
    assert [item["said_by"] for item in page["items"]] == ["sales", "success", "product", "engineering"]
    since = (NOON - timedelta(hours=8)).isoformat()
    some = await shown(promise_api, "/v1/statements", promise_id=promise, said_from=since)
    assert [item["said_by"] for item in some["items"]] == ["sales", "success"]
    rest = await shown(promise_api, "/v1/statements", promise_id=promise, said_before=since)
    assert [item["said_by"] for item in rest["items"]] == ["product", "engineering"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"said_by": "marketing"}, "/said_by"),
        ({"said_to": "marketing"}, "/said_to"),
        ({"said_by": "sales", "said_to": "product"}, "/said_to"),
        ({"said_by": "sales", "said_to": "sales"}, "/said_to"),
        ({"promise_id": None}, "/promise_id"),
        ({"customer_id": "c1"}, "/customer_id"),
        ({"certainty": 5}, "/certainty"),
        ({"certainty": 2.5}, "/certainty"),
        ({"quantity": -1}, "/quantity"),
        ({"conditions": ["a", "a"]}, "/conditions"),
        ({"words": "x" * 2001}, "/words"),
        ({"mood": "fine"}, "/mood"),
    ],
)
async def test_a_bad_statement_names_its_field(promise_api: Api, body: dict[str, Any], pointer: str) -> None:
    refused = await promise_api.call("POST", "/v1/statements", statement(promise_id="p1") | body)
    assert refused.status_code == 422
    assert [error["pointer"] for error in refused.json()["errors"]] == [pointer]
    by_webhook = await promise_api.webhook("statement.made", statement(promise_id="p1") | body)
    assert by_webhook.json()["code"] == "invalid_field"
    assert f"/data{pointer}" in by_webhook.json()["detail"]


async def test_whoever_may_read_may_challenge_and_staff_answer_and_settle(promise_api: Api) -> None:
    promise = await made(promise_api)
    found = await begun(promise_api, "/v1/challenges", challenge("promise", promise["promise_id"]), role="viewer")
    path = f"/v1/challenges/{found['challenge_id']}"
    refused = await promise_api.call("POST", f"{path}/answers", {"reason": "r"}, role="viewer")
    assert refused.status_code == 403
    for verb, body, state in (
        ("answers", {"reason": "the crew was asked"}, "answered"),
        ("answers", {"reason": "and asked again"}, "answered"),
        ("settle", {"outcome": "upheld", "reason": "it was too early"}, "settled"),
    ):
        answer = await promise_api.call("POST", f"{path}/{verb}", body, role="operator")
        assert (answer.status_code, answer.json()["state"]) == (200, state)
    for verb, body in (("answers", {"reason": "r"}), ("settle", {"outcome": "dismissed", "reason": "r"})):
        late = await promise_api.call("POST", f"{path}/{verb}", body)
        assert (late.status_code, code(late)) == (409, "not_now")
    whole = await shown(promise_api, path)
    assert [(one["action"], one["reason"]) for one in whole["entries"]] == [
        ("opened", "the crew says otherwise"),
        ("answered", "the crew was asked"),
        ("answered", "and asked again"),
        ("settled", "it was too early"),
    ]
    last = (await sent(promise_api, promise["customer_id"]))[-1].data
    assert isinstance(last, ChallengeChanged)
    assert (last.state, last.outcome, last.promise_id) == ("settled", "upheld", promise["promise_id"])


async def test_what_is_challenged_is_there(promise_api: Api) -> None:
    for about in ("promise", "claim", "statement"):
        refused = await promise_api.call("POST", "/v1/challenges", challenge(about, new("x")))
        assert (refused.status_code, code(refused)) == (404, "not_found")
    customer = new("c")
    told = await begun(promise_api, "/v1/claims", claim(new("cap"), customer_id=customer))
    found = await begun(promise_api, "/v1/challenges", challenge("claim", told["claim_id"]))
    assert found["customer_id"] == customer
    page = await shown(promise_api, "/v1/challenges", customer_id=customer, state="opened")
    assert [item["challenge_id"] for item in page["items"]] == [found["challenge_id"]]


async def test_what_was_said_before_an_erasure_does_not_come_back_with_the_customer(
    promise_api: Api, promise_clock: ManualClock
) -> None:
    customer, promise = new("c"), new("p")
    await made(promise_api, customer_id=customer)
    early = await said(promise_api, promise_id=promise, at=NOON - timedelta(hours=1))
    await promise_api.call("DELETE", f"/v1/customers/{customer}")
    promise_clock.advance(timedelta(minutes=1))
    await made(promise_api, customer_id=customer, promise_id=promise, made_at=promise_clock.now())
    assert "customer_id" not in await shown(promise_api, f"/v1/statements/{early['statement_id']}")
    assert not [m for m in await sent(promise_api, customer) if isinstance(m.data, StatementMade)]
