"""Contacts, sealed on arrival, and customers who ask to be forgotten."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from nacl.public import SealedBox

from candor.contracts import ContactRemoved, ContactSet, CustomerErased, PromiseMade
from candor.contracts.sealed import parted
from candor.intake import Acceptance, Origin, Submission
from candor.store import eraser, erasing
from candor.store.unit_of_work import unit_of_work
from promise_svc.api import presenters
from promise_svc.service.use_cases import AT_ONCE, Erase, Statement, apply
from promise_svc.store import ledger
from tests.component.promise.bodies import CONTACT, REVISION, body, code, made, new, sent
from tests.support.api import Api
from tests.support.clocks import NOON, ManualClock

TABLES = ("promise", "change", "customer", "ingest", "outbox", "rejected", "dead_letter", "request")


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
    assert answer.json() == {"customer_id": customer, "promises_erased": 2, "state": "erased"}
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
    made_at = promise_clock.advance(timedelta(minutes=1))
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


async def large_customer(api: Api, name: str, promises: int) -> list[str]:
    """A customer with many promises, each revised twice; their ids."""
    ids = [new("p") for _ in range(promises)]
    for promise_id in ids:
        await made(api, customer_id=name, promise_id=promise_id, what=f"secret of {name}")
        for _ in range(2):
            await api.call("POST", f"/v1/promises/{promise_id}/revisions", REVISION)
    return ids


async def standing(api: Api, name: str) -> str:
    answer = await api.call("GET", f"/v1/customers/{name}/erasure", role="viewer")
    assert answer.status_code == 200, answer.text
    return str(answer.json()["state"])


_step = eraser.Eraser.step


async def _rests(_eraser: eraser.Eraser) -> bool:
    """What the app's own background does while a test takes its steps one by one."""
    return False


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """So few rows a transaction that a handful of promises needs many."""
    monkeypatch.setattr(erasing, "MOST", 2)
    monkeypatch.setattr(eraser.Eraser, "step", _rests)


@pytest.mark.usefixtures("small_steps")
async def test_a_customer_with_many_promises_is_gone_at_once_and_erased_by_and_by(promise_api: Api) -> None:
    customer, neighbour = new(), new()
    ids = await large_customer(promise_api, customer, 7)
    await full_customer(promise_api, neighbour)
    answer = await promise_api.call("DELETE", f"/v1/customers/{customer}")
    assert (answer.status_code, answer.json()["state"]) == (202, "erasing")
    assert await standing(promise_api, customer) == "erasing"
    for path in (f"/v1/promises/{ids[-1]}", f"/v1/promises/{ids[0]}"):
        assert (await promise_api.call("GET", path)).status_code == 404
    listed = await promise_api.call("GET", "/v1/promises", params={"customer_id": customer})
    assert (listed.json()["items"], listed.json()["total"]) == ([], 0)
    refused = await promise_api.call("POST", f"/v1/promises/{ids[-1]}/revisions", REVISION)
    assert (refused.status_code, code(refused)) == (404, "not_found")
    steps = await all_steps(promise_api)
    assert steps > 7
    assert await standing(promise_api, customer) == "erased"
    kept = await everything(promise_api)
    assert f"secret of {customer}" not in kept
    assert [name for name in ids if name in kept] == []
    assert f"secret of {neighbour}" in kept
    (gone, _) = await sent(promise_api, customer)
    assert isinstance(gone.data, CustomerErased)


async def one_step(api: Api) -> bool:
    return await _step(eraser.Eraser(api.intake.database, ledger.erasures()))


async def all_steps(api: Api) -> int:
    """Each step by a process of its own, as if every one were killed after it; how many there were."""
    steps = 0
    while await one_step(api):
        steps += 1
    return steps


@pytest.mark.usefixtures("small_steps")
async def test_what_a_customer_says_after_coming_back_outlives_the_erasure_under_way(
    promise_api: Api, promise_clock: ManualClock
) -> None:
    customer = new()
    ids = await large_customer(promise_api, customer, 7)
    await promise_api.call("DELETE", f"/v1/customers/{customer}")
    promise_clock.advance(timedelta(minutes=1))
    again, other = ids[-1], new("p")
    key = {"idempotency-key": new("k")}
    asked = body(customer_id=customer, promise_id=again, made_at=promise_clock.now(), what="said anew")
    first = await promise_api.call("POST", "/v1/promises", asked, headers=key)
    assert first.status_code == 201, first.text
    await made(promise_api, customer_id=new(), promise_id=ids[-2])
    await made(promise_api, customer_id=customer, promise_id=other)
    await all_steps(promise_api)
    listed = await promise_api.call("GET", "/v1/promises", params={"customer_id": customer})
    assert {item["promise_id"] for item in listed.json()["items"]} == {again, other}
    assert (await promise_api.call("GET", f"/v1/promises/{again}")).json()["changes"] == []
    assert (await promise_api.call("GET", f"/v1/promises/{ids[-2]}")).status_code == 200
    kinds = [type(message.data) for message in await sent(promise_api, customer)]
    assert kinds == [CustomerErased, ContactRemoved, PromiseMade, PromiseMade]
    repeated = await promise_api.call("POST", "/v1/promises", asked, headers=key)
    assert (repeated.status_code, repeated.content) == (201, first.content)


@pytest.mark.usefixtures("small_steps")
async def test_one_large_customer_does_not_keep_the_others_from_their_end(promise_api: Api) -> None:
    large, small = new(), new()
    await large_customer(promise_api, large, 9)
    await large_customer(promise_api, small, 2)
    await promise_api.call("DELETE", f"/v1/customers/{large}")
    await promise_api.call("DELETE", f"/v1/customers/{small}")
    count = "SELECT count(*) AS left FROM promise WHERE customer_id = $1"
    left = dict.fromkeys((large, small), 1)
    while left[small]:
        assert await one_step(promise_api)
        left = {name: (await promise_api.rows(count, name))[0]["left"] for name in left}
    assert left[large] > 0
    await all_steps(promise_api)


async def test_only_so_many_erasures_begin_in_the_transaction_that_others_wait_for(promise_api: Api) -> None:
    names = [new() for _ in range(AT_ONCE + 3)]
    for name in names:
        await made(promise_api, customer_id=name)
    origins = [Origin(new("e"), "test", promise_api.intake.clock.now()) for _ in names]
    erasures: list[Statement] = [
        Submission("customer.erased", Erase(name), origin, presenters.whole(200))
        for name, origin in zip(names, origins, strict=True)
    ]
    async with unit_of_work(promise_api.intake.database) as uow:
        answers = [taken.answer.status for taken in await apply(uow, erasures) if isinstance(taken, Acceptance)]
    assert answers == [200] * AT_ONCE + [202] * 3
    await all_steps(promise_api)
    assert {await standing(promise_api, name) for name in names} == {"erased"}


async def test_nobody_asks_after_an_erasure_that_there_was_not(promise_api: Api) -> None:
    answer = await promise_api.call("GET", f"/v1/customers/{new()}/erasure")
    assert (answer.status_code, code(answer)) == (404, "not_found")
