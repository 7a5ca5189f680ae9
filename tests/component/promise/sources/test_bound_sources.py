"""A source's secret opens what its entry names, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from tests.component.promise.bodies import CONTACT, LATER, body, code, made, new
from tests.support.api import FIELD, UNBOUND, Api


async def forbidden(api: Api) -> dict[str, Any]:
    """By event type, what a lost secret of a field system would be used for."""
    promise = await made(api)
    named = {"promise_id": promise["promise_id"]}
    return {
        "promise.made": body(),
        "promise.revised": named | {"due": LATER, "asked_by": "company", "reason": "r"},
        "promise.withdrawn": named | {"reason": "r"},
        "promise.settled": named | {"verdict": "kept"},
        "contact.set": {"customer_id": promise["customer_id"], **CONTACT},
    }


@pytest.mark.parametrize("source", [FIELD, UNBOUND])
async def test_a_sender_without_leave_is_refused_whatever_it_sends(promise_api: Api, source: str) -> None:
    for kind, data in (await forbidden(promise_api)).items():
        answer = await promise_api.webhook(kind, data, source=source)
        assert (answer.status_code, code(answer), answer.json()["event_type"]) == (403, "event_type_not_allowed", kind)
        assert f"{source} may not send {kind} here" in answer.json()["detail"]


async def test_a_refused_event_changes_nothing_and_staff_see_it(promise_api: Api) -> None:
    customer, name = new("c"), new("evt")
    answer = await promise_api.webhook(
        "contact.set", {"customer_id": customer, **CONTACT}, source=FIELD, webhook_id=name
    )
    assert answer.status_code == 403
    assert CONTACT["email"] not in answer.text
    items = (await promise_api.call("GET", "/v1/rejected", params={"source": FIELD, "limit": 200})).json()["items"]
    [found] = [item for item in items if item["event_id"] == name]
    assert (found["reason"], found["type"]) == ("event_type_not_allowed", "contact.set")
    assert await promise_api.rows("SELECT 1 FROM customer WHERE customer_id = $1", customer) == []


async def test_malformed_data_of_such_a_type_is_not_even_read(promise_api: Api) -> None:
    answer = await promise_api.webhook("promise.made", {"admin": True}, source=FIELD)
    assert (answer.status_code, code(answer)) == (403, "event_type_not_allowed")
