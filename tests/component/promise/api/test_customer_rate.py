"""What one sender may send about one customer: the others, and what came before, are untouched."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio

from candor.intake import Event
from candor.intake.once import Acceptance, Caller
from candor.intake.source import Incoming
from candor.web.http.problems import Problem
from promise_svc.settings import PromiseSettings
from promise_svc.wiring import build
from tests.component.promise.bodies import REVISION, body, code, new
from tests.support.api import Api, Keys, running
from tests.support.clocks import NOON, ManualClock
from tests.support.servers import Databases

CRM = Caller("webhook", "crm")
RATE = 2.0
BURST = int(2 * RATE)


@dataclass
class Watch:
    seconds: float = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def limited(
    postgres: str, databases: Databases, promise_clock: ManualClock, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Api]:
    keys = Keys(tmp_path_factory.mktemp("limited"))
    settings = PromiseSettings(
        database_url=postgres,
        database_prefix=f"t{secrets.token_hex(5)}",
        publishing=False,
        customer_rate_limit=RATE,
        **keys.write(),
    )
    promise_clock.set(NOON)
    async with running(build(settings, promise_clock), keys) as api:
        api.app.state.customers.clock = Watch()
        yield api
    await databases.drop(settings.database)


def later(api: Api, seconds: float) -> None:
    api.app.state.customers.clock.seconds += seconds


def said(kind: str, data: dict[str, Any]) -> Incoming:
    name = new("evt")
    return Incoming(name, Event(kind, NOON, data), name.encode())


def made(customer: str, promise: str = "") -> Incoming:
    return said("promise.made", body(customer_id=customer, promise_id=promise or new("p")))


async def outcomes(api: Api, items: list[Incoming], caller: Caller = CRM) -> list[str]:
    results = [one.result for one in await api.intake.take(items, caller)]
    return [one.code if isinstance(one, Problem) else "again" if one.replayed else "taken" for one in results]


async def spend(api: Api, customer: str) -> None:
    assert await outcomes(api, [made(customer) for _ in range(BURST)]) == ["taken"] * BURST


async def test_a_spent_customer_is_refused_and_the_rest_of_the_batch_is_taken(limited: Api) -> None:
    large, other, promise = new(), new(), new("p")
    await spend(limited, large)
    batch = [
        made(large, promise),
        made(other),
        # It may not overtake the event that begins its promise, whose customer it does not name.
        said("promise.revised", {"promise_id": promise, **REVISION}),
    ]
    assert await outcomes(limited, batch) == ["customer_rate_limited", "taken", "customer_rate_limited"]
    later(limited, 1 / RATE)
    assert await outcomes(limited, batch) == ["taken", "again", "taken"]


async def test_a_request_is_never_cut_in_its_middle(limited: Api) -> None:
    large = new()
    batch = [made(large) for _ in range(3 * BURST)]
    assert await outcomes(limited, batch) == ["taken"] * len(batch)
    assert await outcomes(limited, [made(large)]) == ["customer_rate_limited"]
    # However much it was, it is forgiven after two bursts' time.
    later(limited, 2 * BURST / RATE)
    assert await outcomes(limited, [made(large)]) == ["taken"]


async def test_what_was_taken_before_is_free(limited: Api) -> None:
    customer = new()
    first = made(customer)
    assert await outcomes(limited, [first]) == ["taken"]
    for _ in range(2 * BURST):
        assert await outcomes(limited, [first]) == ["again"]
    assert await outcomes(limited, [made(customer)]) == ["taken"]


async def test_another_sender_a_past_and_an_erasure_are_not_refused(limited: Api) -> None:
    customer = new()
    await spend(limited, customer)
    assert await outcomes(limited, [made(customer)], Caller("webhook", "field")) == ["taken"]
    [past] = await limited.intake.take([made(customer)], CRM, historical=True)
    assert isinstance(past.result, Acceptance)
    for _ in range(BURST):
        await limited.call("PUT", f"/v1/customers/{customer}/contact", {"email": "a@example.com", "name": "A"})
    refused = await limited.call("PUT", f"/v1/customers/{customer}/contact", {"email": "b@example.com", "name": "B"})
    assert code(refused) == "customer_rate_limited"
    assert (await limited.call("DELETE", f"/v1/customers/{customer}")).status_code == 200


async def test_a_sender_is_told_when_to_come_again(limited: Api) -> None:
    customer, name = new(), new("evt")
    for _ in range(BURST):
        assert (await limited.webhook("promise.made", body(customer_id=customer))).status_code == 202
    promise = body(customer_id=customer)
    refused = await limited.webhook("promise.made", promise, webhook_id=name)
    assert (refused.status_code, code(refused)) == (503, "overloaded")
    assert refused.headers["retry-after"] == "1"
    assert (await limited.webhook("promise.made", body())).status_code == 202
    later(limited, 1)
    assert (await limited.webhook("promise.made", promise, webhook_id=name)).json()["state"] == "accepted"
    assert await limited.rows("SELECT 1 FROM rejected WHERE event_id = $1", name) == []


async def test_who_is_refused_is_refused_before_anything_is_checked(limited: Api) -> None:
    customer, promise = new(), new("p")
    wrong = {"customer_id": customer, "promise_id": promise, "nonsense": 1}
    for _ in range(BURST):
        assert (await limited.webhook("promise.made", body(customer_id=customer))).status_code == 202
        assert (await limited.call("PUT", f"/v1/customers/{customer}/contact", {"email": "a@example.com"})).is_success
    assert code(await limited.webhook("promise.made", wrong)) == "overloaded"
    assert await limited.rows("SELECT 1 FROM rejected WHERE reason = 'invalid_field'") == []
    for method, path in (("POST", "/v1/promises"), ("PUT", f"/v1/customers/{customer}/contact")):
        assert code(await limited.call(method, path, wrong)) == "customer_rate_limited"
    # Nobody else is: not another customer, and not the customer's right.
    assert code(await limited.call("POST", "/v1/promises", wrong | {"customer_id": new()})) == "invalid_field"
    erasure = await limited.webhook("customer.erased", {"customer_id": customer})
    assert (erasure.status_code, erasure.json()["code"]) == (202, "unknown_type")
