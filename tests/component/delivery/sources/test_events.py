"""CloudEvents, signed webhooks and imports at delivery-svc's door."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from tests.component.delivery.reports import code, hear, incident, known, made, milestone, moment, new, sent
from tests.support.api import Api
from tests.support.clocks import NOON

STRUCTURED = {"content-type": "application/cloudevents+json"}
BATCH = {"content-type": "application/cloudevents-batch+json; charset=utf-8"}


def cloud_event(data: dict[str, Any], **changes: Any) -> dict[str, Any]:
    event = {"specversion": "1.0", "id": new("evt"), "source": "/field/eu", "type": "milestone.reported", "data": data}
    return {**event, "time": moment(-5), **changes}


async def test_a_structured_event_is_taken_once(delivery_api: Api) -> None:
    promise_id, customer_id = await known(delivery_api)
    event = cloud_event(milestone(promise_id))
    answers = [await delivery_api.call("POST", "/v1/events", event, headers=STRUCTURED) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].content == answers[1].content
    (message,) = await sent(delivery_api, customer_id)
    assert (message.envelope.id, message.envelope.time) == (event["id"], NOON - timedelta(minutes=5))
    assert message.envelope.source == "delivery-svc/%2Ffield%2Feu"
    other = await delivery_api.call(
        "POST", "/v1/events", event | {"data": milestone(promise_id, -1)}, headers=STRUCTURED
    )
    assert (other.status_code, code(other)) == (409, "event_id_reused")


async def test_a_binary_event_is_the_same_event(delivery_api: Api) -> None:
    promise_id, customer_id = await known(delivery_api)
    event = cloud_event(milestone(promise_id))
    headers = {f"ce-{name}": value for name, value in event.items() if name != "data"}
    binary = await delivery_api.call("POST", "/v1/events", event["data"], headers=headers)
    structured = await delivery_api.call("POST", "/v1/events", event, headers=STRUCTURED)
    encoded = {**event, "data_base64": base64.b64encode(msgspec.json.encode(event["data"])).decode()}
    del encoded["data"]
    again = await delivery_api.call("POST", "/v1/events", encoded, headers=STRUCTURED)
    assert binary.json()["state"] == "matched"
    assert structured.headers["idempotency-replayed"] == again.headers["idempotency-replayed"] == "true"
    assert len(await sent(delivery_api, customer_id)) == 1


async def test_a_sender_cannot_take_another_senders_id(delivery_api: Api) -> None:
    (first, hers), (second, his) = await known(delivery_api), await known(delivery_api)
    event = cloud_event(milestone(first))
    forged = event | {"data": milestone(second)}
    answers = [
        await delivery_api.call("POST", "/v1/events", body, role=role, headers=STRUCTURED)
        for role, body in (("operator", forged), ("admin", event), ("admin", event))
    ]
    assert [answer.json()["promise_id"] for answer in answers] == [second, first, first]
    assert ["idempotency-replayed" in answer.headers for answer in answers] == [False, False, True]
    assert len(await sent(delivery_api, hers)) == len(await sent(delivery_api, his)) == 1


async def test_a_batch_is_answered_event_by_event(delivery_api: Api) -> None:
    promise_id, customer_id = await known(delivery_api)
    name = new("i")
    good = cloud_event(milestone(promise_id))
    events = [good, cloud_event({}), cloud_event(incident(name), type="incident.reported"), good, 7]
    answer = await delivery_api.call("POST", "/v1/events", events, headers=BATCH)
    summary = answer.json()
    assert (answer.status_code, summary["accepted"], summary["replayed"]) == (202, 2, 1)
    assert [item["index"] for item in summary["rejected"]] == [1, 4]
    assert len(await sent(delivery_api, customer_id)) == len(await sent(delivery_api, name)) == 1


@pytest.mark.parametrize(
    ("event", "headers", "status", "problem"),
    [
        (cloud_event({}), STRUCTURED, 422, "invalid_field"),
        (cloud_event({}, type="order.paid"), STRUCTURED, 422, "unknown_type"),
        (cloud_event({}, type="candor.milestone.reported.v9"), STRUCTURED, 422, "unsupported_version"),
        (cloud_event({}, time=moment(6)), STRUCTURED, 422, "invalid_field"),
        ([], STRUCTURED, 400, "malformed_json"),
        ({}, BATCH, 400, "malformed_json"),
        (milestone("p"), {}, 422, "invalid_field"),
        (cloud_event({}), {"content-type": "application/xml"}, 415, "unsupported_media_type"),
    ],
)
async def test_what_is_no_event_is_refused(
    delivery_api: Api, event: Any, headers: dict[str, str], status: int, problem: str
) -> None:
    answer = await delivery_api.call("POST", "/v1/events", event, headers=headers)
    assert (answer.status_code, code(answer)) == (status, problem)


async def test_a_webhook_reports_a_milestone_and_an_incident(delivery_api: Api) -> None:
    promise_id, customer_id = await known(delivery_api)
    webhook_id = new("evt")
    answer = await delivery_api.webhook("milestone.reported", milestone(promise_id), webhook_id=webhook_id)
    assert (answer.status_code, answer.json()["state"]) == (202, "matched")
    (message,) = await sent(delivery_api, customer_id)
    assert (message.envelope.id, message.envelope.source) == (webhook_id, "delivery-svc/crm")
    name = new("i")
    at = NOON - timedelta(hours=1)
    assert (await delivery_api.webhook("incident.reported", incident(name), at=at)).json()["state"] == "recorded"
    shown = (await delivery_api.call("GET", f"/v1/incidents/{name}")).json()
    assert shown["at"] == "2013-03-08T11:00:00Z"


async def test_a_webhook_for_an_unknown_promise_waits(delivery_api: Api) -> None:
    answer = await delivery_api.webhook("milestone.reported", milestone(new("p")))
    assert (answer.status_code, answer.json()["state"]) == (202, "parked")


@pytest.mark.parametrize(
    ("kind", "data", "reason"),
    [
        ("milestone.reported", {}, "invalid_field"),
        ("milestone.reported", milestone("p", milestone="\u202e"), "invalid_field"),
        ("milestone.reported", milestone("p", status="redated"), "invalid_field"),
        ("milestone.reported", milestone("p", 6), "invalid_field"),
        ("incident.reported", {"incident_id": "i"}, "invalid_field"),
        ("promise.made", {}, "unknown_type"),
        ("candor.incident.reported.v2", {}, "unsupported_version"),
    ],
)
async def test_what_a_webhook_cannot_mean_is_kept_in_sight(
    delivery_api: Api, kind: str, data: dict[str, Any], reason: str
) -> None:
    webhook_id = new("evt")
    answer = await delivery_api.webhook(kind, data, webhook_id=webhook_id)
    assert (answer.status_code, answer.json()["code"]) == (202, reason)
    items = (await delivery_api.call("GET", "/v1/rejected", params={"reason": reason, "limit": 200})).json()["items"]
    assert webhook_id in [item["event_id"] for item in items]


async def test_a_regress_by_webhook_is_kept_in_sight(delivery_api: Api) -> None:
    promise_id, customer_id = await known(delivery_api)
    await delivery_api.webhook("milestone.reported", milestone(promise_id, -60))
    answer = await delivery_api.webhook("milestone.reported", milestone(promise_id, -30, status="planned"))
    assert answer.json()["code"] == "milestone_regressed"
    assert len(await sent(delivery_api, customer_id)) == 1


async def test_imported_reports_are_marked_as_past_even_if_they_wait(delivery_api: Api) -> None:
    promise_id, customer_id = new("p"), new("c")
    events = [
        {"id": new("evt"), "type": "milestone.reported", "time": moment(-60), "data": milestone(promise_id)},
        {"id": new("evt"), "type": "incident.reported", "time": moment(-50), "data": incident(name := new("i"))},
        {"id": new("evt"), "type": "incident.reported", "time": moment(-40), "data": {}},
    ]
    answer = (await delivery_api.call("POST", "/v1/imports", {"events": events})).json()
    assert (answer["accepted"], [item["code"] for item in answer["rejected"]]) == (2, ["invalid_field"])
    await hear(delivery_api, made(promise_id, customer_id))
    messages = [*await sent(delivery_api, customer_id), *await sent(delivery_api, name)]
    assert [message.envelope.historical for message in messages] == [True, True]
    assert messages[0].envelope.time == NOON - timedelta(minutes=60)


async def test_the_trace_of_a_report_is_passed_on(delivery_api: Api) -> None:
    promise_id, customer_id = await known(delivery_api)
    trace = "0af7651916cd43dd8448eb211c80319c"
    headers = {"traceparent": f"00-{trace}-b7ad6b7169203331-01"}
    await delivery_api.call("POST", "/v1/milestones", milestone(promise_id), headers=headers)
    (message,) = await sent(delivery_api, customer_id)
    assert message.envelope.traceparent.split("-")[1] == trace


async def test_malformed_bodies_are_refused_everywhere(delivery_api: Api) -> None:
    good = msgspec.json.encode(milestone("p"))
    for path in ("/v1/milestones", "/v1/incidents", "/v1/events", "/v1/imports", "/v1/parked/x/match"):
        for raw in (b"", good[:-1], good[:-1] + b',"a":NaN}', good + b"{}", b"[]", good[:-1] + b',"status":"x"}'):
            answer = await delivery_api.call("POST", path, raw=raw)
            assert (answer.status_code, code(answer)) == (400, "malformed_json"), (path, raw)
