"""Milestones over HTTP, for promises that are known."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from candor.contracts import MilestoneReported
from tests.component.delivery.reports import code, known, milestone, moment, new, referring, sent
from tests.support.api import Api
from tests.support.clocks import NOON


async def test_a_milestone_is_matched_and_sent(delivery_api: Api) -> None:
    promise_id, customer_id = await known(delivery_api)
    body = milestone(promise_id, event_id=new("evt"), final=True, planned=moment(-30), reason="tail wind")
    answer = await delivery_api.call("POST", "/v1/milestones", body)
    assert (answer.status_code, answer.json()) == (202, {"state": "matched", "promise_id": promise_id, "version": 1})
    (message,) = await sent(delivery_api, customer_id)
    data = message.data
    assert isinstance(data, MilestoneReported)
    assert (data.promise_id, data.customer_id, data.final, data.reason) == (promise_id, customer_id, True, "tail wind")
    assert (data.at, data.planned) == (NOON - timedelta(minutes=60), NOON - timedelta(minutes=30))
    assert (data.source, data.source_event) == ("test-admin", body["event_id"])
    assert (message.envelope.id, message.envelope.time) == (body["event_id"], NOON)


async def test_a_reference_finds_its_promise(delivery_api: Api) -> None:
    name = new("UA 1")
    promise_id, _ = await known(delivery_api, name)
    answer = await delivery_api.call("POST", "/v1/milestones", referring(name))
    assert answer.json()["promise_id"] == promise_id


async def test_late_and_reordered_reports_are_passed_on_with_their_own_time(delivery_api: Api) -> None:
    promise_id, customer_id = await known(delivery_api)
    for minutes, status in ((-10, "reached"), (-50, "started"), (-70, "planned"), (-5, "reached")):
        body = milestone(promise_id, minutes, status=status)
        assert (await delivery_api.call("POST", "/v1/milestones", body)).status_code == 202
    messages = await sent(delivery_api, customer_id)
    assert [message.envelope.version for message in messages] == [1, 2, 3, 4]
    minutes_sent = [(message.data.at - NOON).total_seconds() / 60 for message in messages]  # type: ignore[attr-defined]
    assert minutes_sent == [-10, -50, -70, -5]


async def test_a_finished_step_opens_again_only_by_correction(delivery_api: Api) -> None:
    promise_id, customer_id = await known(delivery_api)
    await delivery_api.call("POST", "/v1/milestones", milestone(promise_id, -60))
    again = milestone(promise_id, -30, status="started")
    refused = await delivery_api.call("POST", "/v1/milestones", again)
    assert (refused.status_code, code(refused)) == (409, "milestone_regressed")
    assert len(await sent(delivery_api, customer_id)) == 1
    corrected = await delivery_api.call("POST", "/v1/milestones", again | {"correction": True})
    assert corrected.json()["version"] == 2


async def test_other_steps_of_the_promise_are_not_touched_by_a_finished_one(delivery_api: Api) -> None:
    promise_id, _ = await known(delivery_api)
    await delivery_api.call("POST", "/v1/milestones", milestone(promise_id, -60))
    other = milestone(promise_id, -30, status="started", milestone="unloaded")
    assert (await delivery_api.call("POST", "/v1/milestones", other)).status_code == 202


async def test_the_same_event_id_is_taken_once(delivery_api: Api) -> None:
    promise_id, customer_id = await known(delivery_api)
    body = milestone(promise_id, event_id=new("evt"))
    answers = await asyncio.gather(*[delivery_api.call("POST", "/v1/milestones", body) for _ in range(10)])
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotency-replayed" in answer.headers for answer in answers) == 9
    assert len(await sent(delivery_api, customer_id)) == 1
    turned = await delivery_api.call("POST", "/v1/milestones", dict(reversed(body.items())))
    assert turned.headers["idempotency-replayed"] == "true"
    other = await delivery_api.call("POST", "/v1/milestones", body | {"final": True})
    assert (other.status_code, code(other)) == (409, "event_id_reused")


async def test_an_idempotency_key_works_beside_the_event_id(delivery_api: Api) -> None:
    promise_id, customer_id = await known(delivery_api)
    headers = {"idempotency-key": new("k")}
    body = milestone(promise_id, event_id=new("evt"))
    await delivery_api.call("POST", "/v1/milestones", body, headers=headers)
    by_event = await delivery_api.call("POST", "/v1/milestones", body)
    by_key = await delivery_api.call("POST", "/v1/milestones", body, headers=headers)
    assert by_event.content == by_key.content
    changed = await delivery_api.call("POST", "/v1/milestones", milestone(promise_id), headers=headers)
    assert (changed.status_code, code(changed)) == (422, "idempotency_key_reused")
    assert len(await sent(delivery_api, customer_id)) == 1


async def test_reports_at_one_moment_get_versions_without_gaps(delivery_api: Api) -> None:
    promise_id, customer_id = await known(delivery_api)
    bodies = [milestone(promise_id, milestone=f"step {number % 7}") for number in range(60)]
    answers = await asyncio.gather(*[delivery_api.call("POST", "/v1/milestones", body) for body in bodies])
    assert sorted(answer.json()["version"] for answer in answers) == list(range(1, 61))
    assert [m.envelope.version for m in await sent(delivery_api, customer_id)] == list(range(1, 61))


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"at": moment(6)}, "/at"),
        ({"status": "redated"}, "/planned"),
        ({"status": "started", "final": True}, "/final"),
        ({"reference": {"system": "ops", "id": "x"}}, "/promise_id"),
        ({"status": "lost"}, "/status"),
        ({"customer_id": "c"}, "/customer_id"),
    ],
)
async def test_a_report_that_contradicts_itself_names_its_field(
    delivery_api: Api, changes: dict[str, Any], pointer: str
) -> None:
    promise_id, customer_id = await known(delivery_api)
    answer = await delivery_api.call("POST", "/v1/milestones", milestone(promise_id, **changes))
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert await sent(delivery_api, customer_id) == []


async def test_milestones_are_listed_in_pages(delivery_api: Api) -> None:
    promise_id, _ = await known(delivery_api)
    for number in range(5):
        await delivery_api.call("POST", "/v1/milestones", milestone(promise_id, milestone=f"s{number}"))
    names: list[str] = []
    path: str | None = f"/v1/milestones?promise_id={promise_id}&limit=2"
    while path:
        page = await delivery_api.call("GET", path, role="viewer")
        names += [item["milestone"] for item in page.json()["items"]]
        path = page.headers["link"][1:].partition(">")[0] if "link" in page.headers else None
    assert names == [f"s{number}" for number in range(5)]
