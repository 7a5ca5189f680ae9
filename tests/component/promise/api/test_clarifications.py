"""Questions about the need: asked, answered, withdrawn, and named beside their promise while they are open."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from candor.contracts import ClarificationChanged
from promise_svc.api.routes.clarifications import SHOWN
from tests.component.promise.bodies import code, made, new, sent
from tests.component.promise.matters import begun, clarification, shown
from tests.support.api import Api
from tests.support.clocks import NOON

PATH = "/v1/clarifications"


async def asked(api: Api, **changes: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """A promise, and a question about it."""
    promise = await made(api, customer_id=new("c"))
    return promise, await begun(api, PATH, clarification(promise["promise_id"], **changes))


async def still(api: Api, promise: dict[str, Any]) -> list[str]:
    """What a promise says that its customer is still asked."""
    found = await shown(api, f"/v1/promises/{promise['promise_id']}")
    assert found["clarifications_open"] == len(found["clarifications"]) and found["clarifications_open_exact"]
    return [one["question"] for one in found["clarifications"]]


async def test_it_is_asked_and_answered_and_each_state_is_told_on(promise_api: Api) -> None:
    promise, found = await asked(promise_api, words="the crew wants to know", department="operations")
    assert (found["state"], found["customer_id"]) == ("asked", promise["customer_id"])
    path = f"{PATH}/{found['clarification_id']}"
    for words in ("the one at the back", "the front one, after all"):
        answered = await promise_api.call("POST", f"{path}/answers", {"words": words})
        assert (answered.json()["state"], answered.json()["words"]) == ("answered", words)
    whole = await shown(promise_api, path)
    assert [one["action"] for one in whole["entries"]] == ["asked", "answered", "answered"]
    messages = [one.data for one in await sent(promise_api, promise["customer_id"])]
    told = [one for one in messages if isinstance(one, ClarificationChanged)]
    assert [(one.state, one.question) for one in told] == [
        ("asked", "Which door is wide enough?"),
        *[("answered", "Which door is wide enough?")] * 2,
    ]
    assert not any("back" in str(one) or "the crew" in str(one) for one in told)


@pytest.mark.parametrize(("verb", "body"), [("answers", {"words": "w"}), ("withdraw", {"reason": "r"})])
async def test_what_is_withdrawn_is_neither_answered_nor_withdrawn_again(
    promise_api: Api, verb: str, body: dict[str, Any]
) -> None:
    promise, found = await asked(promise_api)
    path = f"{PATH}/{found['clarification_id']}"
    gone = await promise_api.call("POST", f"{path}/withdraw", {"reason": "the crew has been there"})
    assert gone.json()["state"] == "withdrawn"
    late = await promise_api.call("POST", f"{path}/{verb}", body)
    assert (late.status_code, code(late)) == (409, "not_now")
    assert await still(promise_api, promise) == []


async def test_what_is_answered_is_not_withdrawn(promise_api: Api) -> None:
    _, found = await asked(promise_api)
    path = f"{PATH}/{found['clarification_id']}"
    await promise_api.call("POST", f"{path}/answers", {"words": "w"})
    late = await promise_api.call("POST", f"{path}/withdraw", {"reason": "r"})
    assert (late.status_code, code(late)) == (409, "not_now")


async def test_a_promise_names_what_is_open_the_oldest_first_and_no_other_promise_does(promise_api: Api) -> None:
    promise, first = await asked(promise_api, question="first", at=(NOON - timedelta(hours=2)).isoformat())
    other, _ = await asked(promise_api, question="elsewhere")
    for question, hours in (("third", 0), ("second", 1)):
        at = (NOON - timedelta(hours=hours)).isoformat()
        await begun(promise_api, PATH, clarification(promise["promise_id"], question=question, at=at))
    assert await still(promise_api, promise) == ["first", "second", "third"]
    await promise_api.call("POST", f"{PATH}/{first['clarification_id']}/answers", {"words": "w"})
    assert await still(promise_api, promise) == ["second", "third"]
    assert await still(promise_api, other) == ["elsewhere"]


async def test_of_many_the_oldest_are_named_and_all_are_counted_and_listed(promise_api: Api) -> None:
    promise = await made(promise_api)
    for number in range(SHOWN + 2):
        await begun(promise_api, PATH, clarification(promise["promise_id"], question=f"q{number}"))
    found = await shown(promise_api, f"/v1/promises/{promise['promise_id']}")
    assert (found["clarifications_open"], len(found["clarifications"])) == (SHOWN + 2, SHOWN)
    listed = await shown(promise_api, PATH, promise_id=promise["promise_id"], state="asked")
    assert listed["total"] == SHOWN + 2
    assert (await shown(promise_api, PATH, promise_id=promise["promise_id"], state="answered"))["total"] == 0


@pytest.mark.parametrize("question", ["", "  ", "x" * 301])
async def test_a_question_says_something_on_one_line(promise_api: Api, question: str) -> None:
    promise = await made(promise_api)
    refused = await promise_api.call("POST", PATH, clarification(promise["promise_id"], question=question))
    assert refused.status_code == 422
    assert [one["pointer"] for one in refused.json()["errors"]] == ["/question"]


async def test_of_a_promise_that_nobody_made_nothing_is_asked(promise_api: Api) -> None:
    refused = await promise_api.call("POST", PATH, clarification(new("p")))
    assert (refused.status_code, code(refused)) == (404, "not_found")


async def test_other_systems_ask_and_answer_by_webhook_in_any_order(promise_api: Api) -> None:
    promise = await made(promise_api)
    name, later = new("cl"), NOON + timedelta(minutes=2)
    data = clarification(promise["promise_id"], clarification_id=name)
    assert (await promise_api.webhook("clarification.asked", data)).json()["state"] == "accepted"
    gone = {"clarification_id": name, "reason": "r"}
    assert (await promise_api.webhook("clarification.withdrawn", gone, at=later)).json()["in_effect"]
    # It was answered before it was withdrawn, and the answer comes late.
    said = {"clarification_id": name, "words": "the back door"}
    await promise_api.webhook("clarification.answered", said, at=NOON + timedelta(minutes=1))
    assert (await shown(promise_api, f"{PATH}/{name}"))["state"] == "answered"
