"""Reports that come before their promise: in sight while they wait, and never stuck."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from candor.store.unit_of_work import unit_of_work
from delivery_svc.handlers import SWEEP_TICKS, PromisesHandler
from delivery_svc.store import promise_rows
from tests.component.delivery.reports import (
    code,
    erased,
    hear,
    known,
    made,
    milestone,
    new,
    parked,
    referring,
    sent,
)
from tests.support.api import Api


async def report(api: Api, body: dict[str, Any]) -> dict[str, Any]:
    answer = await api.call("POST", "/v1/milestones", body)
    assert answer.status_code == 202, answer.text
    document: dict[str, Any] = answer.json()
    return document


async def test_a_report_without_its_promise_waits_in_sight(delivery_api: Api) -> None:
    promise_id = new("p")
    answer = await report(delivery_api, milestone(promise_id, reason="gate closed"))
    assert (answer["state"], answer["waits_for"]) == ("parked", "awaiting_promise")
    assert "has not heard of this promise yet" in answer["detail"]
    assert "need not be sent again" in answer["detail"]
    (item,) = await parked(delivery_api, promise_id=promise_id)
    assert (item["parked_id"], item["detail"]) == (answer["parked_id"], answer["detail"])
    assert (item["waits_for"], item["reason"], item["source"]) == ("awaiting_promise", "gate closed", "test-admin")


async def test_a_promise_that_comes_later_takes_what_waits(delivery_api: Api) -> None:
    promise_id, customer_id, name = new("p"), new("c"), new("UA 1")
    await report(delivery_api, milestone(promise_id, -10, milestone="arrived"))
    by_name = await report(delivery_api, referring(name, -50, milestone="departed"))
    assert by_name["waits_for"] == "awaiting_reference"
    assert f"POST /v1/parked/{by_name['parked_id']}/match" in by_name["detail"]
    await hear(delivery_api, made(promise_id, customer_id, name))
    messages = await sent(delivery_api, customer_id)
    assert [message.envelope.version for message in messages] == [1, 2]
    assert [message.data.milestone for message in messages] == ["departed", "arrived"]  # type: ignore[attr-defined]
    assert await parked(delivery_api, promise_id=promise_id) == []


async def test_hearing_of_a_promise_again_changes_nothing(delivery_api: Api) -> None:
    promise_id, customer_id = await known(delivery_api, name := new("UA 1"))
    await report(delivery_api, milestone(promise_id))
    await hear(delivery_api, made(promise_id, customer_id, name), made(promise_id, customer_id, name))
    await report(delivery_api, referring(name))
    assert [message.envelope.version for message in await sent(delivery_api, customer_id)] == [1, 2]


async def test_a_reference_of_two_promises_is_never_guessed(delivery_api: Api) -> None:
    name = new("UA 1")
    (first, customer), (second, _) = await known(delivery_api, name), await known(delivery_api, name)
    answer = await report(delivery_api, referring(name))
    assert answer["waits_for"] == "ambiguous_reference"
    matched = await delivery_api.call("POST", f"/v1/parked/{answer['parked_id']}/match", {"promise_id": first})
    assert matched.json() == {"state": "matched", "promise_id": first, "matched": 1, "rejected": 0}
    assert len(await sent(delivery_api, customer)) == 1
    assert second != first


async def test_two_promises_with_one_reference_in_one_batch_leave_it_to_a_person(delivery_api: Api) -> None:
    name = new("UA 1")
    answer = await report(delivery_api, referring(name))
    await hear(delivery_api, made(new("p"), new("c"), name), made(new("p"), new("c"), name))
    items = [item for item in await parked(delivery_api) if item["parked_id"] == answer["parked_id"]]
    assert [item["waits_for"] for item in items] == ["ambiguous_reference"]


async def test_a_match_by_hand_teaches_the_reference(delivery_api: Api) -> None:
    name = new("UA 1")
    promise_id, customer_id = await known(delivery_api)
    waiting = [await report(delivery_api, referring(name, -number)) for number in (30, 20, 10)]
    matched = await delivery_api.call("POST", f"/v1/parked/{waiting[1]['parked_id']}/match", {"promise_id": promise_id})
    assert matched.json()["matched"] == 3
    assert (await report(delivery_api, referring(name)))["state"] == "matched"
    assert len(await sent(delivery_api, customer_id)) == 4


async def test_a_match_by_hand_checks_what_it_is_given(delivery_api: Api) -> None:
    answer = await report(delivery_api, milestone(new("p")))
    path = f"/v1/parked/{answer['parked_id']}/match"
    unknown = await delivery_api.call("POST", path, {"promise_id": new("p")})
    assert unknown.status_code == 422
    assert unknown.json()["errors"][0]["pointer"] == "/promise_id"
    promise_id, _ = await known(delivery_api)
    nothing = await delivery_api.call("POST", f"/v1/parked/{new('x')}/match", {"promise_id": promise_id})
    assert (nothing.status_code, code(nothing)) == (404, "not_found")
    assert (await delivery_api.call("POST", path, {"promise_id": promise_id})).status_code == 200
    again = await delivery_api.call("POST", path, {"promise_id": promise_id})
    assert again.status_code == 404


async def test_a_match_that_would_open_a_finished_step_needs_a_correction(delivery_api: Api) -> None:
    promise_id, customer_id = await known(delivery_api)
    await report(delivery_api, milestone(promise_id, -60))
    answer = await report(delivery_api, referring(new("UA 1"), -30, status="started"))
    path = f"/v1/parked/{answer['parked_id']}/match"
    refused = await delivery_api.call("POST", path, {"promise_id": promise_id})
    assert (refused.status_code, code(refused)) == (409, "milestone_regressed")
    corrected = await delivery_api.call("POST", path, {"promise_id": promise_id, "correction": True})
    assert corrected.json()["matched"] == 1
    assert len(await sent(delivery_api, customer_id)) == 2


async def test_what_waited_and_contradicts_the_trail_is_kept_in_sight(delivery_api: Api) -> None:
    promise_id, customer_id, event = new("p"), new("c"), new("evt")
    await report(delivery_api, milestone(promise_id, -60))
    await report(delivery_api, milestone(promise_id, -30, status="started", event_id=event))
    await hear(delivery_api, made(promise_id, customer_id))
    assert len(await sent(delivery_api, customer_id)) == 1
    rejected = (await delivery_api.call("GET", "/v1/rejected", params={"limit": 200})).json()["items"]
    found = [item for item in rejected if item["event_id"] == event]
    assert [item["reason"] for item in found] == ["milestone_regressed"]
    assert await parked(delivery_api, promise_id=promise_id) == []


async def crossed(api: Api, promise_id: str, customer_id: str, body: dict[str, Any]) -> None:
    """The promise and the report arrive in two transactions of which neither sees the other."""
    async with unit_of_work(api.intake.database) as uow:
        await PromisesHandler().apply(uow, [], tick=False)
        await promise_rows.add_promises(
            uow, [(promise_id, customer_id, "[]")], [("ops", f"ref {promise_id}", promise_id)]
        )
        assert (await report(api, body))["state"] == "parked"


@pytest.mark.parametrize("named", [True, False])
async def test_transactions_that_pass_each_other_leave_nothing_stuck(delivery_api: Api, named: bool) -> None:
    promise_id, customer_id = new("p"), new("c")
    body = milestone(promise_id) if named else referring(f"ref {promise_id}")
    await crossed(delivery_api, promise_id, customer_id, body)
    assert await sent(delivery_api, customer_id) == []
    await hear(delivery_api, tick=True)
    assert len(await sent(delivery_api, customer_id)) == 1


async def test_a_sweep_finds_what_was_left_long_ago(delivery_api: Api) -> None:
    promise_id, customer_id = new("p"), new("c")
    handler = PromisesHandler()
    await hear(delivery_api, tick=True, handler=handler)
    await crossed(delivery_api, promise_id, customer_id, milestone(promise_id))
    await delivery_api.intake.database.pool.execute(
        "UPDATE parked SET parked_at = now() - interval '1 day' WHERE promise_id = $1", promise_id
    )
    await hear(delivery_api, tick=True, handler=handler)
    assert await sent(delivery_api, customer_id) == []
    for _ in range(SWEEP_TICKS):
        await hear(delivery_api, tick=True, handler=handler)
    assert len(await sent(delivery_api, customer_id)) == 1


async def test_two_workers_and_two_people_pass_a_report_on_once(delivery_api: Api) -> None:
    promise_id, customer_id = new("p"), new("c")
    await crossed(delivery_api, promise_id, customer_id, milestone(promise_id))
    (item,) = await parked(delivery_api, promise_id=promise_id)
    path = f"/v1/parked/{item['parked_id']}/match"
    await asyncio.gather(
        hear(delivery_api, tick=True),
        hear(delivery_api, tick=True),
        delivery_api.call("POST", path, {"promise_id": promise_id}),
        delivery_api.call("POST", path, {"promise_id": promise_id}),
    )
    assert [message.envelope.version for message in await sent(delivery_api, customer_id)] == [1]


async def test_parked_reports_are_listed_in_pages_and_filtered(delivery_api: Api) -> None:
    promise_id = new("p")
    ids = [(await report(delivery_api, milestone(promise_id, -n)))["parked_id"] for n in (3, 2, 1)]
    found: list[str] = []
    path: str | None = f"/v1/parked?promise_id={promise_id}&limit=1&waits_for=awaiting_promise&source=test-admin"
    while path:
        page = await delivery_api.call("GET", path, role="viewer")
        found += [item["parked_id"] for item in page.json()["items"]]
        path = page.headers["link"][1:].partition(">")[0] if "link" in page.headers else None
    assert found == ids
    assert await parked(delivery_api, promise_id=promise_id, waits_for="awaiting_reference") == []
    assert await parked(delivery_api, promise_id=promise_id, system="ops") == []


async def test_an_erased_customer_leaves_nothing_here(delivery_api: Api) -> None:
    name = new("UA 1")
    promise_id, customer_id = await known(delivery_api, name)
    other_id, other = await known(delivery_api)
    event = new("evt")
    body = milestone(promise_id, event_id=event, reason="asked for a blanket")
    await report(delivery_api, body)
    await report(delivery_api, milestone(other_id))
    await hear(delivery_api, erased(customer_id))
    assert await sent(delivery_api, customer_id) == []
    assert len(await sent(delivery_api, other)) == 1
    for table in ("promise", "reference", "milestone"):
        assert await delivery_api.rows(f"SELECT * FROM {table} WHERE promise_id = $1", promise_id) == []
    again = await delivery_api.call("POST", "/v1/milestones", body)
    assert (again.status_code, code(again)) == (409, "erased")


async def test_a_promise_made_and_erased_in_one_batch_is_gone(delivery_api: Api) -> None:
    promise_id, customer_id = new("p"), new("c")
    await report(delivery_api, milestone(promise_id))
    await hear(delivery_api, made(promise_id, customer_id), erased(customer_id))
    assert await sent(delivery_api, customer_id) == []
    assert await delivery_api.rows("SELECT * FROM promise WHERE promise_id = $1", promise_id) == []
