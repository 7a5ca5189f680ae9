"""Internal and public words of a report stay apart through every way in, parked or not, and from before."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from candor.contracts import IncidentReported, MilestoneReported
from tests.component.delivery.reports import hear, incident, known, made, milestone, moment, new, parked, sent
from tests.support.api import Api

STRUCTURED = {"content-type": "application/cloudevents+json"}
BATCH = {"content-type": "application/cloudevents-batch+json"}
Way = Callable[[Api, str, dict[str, Any]], Awaitable[Any]]


def cloud_event(kind: str, data: dict[str, Any]) -> dict[str, Any]:
    event = {"specversion": "1.0", "id": new("evt"), "source": "/field", "type": kind, "time": moment(-5)}
    return event | {"data": data}


async def by_route(api: Api, kind: str, data: dict[str, Any]) -> Any:
    path = "/v1/milestones" if kind == "milestone.reported" else "/v1/incidents"
    return await api.call("POST", path, data)


async def by_event(api: Api, kind: str, data: dict[str, Any]) -> Any:
    return await api.call("POST", "/v1/events", cloud_event(kind, data), headers=STRUCTURED)


async def by_binary_event(api: Api, kind: str, data: dict[str, Any]) -> Any:
    headers = {f"ce-{name}": value for name, value in cloud_event(kind, data).items() if name != "data"}
    return await api.call("POST", "/v1/events", data, headers=headers)


async def by_batch(api: Api, kind: str, data: dict[str, Any]) -> Any:
    return await api.call("POST", "/v1/events", [cloud_event(kind, data)], headers=BATCH)


async def by_webhook(api: Api, kind: str, data: dict[str, Any]) -> Any:
    return await api.webhook(kind, data)


async def by_import(api: Api, kind: str, data: dict[str, Any]) -> Any:
    event = {"id": new("evt"), "type": kind, "time": moment(-5), "data": data}
    return await api.call("POST", "/v1/imports", {"events": [event]})


every_way = pytest.mark.parametrize(
    "way", [by_route, by_event, by_binary_event, by_batch, by_webhook, by_import], ids=lambda way: way.__name__
)
WORDS: list[dict[str, Any]] = [
    {},
    {"reason": "customer is a pain"},
    {"public_reason": "the van broke down"},
    {"reason": "customer is a pain", "public_reason": "the van broke down"},
]


@every_way
@pytest.mark.parametrize("words", WORDS, ids=["none", "internal", "public", "both"])
async def test_a_milestones_reasons_are_passed_on_apart(delivery_api: Api, way: Way, words: dict[str, Any]) -> None:
    promise_id, customer_id = await known(delivery_api)
    answer = await way(delivery_api, "milestone.reported", milestone(promise_id, **words))
    assert answer.status_code in (200, 202), answer.text
    (message,) = await sent(delivery_api, customer_id)
    assert isinstance(message.data, MilestoneReported)
    expected = (words.get("reason"), words.get("public_reason"))
    assert (message.data.reason, message.data.public_reason) == expected
    shown = await delivery_api.call("GET", "/v1/milestones", params={"promise_id": promise_id})
    [item] = shown.json()["items"]
    assert (item["reason"], item["public_reason"]) == expected


@every_way
@pytest.mark.parametrize("public", [None, "Snow at Newark"])
async def test_an_incidents_titles_are_passed_on_apart(delivery_api: Api, way: Way, public: str | None) -> None:
    name, titles = new("i"), {"title": "ECONNREFUSED in job 4711"}
    await way(
        delivery_api, "incident.reported", incident(name, **titles, **({"public_title": public} if public else {}))
    )
    (message,) = await sent(delivery_api, name)
    assert isinstance(message.data, IncidentReported)
    assert (message.data.title, message.data.public_title) == (titles["title"], public)
    shown = (await delivery_api.call("GET", f"/v1/incidents/{name}")).json()
    assert (shown["title"], shown["public_title"]) == (titles["title"], public)


@every_way
async def test_a_report_that_waited_keeps_both(delivery_api: Api, way: Way) -> None:
    promise_id, customer_id = new("p"), new("c")
    await way(delivery_api, "milestone.reported", milestone(promise_id, **WORDS[3]))
    (item,) = await parked(delivery_api, promise_id=promise_id)
    assert (item["reason"], item["public_reason"]) == ("customer is a pain", "the van broke down")
    await hear(delivery_api, made(promise_id, customer_id))
    (message,) = await sent(delivery_api, customer_id)
    assert isinstance(message.data, MilestoneReported)
    assert (message.data.reason, message.data.public_reason) == ("customer is a pain", "the van broke down")


async def test_rows_stored_before_there_were_public_words_are_internal(delivery_api: Api) -> None:
    promise_id, customer_id, name = new("p"), new("c"), new("i")
    await by_route(delivery_api, "milestone.reported", milestone(promise_id, reason="customer is a pain"))
    await by_route(delivery_api, "incident.reported", incident(name))
    pool = delivery_api.intake.database.pool
    await pool.execute("UPDATE incident SET picture = picture - 'public_title' WHERE incident_id = $1", name)
    await hear(delivery_api, made(promise_id, customer_id))
    (message,) = await sent(delivery_api, customer_id)
    assert isinstance(message.data, MilestoneReported)
    assert (message.data.reason, message.data.public_reason) == ("customer is a pain", None)
    assert (await delivery_api.call("GET", f"/v1/incidents/{name}")).json()["public_title"] is None
    late = incident(name, status="changed", at=moment(-200))
    assert (await by_route(delivery_api, "incident.reported", late)).json()["state"] == "late"


async def test_a_public_reason_is_short_enough_to_be_told_whole(delivery_api: Api) -> None:
    answer = await by_route(delivery_api, "milestone.reported", milestone(new("p"), public_reason="x" * 301))
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/public_reason")


async def test_the_api_says_which_words_customers_read(delivery_api: Api) -> None:
    paths = (await delivery_api.call("GET", "/openapi.json")).json()["paths"]
    for name, inside, public in (("milestones", "reason", "public_reason"), ("incidents", "title", "public_title")):
        body = paths[f"/v1/{name}"]["post"]["requestBody"]["content"]["application/json"]
        fields = body["schema"]["properties"]
        assert "customers never do" in str(fields[inside])
        assert "word for word" in str(fields[public])
