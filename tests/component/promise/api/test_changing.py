"""Revisions, withdrawals and verdicts over HTTP."""

from __future__ import annotations

import asyncio

import pytest

from candor.contracts import PromiseRevised, PromiseSettled, PromiseWithdrawn
from tests.component.promise.bodies import DUE, LATER, REVISION, code, made, new, sent
from tests.support.api import Api


async def test_the_chain_of_dates(promise_api: Api) -> None:
    promise = await made(promise_api, requested_due="2013-03-08T18:00:00Z")
    path = f"/v1/promises/{promise['promise_id']}"
    told = await promise_api.call("POST", f"{path}/revisions", REVISION)
    assert told.status_code == 200
    agreed = await promise_api.call(
        "POST", f"{path}/revisions", REVISION | {"due": "2013-03-11T12:00:00Z", "agreed": True}
    )
    assert agreed.headers["etag"] == '"3"'
    shown = (await promise_api.call("GET", path)).json()
    assert (told.json()["latest_due"], told.json()["held_due"]) == (LATER, DUE)
    assert shown["requested_due"] == "2013-03-08T18:00:00Z"
    assert shown["first_due"] == DUE
    assert shown["latest_due"] == shown["held_due"] == "2013-03-11T12:00:00Z"
    assert [(entry["version"], entry["held_due"], entry["asked_by"]) for entry in shown["changes"]] == [
        (2, DUE, "company"),
        (3, "2013-03-11T12:00:00Z", "company"),
    ]


async def test_every_change_is_sent_with_the_next_version(promise_api: Api) -> None:
    promise = await made(promise_api)
    path = f"/v1/promises/{promise['promise_id']}"
    await promise_api.call("POST", f"{path}/revisions", REVISION)
    await promise_api.call("POST", f"{path}/verdict", {"verdict": "broken"})
    await promise_api.call("POST", f"{path}/verdict", {"verdict": "kept", "completed_at": "2013-03-08T12:00:00Z"})
    messages = await sent(promise_api, promise["customer_id"])
    assert [message.envelope.version for message in messages] == [1, 2, 3, 4]
    assert [type(message.data) for message in messages[1:]] == [PromiseRevised, PromiseSettled, PromiseSettled]


async def test_a_withdrawn_promise_is_closed(promise_api: Api) -> None:
    promise = await made(promise_api)
    path = f"/v1/promises/{promise['promise_id']}"
    withdrawn = await promise_api.call("POST", f"{path}/withdraw", {"reason": "order cancelled"})
    assert withdrawn.json()["state"] == "withdrawn"
    for action, document in (("revisions", REVISION), ("withdraw", {"reason": "r"}), ("verdict", {"verdict": "kept"})):
        refused = await promise_api.call("POST", f"{path}/{action}", document)
        assert (refused.status_code, code(refused)) == (409, "promise_closed")
    assert isinstance((await sent(promise_api, promise["customer_id"]))[-1].data, PromiseWithdrawn)


async def test_the_same_verdict_twice_is_a_conflict(promise_api: Api) -> None:
    path = f"/v1/promises/{(await made(promise_api))['promise_id']}/verdict"
    assert (await promise_api.call("POST", path, {"verdict": "disputed"})).status_code == 200
    again = await promise_api.call("POST", path, {"verdict": "disputed"})
    assert (again.status_code, code(again)) == (409, "already_settled")


@pytest.mark.parametrize(
    ("action", "document", "pointer"),
    [
        ("revisions", REVISION | {"due": "2013-03-01T00:00:00Z"}, "/due"),
        ("revisions", REVISION | {"asked_by": "crew"}, "/asked_by"),
        ("revisions", {"due": LATER, "asked_by": "company"}, "/reason"),
        ("withdraw", {}, "/reason"),
        ("withdraw", {"reason": "r", "state": "kept"}, "/state"),
        ("verdict", {"verdict": "late"}, "/verdict"),
        ("verdict", {"verdict": "kept", "completed_at": "2013-03-01T00:00:00Z"}, "/completed_at"),
        ("verdict", {"verdict": "kept", "completed_at": "2013-03-08T12:06:00Z"}, "/completed_at"),
        ("verdict", {"verdict": "kept", "settled_at": "2013-03-08T12:06:00Z"}, "/settled_at"),
    ],
)
async def test_a_bad_change_names_its_field(
    promise_api: Api, action: str, document: dict[str, str], pointer: str
) -> None:
    path = f"/v1/promises/{(await made(promise_api))['promise_id']}/{action}"
    refused = await promise_api.call("POST", path, document)
    assert refused.status_code == 422
    assert [error["pointer"] for error in refused.json()["errors"]] == [pointer]


@pytest.mark.parametrize("action", ["revisions", "withdraw", "verdict"])
async def test_nothing_can_be_said_of_an_unknown_promise(promise_api: Api, action: str) -> None:
    document = {"revisions": REVISION, "withdraw": {"reason": "r"}, "verdict": {"verdict": "kept"}}[action]
    for name in (new("p"), "a%20b"):
        refused = await promise_api.call("POST", f"/v1/promises/{name}/{action}", document)
        assert refused.status_code in (404, 422)


async def test_a_change_can_ask_for_the_version_that_was_read(promise_api: Api) -> None:
    promise = await made(promise_api)
    path = f"/v1/promises/{promise['promise_id']}/revisions"
    for tag, status in (('"2"', 412), ("nonsense", 412), ('W/"1"', 412), ('"1"', 200), ('"1"', 412), ("*", 200)):
        answer = await promise_api.call("POST", path, REVISION, headers={"if-match": tag})
        assert answer.status_code == status, tag
        if status == 412:
            assert code(answer) == "version_changed"


async def test_changes_at_one_moment_get_versions_without_gaps(promise_api: Api) -> None:
    promise = await made(promise_api)
    path = f"/v1/promises/{promise['promise_id']}/revisions"
    answers = await asyncio.gather(*[promise_api.call("POST", path, REVISION) for _ in range(40)])
    assert sorted(answer.json()["version"] for answer in answers) == list(range(2, 42))
    messages = await sent(promise_api, promise["customer_id"])
    assert [message.envelope.version for message in messages] == list(range(1, 42))
