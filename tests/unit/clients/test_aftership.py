"""AfterShip: pages of shipments that changed, as its webhooks would bring them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from candor.clients.aftership import AfterShip
from candor.clients.calling import AwayError, Calling, DeniedError, RefusedError
from candor.clients.credentials import Fixed, Secret
from candor.clients.pages import Asked
from tests.support.stand_in import StandIn, raw, standing_in, status
from tests.support.vendors import AfterShipShipments

AT = datetime(2026, 11, 26, 9, tzinfo=UTC)


@pytest.fixture
def shipments() -> AfterShipShipments:
    return AfterShipShipments(size=40)


@pytest_asyncio.fixture
async def there(shipments: AfterShipShipments, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[StandIn]:
    monkeypatch.setenv("AFTERSHIP_KEY", "asat_1")
    async with standing_in(StandIn(shipments.answer, "asat_1", "as-api-key", "")) as made:
        yield made


def client(there: StandIn) -> AfterShip:
    return AfterShip(Calling(there.base), Fixed(Secret(None, "AFTERSHIP_KEY")))


async def test_all_that_changed_comes_in_pages_each_shipment_in_a_body(
    there: StandIn, shipments: AfterShipShipments
) -> None:
    for number in range(100):
        shipments.put({"tag": "InTransit"}, f"s{number}", AT + timedelta(minutes=number))
    seen: list[Any] = []
    latest, asked = [], Asked(AT + timedelta(minutes=5))
    while True:
        page = await client(there).page(asked)
        seen += [json.loads(body) for body in page.bodies]
        latest.append(page.latest)
        if page.next is None:
            break
        asked = asked._replace(page=page.next)
    assert sorted(one["msg"]["id"] for one in seen) == sorted(f"s{number}" for number in range(5, 100))
    assert {one["event"] for one in seen} == {"tracking_update"}
    assert max(one for one in latest if one) == AT + timedelta(minutes=99)
    assert [query["limit"] for _, _, query, _ in there.asked] == ["100"] * 3


async def test_what_goes_wrong_is_told_apart(there: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    there.faults += [status(429, x_ratelimit_reset="3"), status(500), raw(b'{"data": {"trackings": 3}}')]
    with pytest.raises(AwayError) as caught:
        await client(there).page(Asked(AT))
    assert caught.value.wait == 3.0
    with pytest.raises(AwayError):
        await client(there).page(Asked(AT))
    with pytest.raises(RefusedError, match=r"no list of objects at data\.trackings"):
        await client(there).page(Asked(AT))
    monkeypatch.setenv("AFTERSHIP_KEY", "another")
    with pytest.raises(DeniedError):
        await client(there).page(Asked(AT))


async def test_a_shipment_without_its_time_is_refused(there: StandIn, shipments: AfterShipShipments) -> None:
    shipments.put({}, "s1", AT)
    there.faults.append(raw(b'{"data": {"trackings": [{"id": "s1"}]}}'))
    with pytest.raises(RefusedError, match="does not say when it changed"):
        await client(there).page(Asked(AT))
    assert (await client(there).page(Asked(AT))).next is None
