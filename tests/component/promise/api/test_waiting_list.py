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
