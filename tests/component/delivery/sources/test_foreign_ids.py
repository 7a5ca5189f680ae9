"""Senders' own ids, times and batches at delivery-svc's door, as their systems really write them."""

from __future__ import annotations

import unicodedata
from typing import Any
from urllib.parse import quote

import msgspec
import pytest

from tests.component.delivery.reports import code, known, milestone, new, sent
from tests.component.delivery.sources.test_events import BATCH, STRUCTURED, cloud_event
from tests.support.api import Api

IDS = ["partition:1/offset:24", "a b", "100%25", "Auftrag-Ä/日本?x=1#y", "=?x?q?y?=", '{"a":1}', "x" * 256]


@pytest.mark.parametrize("name", IDS)
async def test_an_event_has_any_id_and_is_taken_once_in_every_mode(delivery_api: Api, name: str) -> None:
    promise_id, customer_id = await known(delivery_api)
    event = cloud_event(milestone(promise_id), id=name, source=f"//Bröker/{new()}?p=%2F")
    binary = {f"ce-{key}": quote(value, safe=":/ ") for key, value in event.items() if key != "data"}
    answers = [
        await delivery_api.call("POST", "/v1/events", event, headers=STRUCTURED),
        await delivery_api.call("POST", "/v1/events", event["data"], headers=binary),
    ]
    assert [answer.status_code for answer in answers] == [202, 202], answers[-1].text
    assert "idempotency-replayed" in answers[1].headers
    (message,) = await sent(delivery_api, customer_id)
    assert message.envelope.id == name


@pytest.mark.parametrize("name", [name for name in IDS if name.isascii()])
async def test_a_signed_webhook_has_any_id(delivery_api: Api, name: str) -> None:
    promise_id, customer_id = await known(delivery_api)
    unique = f"{name[:200]}{new()}"
    answer = await delivery_api.webhook("milestone.reported", milestone(promise_id), webhook_id=unique)
    assert (answer.status_code, answer.json()["state"]) == (202, "matched"), answer.text
    (message,) = await sent(delivery_api, customer_id)
    assert message.envelope.id == unique


async def test_an_id_that_is_too_long_is_refused_by_its_own_name(delivery_api: Api) -> None:
    event = cloud_event(milestone("p"), id="x" * 257)
    refused = await delivery_api.call("POST", "/v1/events", event, headers=STRUCTURED)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/id")
    webhook = await delivery_api.webhook("milestone.reported", milestone("p"), webhook_id="x" * 257)
    assert (webhook.status_code, webhook.json()["code"]) == (202, "invalid_field")
    assert webhook.json()["detail"].startswith("/id: must be 1 to 256 characters")


async def test_an_import_has_any_id(delivery_api: Api) -> None:
    name = f"Zeile 7/ä:{new()}"
    events = [{"id": name, "type": "milestone.reported", "time": "2013-03-08T12:30:00+0100", "data": milestone("p")}]
    answer = await delivery_api.call("POST", "/v1/imports", {"events": events})
    assert (answer.status_code, answer.json()["accepted"]) == (200, 1), answer.text


async def test_a_reference_is_one_in_whatever_form_it_is_written(delivery_api: Api) -> None:
    name = f"Kärcher {new()}"
    report = milestone("p") | {"reference": {"system": "erp", "id": f"{unicodedata.normalize('NFD', name)} "}}
    del report["promise_id"]
    answer = await delivery_api.call("POST", "/v1/milestones", report)
    assert (answer.status_code, answer.json()["state"]) == (202, "parked")
    waiting = (await delivery_api.call("GET", "/v1/parked", params={"system": "erp", "limit": 200})).json()["items"]
    assert name in [item["reference"]["id"] for item in waiting]


def thousand(**changes: Any) -> list[dict[str, Any]]:
    """The largest batch, of events with all that a field system says of a step."""
    said = milestone(new("p"), reason="Teil fehlt, neuer Termin ist mit dem Lager vereinbart")
    return [cloud_event(said, id=f"partition:1/offset:{number:06}-{new()}", **changes) for number in range(1000)]


@pytest.mark.parametrize("signed", [False, True])
async def test_the_largest_batch_fits_and_one_bad_event_drops_itself_alone(delivery_api: Api, signed: bool) -> None:
    events = thousand(source=f"/field/{new()}")
    events[7]["data"] = events[7]["data"] | {"reason": "x" * 5000}
    raw = msgspec.json.encode(events)
    assert len(raw) > 346_000
    if signed:
        answer = await delivery_api.call("POST", "/v1/webhooks/field", raw=raw, headers=BATCH)
        # Whoever proves nothing is told so; what matters here is that the size is no reason to refuse.
        assert (answer.status_code, code(answer)) == (401, "bad_signature")
        return
    answer = await delivery_api.call("POST", "/v1/events", raw=raw, headers=BATCH)
    assert answer.status_code == 202, answer.text
    assert answer.json()["accepted"] == 999
    assert [item["index"] for item in answer.json()["rejected"]] == [7]


async def test_a_batch_has_an_end_that_is_said(delivery_api: Api) -> None:
    raw = b"[" + b" " * 1024 * 1024 + b"]"
    answer = await delivery_api.call("POST", "/v1/events", raw=raw, headers=BATCH)
    assert (answer.status_code, code(answer), answer.json()["detail"]) == (413, "too_large", "at most 1048576 bytes")
