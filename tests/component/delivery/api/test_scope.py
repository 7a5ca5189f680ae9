"""Scope items in reports: passed on with the promise's own names, and refused where nobody would ever count them."""

from __future__ import annotations

from typing import Any

from candor.contracts import DeliveredShare, MilestoneReported
from tests.component.delivery.reports import code, hear, made, milestone, new, parked, referring, sent
from tests.support.api import Api

SEAT, MEAL = {"item": "seat 14 A", "share": 1.0}, {"item": "warm meal", "share": 0.5}


async def promised(api: Api, *references: str) -> tuple[str, str]:
    promise_id, customer_id = new("p"), new("c")
    await hear(api, made(promise_id, customer_id, *references, scope=["seat 14 A", "warm meal"]))
    return promise_id, customer_id


async def delivered(api: Api, customer_id: str) -> list[list[DeliveredShare]]:
    found = [message.data for message in await sent(api, customer_id)]
    assert all(isinstance(data, MilestoneReported) for data in found)
    return [data.delivered for data in found if isinstance(data, MilestoneReported)]


async def test_what_is_delivered_is_passed_on_and_listed(delivery_api: Api) -> None:
    promise_id, customer_id = await promised(delivery_api)
    body = milestone(promise_id, delivered=[SEAT, MEAL])
    assert (await delivery_api.call("POST", "/v1/milestones", body)).status_code == 202
    assert (await delivery_api.call("POST", "/v1/milestones", milestone(promise_id, -30))).status_code == 202
    assert await delivered(delivery_api, customer_id) == [
        [DeliveredShare("seat 14 A", 1.0), DeliveredShare("warm meal", 0.5)],
        [],
    ]
    listed = await delivery_api.call("GET", "/v1/milestones", role="viewer", params={"promise_id": promise_id})
    assert [item["delivered"] for item in listed.json()["items"]] == [[SEAT, MEAL], []]


async def test_an_item_that_was_not_promised_is_refused_and_the_promised_ones_are_named(delivery_api: Api) -> None:
    promise_id, customer_id = await promised(delivery_api)
    body = milestone(promise_id, delivered=[SEAT, {"item": "Warm Meal", "share": 1}])
    refused = await delivery_api.call("POST", "/v1/milestones", body)
    assert (refused.status_code, code(refused)) == (422, "invalid_field")
    (error,) = refused.json()["errors"]
    assert error["pointer"] == "/delivered/1/item"
    assert "seat 14 A, warm meal" in error["detail"]
    assert await sent(delivery_api, customer_id) == []


async def test_a_promise_without_scope_items_takes_none(delivery_api: Api) -> None:
    promise_id = new("p")
    await hear(delivery_api, made(promise_id, new("c")))
    refused = await delivery_api.call("POST", "/v1/milestones", milestone(promise_id, delivered=[SEAT]))
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/delivered/0/item")


async def test_a_plan_delivers_nothing(delivery_api: Api) -> None:
    promise_id, _ = await promised(delivery_api)
    refused = await delivery_api.call(
        "POST", "/v1/milestones", milestone(promise_id, status="planned", delivered=[SEAT])
    )
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/delivered")


async def test_what_waits_for_its_promise_keeps_what_it_delivers(delivery_api: Api) -> None:
    name, promise_id, customer_id = new("UA 1"), new("p"), new("c")
    waiting = (await delivery_api.call("POST", "/v1/milestones", referring(name, delivered=[MEAL]))).json()
    wrong = (
        await delivery_api.call(
            "POST", "/v1/milestones", referring(name, milestone="x", delivered=[{"item": "lounge", "share": 1}])
        )
    ).json()
    items: dict[str, Any] = {item["parked_id"]: item["delivered"] for item in await parked(delivery_api)}
    assert items[waiting["parked_id"]] == [MEAL]
    await hear(delivery_api, made(promise_id, customer_id, name, scope=["warm meal"]))
    assert await delivered(delivery_api, customer_id) == [[DeliveredShare("warm meal", 0.5)]]
    # What turns out to be about nothing that was promised is listed, not dropped.
    assert wrong["state"] == "parked"
    rejected = await delivery_api.rows("SELECT reason, detail FROM rejected WHERE reason = 'unknown_item'")
    assert ["warm meal" in row["detail"] for row in rejected] == [True]


async def test_a_cloud_event_delivers_as_well(delivery_api: Api) -> None:
    promise_id, customer_id = await promised(delivery_api)
    event = {
        "specversion": "1.0",
        "id": new("evt"),
        "source": "crew-tablet",
        "type": "milestone.reported",
        "data": milestone(promise_id, delivered=[MEAL]),
    }
    headers = {"content-type": "application/cloudevents+json"}
    answer = await delivery_api.call("POST", "/v1/events", event, headers=headers)
    assert answer.status_code == 202, answer.text
    assert await delivered(delivery_api, customer_id) == [[DeliveredShare("warm meal", 0.5)]]
