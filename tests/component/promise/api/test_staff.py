"""How to reach the owners of promises: sealed as customers' contacts are, and never taken for one of them."""

from __future__ import annotations

from datetime import timedelta

import msgspec
from nacl.public import SealedBox

from candor.contracts import ContactRemoved, ContactSet, staff_key
from candor.contracts.sealed import parted
from tests.component.promise.bodies import CONTACT, code, made, new, sent
from tests.support.api import Api
from tests.support.clocks import ManualClock


async def test_a_staff_contact_is_sent_sealed_under_a_key_that_no_customer_can_have(promise_api: Api) -> None:
    name = new()
    answer = await promise_api.call("PUT", f"/v1/staff/{name}/contact", CONTACT)
    assert (answer.status_code, answer.json()) == (200, {"staff_id": name, "version": 1})
    (message,) = await sent(promise_api, staff_key(name))
    assert isinstance(message.data, ContactSet)
    assert (message.data.customer_id, message.envelope.key) == (f"staff/{name}", f"staff/{name}")
    opened = SealedBox(promise_api.keys.private).decrypt(parted(message.data.sealed)[1])
    assert msgspec.json.decode(opened)["email"] == CONTACT["email"]
    assert (await promise_api.call("PUT", f"/v1/customers/staff%2F{name}/contact", CONTACT)).status_code == 404
    refused = await promise_api.webhook("contact.set", CONTACT | {"customer_id": staff_key(name)})
    assert refused.json()["code"] == "invalid_field"


async def test_a_removed_staff_contact_is_gone_from_the_outbox_and_nobody_is_told_of_an_erased_customer(
    promise_api: Api, promise_clock: ManualClock
) -> None:
    name = new()
    await promise_api.call("PUT", f"/v1/staff/{name}/contact", CONTACT)
    answer = await promise_api.call("DELETE", f"/v1/staff/{name}/contact")
    assert (answer.status_code, answer.json()) == (200, {"staff_id": name})
    (removed,) = await sent(promise_api, staff_key(name))
    assert isinstance(removed.data, ContactRemoved)
    assert removed.envelope.version == 2
    rows = await promise_api.rows("SELECT sealed FROM customer WHERE customer_id = $1", staff_key(name))
    assert [row["sealed"] for row in rows] == [None]
    promise_clock.advance(timedelta(minutes=1))
    again = await promise_api.call("PUT", f"/v1/staff/{name}/contact", CONTACT)
    assert again.json()["version"] == 3


async def test_a_customer_and_a_staff_member_of_the_same_id_are_two(promise_api: Api) -> None:
    name = new()
    await made(promise_api, customer_id=name)
    await promise_api.call("PUT", f"/v1/customers/{name}/contact", CONTACT)
    await promise_api.call("PUT", f"/v1/staff/{name}/contact", CONTACT)
    await promise_api.call("DELETE", f"/v1/customers/{name}")
    (kept,) = await sent(promise_api, staff_key(name))
    assert isinstance(kept.data, ContactSet)
    assert (await promise_api.call("DELETE", f"/v1/customers/staff%2F{name}")).status_code == 404


async def test_an_unknown_staff_contact_cannot_be_removed(promise_api: Api) -> None:
    answer = await promise_api.call("DELETE", f"/v1/staff/{new()}/contact")
    assert (answer.status_code, code(answer)) == (404, "not_found")
