"""Contacts, sealed on arrival, and customers who ask to be forgotten."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from nacl.public import SealedBox

from candor.contracts import ContactRemoved, ContactSet, CustomerErased
from candor.contracts.sealed import parted
from tests.component.promise.bodies import CONTACT, REVISION, body, code, made, new, sent
from tests.support.api import Api
from tests.support.clocks import NOON, ManualClock

TABLES = ("promise", "change", "customer", "ingest", "outbox", "rejected", "dead_letter")


async def everything(api: Api) -> str:
    """All that the database holds, outbox rows and answers included, as text."""
    found = []
    for table in TABLES:
        for row in await api.rows(f"SELECT * FROM {table}"):
            found += [
                value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value) for value in row.values()
            ]
    return "\n".join(found)


def opened(api: Api, sealed: str) -> Any:
    return msgspec.json.decode(SealedBox(api.keys.private).decrypt(parted(sealed)[1]))


async def test_a_contact_is_sent_sealed_and_stored_sealed_alone(promise_api: Api) -> None:
    customer = new()
    answer = await promise_api.call("PUT", f"/v1/customers/{customer}/contact", CONTACT)
    assert (answer.status_code, answer.json()) == (200, {"customer_id": customer, "version": 1})
    (message,) = await sent(promise_api, customer)
    assert isinstance(message.data, ContactSet)
    assert opened(promise_api, message.data.sealed) == CONTACT | {"consent": True}
    assert "anna.smith" not in await everything(promise_api)


async def test_contacts_by_webhook_and_by_route_share_their_versions(promise_api: Api) -> None:
    customer = new()
    path = f"/v1/customers/{customer}/contact"
    await promise_api.call("PUT", path, CONTACT)
    await promise_api.webhook("contact.set", CONTACT | {"customer_id": customer, "email": "b@example.com"})
    third = await promise_api.call("PUT", path, CONTACT | {"consent": False})
    assert third.json()["version"] == 3
    messages = await sent(promise_api, customer)
    assert [message.envelope.version for message in messages] == [1, 2, 3]
    last = messages[-1].data
    assert isinstance(last, ContactSet)
    assert opened(promise_api, last.sealed)["consent"] is False


async def test_a_late_contact_does_not_undo_a_newer_one(promise_api: Api) -> None:
    customer = new()
    await promise_api.call("PUT", f"/v1/customers/{customer}/contact", CONTACT)
    late = await promise_api.webhook("contact.set", CONTACT | {"customer_id": customer}, at=NOON - timedelta(hours=1))
    assert late.json()["version"] == 1
    assert len(await sent(promise_api, customer)) == 1


@pytest.mark.parametrize("email", ["anna", "a@example.com\r\nBcc: b@example.com", "a@example.com,b@example.com"])
async def test_a_bad_address_is_refused_and_not_repeated(promise_api: Api, email: str) -> None:
    answer = await promise_api.call("PUT", f"/v1/customers/{new()}/contact", CONTACT | {"email": email})
    assert answer.status_code == 422
    assert email not in answer.text


async def full_customer(api: Api, name: str) -> dict[str, Any]:
    """A customer with a promise, a change, a contact, receipts of every kind."""
    headers = {"idempotency-key": new("k")}
    asked = body(customer_id=name, what=f"secret of {name}", promise_id=new("p"))
    await api.call("POST", "/v1/promises", asked, headers=headers)
    path = f"/v1/promises/{asked['promise_id']}"
    await api.call("POST", f"{path}/revisions", REVISION, headers={"idempotency-key": new("k")})
    await api.call("PUT", f"/v1/customers/{name}/contact", CONTACT, headers={"idempotency-key": new("k")})
    await api.webhook("promise.made", body(customer_id=name, what=f"secret of {name}"), webhook_id=new("evt"))
    return asked | {"headers": headers}


async def test_an_erased_customer_leaves_nothing_but_the_mark(promise_api: Api) -> None:
    customer, neighbour = new(), new()
    asked = await full_customer(promise_api, customer)
    await full_customer(promise_api, neighbour)
    answer = await promise_api.call("DELETE", f"/v1/customers/{customer}")
    assert answer.json() == {"customer_id": customer, "promises_erased": 2}
    kept = await everything(promise_api)
    assert f"secret of {customer}" not in kept
    assert asked["promise_id"] not in kept
    assert f"secret of {neighbour}" in kept
    gone, removed = await sent(promise_api, customer)
    assert isinstance(gone.data, CustomerErased)
    assert isinstance(removed.data, ContactRemoved)
    assert (gone.envelope.version, removed.envelope.version) == (1, 2)
    assert (await promise_api.call("GET", f"/v1/promises/{asked['promise_id']}")).status_code == 404


async def test_a_retry_does_not_bring_back_what_was_forgotten(promise_api: Api, promise_clock: ManualClock) -> None:
    customer, name = new(), new("evt")
    asked = body(customer_id=customer)
    before = promise_clock.now()
    key = {"idempotency-key": new("k")}
    await promise_api.webhook("promise.made", asked, webhook_id=name, at=before)
    by_key = await promise_api.call("POST", "/v1/promises", asked, headers=key)
    assert by_key.status_code == 201
    await promise_api.call("DELETE", f"/v1/customers/{customer}")
    for webhook_id in (name, new("evt")):
        again = await promise_api.webhook("promise.made", asked, webhook_id=webhook_id, at=before)
        assert again.json()["code"] == "erased"
    refused = await promise_api.call("POST", "/v1/promises", asked, headers=key)
    assert (refused.status_code, code(refused)) == (409, "erased")
    late_contact = await promise_api.webhook("contact.set", CONTACT | {"customer_id": customer}, at=before)
    assert late_contact.json()["code"] == "erased"
    assert await promise_api.rows("SELECT * FROM promise WHERE customer_id = $1", customer) == []


async def test_a_customer_may_come_back(promise_api: Api, promise_clock: ManualClock) -> None:
    customer = new()
    await full_customer(promise_api, customer)
    await promise_api.call("DELETE", f"/v1/customers/{customer}")
    made_at = promise_clock.now() + timedelta(minutes=1)
    await made(promise_api, customer_id=customer, made_at=made_at)
    answer = await promise_api.webhook("contact.set", CONTACT | {"customer_id": customer}, at=made_at)
    assert answer.json() == {"state": "accepted", "customer_id": customer, "version": 3}
    again = await promise_api.call("DELETE", f"/v1/customers/{customer}")
    assert again.json()["promises_erased"] == 1
    erased = [m.envelope.version for m in await sent(promise_api, customer) if isinstance(m.data, CustomerErased)]
    assert erased == [1, 2]


async def test_an_unknown_customer_cannot_be_erased(promise_api: Api) -> None:
    answer = await promise_api.call("DELETE", f"/v1/customers/{new()}")
    assert (answer.status_code, code(answer)) == (404, "not_found")


async def test_an_erasure_by_key_is_answered_once(promise_api: Api) -> None:
    customer, key = new(), {"idempotency-key": new("k")}
    await made(promise_api, customer_id=customer)
    first = await promise_api.call("DELETE", f"/v1/customers/{customer}", headers=key)
    again = await promise_api.call("DELETE", f"/v1/customers/{customer}", headers=key)
    assert again.content == first.content
    assert len(await sent(promise_api, customer)) == 2


async def test_what_is_said_at_the_moment_of_an_erasure_is_forgotten_too(promise_api: Api) -> None:
    customer = new()
    asked = body(customer_id=customer, what=f"secret of {customer}")
    calls = [
        *[promise_api.call("POST", "/v1/promises", asked, headers={"idempotency-key": new("k")}) for _ in range(5)],
        promise_api.call("DELETE", f"/v1/customers/{customer}"),
        promise_api.call("POST", "/v1/promises", body(customer_id=new())),
        promise_api.call("DELETE", f"/v1/customers/{customer}"),
    ]
    answers = await asyncio.gather(*calls)
    assert [answer.status_code for answer in answers] == [201] * 5 + [200, 201, 200]
    assert f"secret of {customer}" not in await everything(promise_api)
    assert sorted(m.envelope.version for m in await sent(promise_api, customer)) == [1, 1, 2, 2]
