"""Thin webhooks: what they are about is asked of the sender's interface, whose absence loses none."""

from __future__ import annotations

import json
import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx
import msgspec
import pytest
import pytest_asyncio

from promise_svc.settings import PromiseSettings
from promise_svc.wiring import build
from tests.support.api import Api, Keys, running
from tests.support.clocks import ManualClock
from tests.support.servers import Databases
from tests.support.stand_in import StandIn, slow, standing_in, status
from tests.support.vendors import HubSpotDeals
from tests.support.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="session")
NOW: Final = datetime.now(UTC)
TOKEN: Final = secrets.token_urlsafe(32)
SOURCE: Final = """
sources:
  deals:
    service: promise-svc
    proof: {bearer: {}}
    each: values(body.objects)
    ignore: item.properties.dealstage != 'closedwon'
    events:
      - type: promise.made
        id: "join(':', ['deal', item.id])"
        time: item.updatedAt
        data:
          promise_id: {from: "join('-', ['deal', item.id])", as: id}
          customer_id: {from: item.properties.customer, as: id}
          kind: {value: project}
          what: item.properties.dealname
          due: item.properties.promised
    poll: {api: hubspot, base: BASE, token_env: HUBSPOT_TOKEN, object: 0-3, every: 30s,
           fields: [dealname, dealstage, customer, promised]}
"""


@pytest.fixture(scope="module")
def deals() -> HubSpotDeals:
    return HubSpotDeals()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def there(deals: HubSpotDeals) -> AsyncIterator[StandIn]:
    async with standing_in(StandIn(deals.answer, "pat-1")) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def api(
    postgres: str, databases: Databases, tmp_path_factory: pytest.TempPathFactory, there: StandIn
) -> AsyncIterator[Api]:
    folder: Path = tmp_path_factory.mktemp("completing")
    keys = Keys(folder)
    values = keys.write()
    sender = {"source": "deals", "secrets": [TOKEN], "events": {"promise-svc": ["promise.made"]}}
    values["webhook_secrets_file"].write_bytes(msgspec.json.encode({"sources": {"deals": sender}}))
    file = folder / "sources.yaml"
    file.write_text(SOURCE.replace("BASE", there.base))
    prefix = f"t{secrets.token_hex(5)}"
    named: dict[str, Any] = {
        "database_url": postgres,
        "database_prefix": prefix,
        "publishing": False,
        "sources_file": file,
    }
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("HUBSPOT_TOKEN", "pat-1")
        settings = PromiseSettings(**named, **values)
        async with running(build(settings, ManualClock(NOW)), keys) as made:
            yield made
    await databases.drop(settings.database)


async def post(api: Api, *numbers: int) -> httpx.Response:
    events = [
        {"eventId": number, "objectId": number, "objectTypeId": "0-3", "subscriptionType": "object.propertyChange"}
        for number in numbers
    ]
    headers = {"content-type": "application/json", "authorization": f"Bearer {TOKEN}"}
    return await api.client.post("/v1/webhooks/deals", content=json.dumps(events).encode(), headers=headers)


def won(deals: HubSpotDeals, number: int, **more: Any) -> None:
    said = {"dealstage": "closedwon", "customer": f"c-{number}", "promised": (NOW + timedelta(days=9)).isoformat()}
    deals.put(number, NOW - timedelta(minutes=5), **{**said, **more})


async def promised(api: Api, number: int) -> dict[str, Any]:
    """The promise that a deal is, once it is one."""

    async def there_is() -> bool:
        return (await api.call("GET", f"/v1/promises/deal-{number}")).status_code == 200

    await until(there_is)
    promise: dict[str, Any] = (await api.call("GET", f"/v1/promises/deal-{number}")).json()
    return promise


async def processed(api: Api, least: int = 0) -> int:
    """How many requests have been processed, 0 while there are fewer than `least`."""
    [row] = await api.rows("SELECT count(*)::int AS n FROM request WHERE state = 'processed'")
    return int(row["n"]) if row["n"] >= least else 0


async def without_polls(api: Api) -> None:
    """Wait for the first run of the poll, and let no other come: it would be given what a webhook is for."""
    await until(lambda: api.rows("SELECT name FROM poll WHERE ended_at IS NOT NULL"))
    await api.intake.database.pool.execute("UPDATE poll SET due = now() + interval '1 hour'")


async def test_a_thin_event_becomes_the_promise_that_the_deal_is(api: Api, deals: HubSpotDeals) -> None:
    await without_polls(api)
    won(deals, 1)
    won(deals, 2, dealstage="qualified")
    assert (await post(api, 1, 1, 2, 404)).status_code == 202
    promise = await promised(api, 1)
    assert (promise["customer_id"], promise["what"]) == ("c-1", "Deal 1")
    assert (await post(api, 1)).status_code == 202
    await until(lambda: processed(api, 2))
    assert (await promised(api, 1))["version"] == 1


@pytest.mark.parametrize("fault", [status(429, retry_after="77"), status(502), slow(9)])
async def test_while_the_interface_is_away_the_event_waits_in_sight(
    api: Api, there: StandIn, deals: HubSpotDeals, fault: Any
) -> None:
    number = 1_000 + len(deals.deals)
    await without_polls(api)
    won(deals, number)
    there.faults.append(fault)
    assert (await post(api, number)).status_code == 202

    async def tried() -> list[dict[str, Any]]:
        waiting = (await api.call("GET", "/v1/requests", params={"state": "waiting"})).json()["items"]
        return [one for one in waiting if one["reason"]]

    await until(tried)
    assert (await api.call("GET", f"/v1/promises/deal-{number}")).status_code == 404
    await api.rows("UPDATE request SET next_at = now() WHERE state = 'waiting'")
    await promised(api, number)


async def test_a_deal_that_no_webhook_told_of_comes_by_the_poll(api: Api, deals: HubSpotDeals) -> None:
    won(deals, 7001)

    async def there_is() -> bool:
        await api.intake.database.pool.execute("UPDATE poll SET due = now()")
        return (await api.call("GET", "/v1/promises/deal-7001")).status_code == 200

    await until(there_is, pause=0.2)
    [item] = (await api.call("GET", "/v1/polls")).json()["items"]
    assert (item["source"], item["error"]) == ("deals", "")
    # The webhook comes later, and tells nothing new.
    before = await processed(api)
    assert (await post(api, 7001)).status_code == 202
    await until(lambda: processed(api, before + 1))
    assert (await promised(api, 7001))["version"] == 1
