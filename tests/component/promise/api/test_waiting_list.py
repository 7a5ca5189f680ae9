"""All that waits for its promise in one list, whoever said it."""

from __future__ import annotations

from tests.component.promise.api.test_order import agreed, waiting
from tests.component.promise.bodies import LATER, made, new
from tests.component.promise.matters import begun, challenge, statement
from tests.support.api import Api
from tests.support.clocks import NOON
from tests.support.lists import walk


async def test_what_departments_said_of_an_unknown_promise_waits_in_the_same_list(promise_api: Api) -> None:
    name = new("p")
    await promise_api.webhook("promise.revised", agreed(name), at=NOON)
    said = await begun(promise_api, "/v1/statements", statement(promise_id=name, due=LATER, words="as the crew says"))
    doubt = await begun(promise_api, "/v1/challenges", challenge("statement", said["statement_id"]))
    assert said["waits"] and doubt["waits"]
    found = await waiting(promise_api, promise_id=name)
    assert [one["kind"] for one in found] == ["revised", "statement", "challenge"]
    assert [one["waiting_id"] for one in found[1:]] == [said["statement_id"], doubt["challenge_id"]]
    assert (found[1]["said_by"], found[1]["said_to"], found[1]["due"]) == ("engineering", "product", LATER)
    assert found[2]["reason"] == "the crew says otherwise"
    assert [one["source"] for one in found] == ["crm", None, None]
    key = {"authorization": f"Bearer {promise_api.keys.keys['viewer']}"}
    pages = await walk(promise_api.client, "/v1/waiting", key, promise_id=name, limit=1)
    assert [one["kind"] for one in pages] == ["revised", "statement", "challenge"]
    assert [one["kind"] for one in await waiting(promise_api, promise_id=name, kind="statement")] == ["statement"]
    assert [one["kind"] for one in await waiting(promise_api, promise_id=name, source="crm")] == ["revised"]
    await made(promise_api, promise_id=name)
    assert await waiting(promise_api, promise_id=name) == []
    shown_one = (await promise_api.call("GET", f"/v1/statements/{said['statement_id']}")).json()
    assert shown_one["waits"] is False


async def test_a_webhook_and_an_import_are_told_that_what_was_said_waits(promise_api: Api) -> None:
    name = new("p")
    said = [statement(statement_id=new("s"), promise_id=name) for _ in range(3)]
    early = (await promise_api.webhook("statement.made", said[0], at=NOON)).json()
    assert early == {"state": "waiting", "statement_id": said[0]["statement_id"], "version": 1, "in_effect": True}
    event = {"id": new("e"), "type": "statement.made", "time": "2013-03-08T12:00:00Z", "data": said[1]}
    answer = (await promise_api.call("POST", "/v1/imports", {"events": [event]})).json()
    assert (answer["accepted"], answer["waiting"]) == (1, 1)
    ids = [one["waiting_id"] for one in await waiting(promise_api, promise_id=name)]
    assert ids == [one["statement_id"] for one in said[:2]]
    await made(promise_api, promise_id=name)
    late = (await promise_api.webhook("statement.made", said[2], at=NOON)).json()
    assert late["state"] == "accepted"
