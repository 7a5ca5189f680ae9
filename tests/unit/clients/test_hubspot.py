"""HubSpot: pages of what changed, and thin events completed."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from candor.clients import hubspot
from candor.clients.calling import AwayError, Calling, RefusedError
from candor.clients.credentials import Fixed, Secret
from candor.clients.hubspot import HubSpot
from candor.clients.pages import ANEW, Asked
from tests.support.stand_in import StandIn, raw, standing_in, status
from tests.support.vendors import HubSpotDeals, stamp

AT = datetime(2026, 11, 26, 9, tzinfo=UTC)
PORTAL = {"portalId": 48120077, "subscriptionId": 5519032}


@pytest.fixture
def deals() -> HubSpotDeals:
    return HubSpotDeals()


@pytest_asyncio.fixture
async def there(deals: HubSpotDeals, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[StandIn]:
    monkeypatch.setenv("HUBSPOT_TOKEN", "pat-eu1")
    async with standing_in(StandIn(deals.answer, "pat-eu1")) as made:
        yield made


def client(there: StandIn) -> HubSpot:
    fields = ["dealname", "promised_delivery_date"]
    return HubSpot(Calling(there.base), Fixed(Secret(None, "HUBSPOT_TOKEN")), "0-3", fields)


def objects(body: bytes) -> dict[str, Any]:
    said = json.loads(body)
    assert said["events"] == []
    found: dict[str, Any] = said["objects"]
    return found


async def test_all_that_changed_comes_in_pages_oldest_first(there: StandIn, deals: HubSpotDeals) -> None:
    for number in range(250):
        deals.put(number, AT + timedelta(seconds=number))
    seen: list[str] = []
    asked = Asked(AT + timedelta(seconds=10))
    while True:
        page = await client(there).page(asked)
        [body] = page.bodies
        seen += list(objects(body))
        if page.next is None:
            break
        asked = asked._replace(page=page.next)
    assert seen == [f"0-3/{number}" for number in range(10, 250)]
    assert page.latest == AT + timedelta(seconds=249)
    assert len(there.asked) == 3
    assert there.asked[0][3]["properties"] == ["dealname", "promised_delivery_date", "hs_lastmodifieddate"]


async def test_nothing_that_changed_is_no_body(there: StandIn) -> None:
    assert await client(there).page(Asked(AT)) == ([], None, None)


async def test_beyond_what_one_search_gives_it_begins_anew_from_the_latest_change(
    there: StandIn, deals: HubSpotDeals, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hubspot, "LAST", 100)
    deals.cap = 200
    for number in range(450):
        deals.put(number, AT + timedelta(seconds=number))
    seen: set[str] = set()
    asked, anew = Asked(AT), 0
    for _ in range(20):
        page = await client(there).page(asked)
        seen |= {name for body in page.bodies for name in objects(body)}
        if page.next is None:
            break
        anew += page.next == ANEW
        assert page.latest is not None
        asked = Asked(page.latest) if page.next == ANEW else asked._replace(page=page.next)
    assert (len(seen), anew) == (450, 2)


async def test_more_changes_at_one_moment_than_a_search_gives_are_said(
    there: StandIn, deals: HubSpotDeals, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hubspot, "LAST", 100)
    for number in range(300):
        deals.put(number, AT)
    with pytest.raises(RefusedError, match="changed at one moment"):
        await client(there).page(Asked(AT, "100"))


async def test_a_clock_that_is_ahead_hides_nothing(there: StandIn, deals: HubSpotDeals) -> None:
    ahead = datetime.now(UTC) + timedelta(days=300)
    deals.put(1, ahead)
    page = await client(there).page(Asked(AT))
    assert page.latest is not None
    assert abs(page.latest - datetime.now(UTC)) < timedelta(minutes=1)
    there.ahead = timedelta(days=400).total_seconds()
    assert (await client(there).page(Asked(AT))).latest == datetime.fromisoformat(stamp(ahead))


async def test_a_token_that_changes_is_used_at_once(there: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    there.token = "pat-eu2"
    with pytest.raises(RefusedError):
        await client(there).page(Asked(AT))
    monkeypatch.setenv("HUBSPOT_TOKEN", "pat-eu2")
    assert (await client(there).page(Asked(AT))).next is None


BROKEN = [{}, {"results": {}}, {"results": [1]}, {"results": [{"id": "1"}]}, {"results": [{"properties": {}}]}]


@pytest.mark.parametrize("body", BROKEN)
async def test_an_answer_of_another_shape_is_refused(there: StandIn, body: Any) -> None:
    there.faults.append(raw(json.dumps(body).encode()))
    with pytest.raises(RefusedError):
        await client(there).page(Asked(AT))


def event(number: Any, **more: Any) -> dict[str, Any]:
    return {**PORTAL, "eventId": 1, "subscriptionType": "object.propertyChange", "objectId": number, **more}


async def test_a_batch_is_completed_by_one_request_for_each_type(there: StandIn, deals: HubSpotDeals) -> None:
    deals.put(7, AT, promised_delivery_date="1795737600000")
    deals.put(8, AT)
    events = [event(7, objectTypeId="0-3"), event(7, objectTypeId="0-3"), event(8, objectTypeId="0-3")]
    events += [event(9, objectTypeId="0-3"), event(8, subscriptionType="deal.creation")]
    body = json.loads(await client(there).complete(json.dumps(events).encode()))
    assert body["events"] == events
    assert sorted(body["objects"]) == ["0-3/7", "0-3/8", "deal/8"]
    assert body["objects"]["0-3/7"]["properties"]["promised_delivery_date"] == "1795737600000"
    assert [(path, [one["id"] for one in said["inputs"]]) for _, path, _, said in there.asked] == [
        ("/crm/v3/objects/0-3/batch/read", ["7", "8", "9"]),
        ("/crm/v3/objects/0-3/batch/read", ["8"]),
    ]


async def test_a_system_that_is_away_completes_nothing(there: StandIn) -> None:
    there.faults.append(status(429, retry_after="11"))
    with pytest.raises(AwayError) as caught:
        await client(there).complete(json.dumps([event(7, objectTypeId="0-3")]).encode())
    assert caught.value.wait == 11.0


@pytest.mark.parametrize("body", [b"{}", b"", b"\xff", b"null", b"[" * 10_000])
async def test_what_is_no_batch_stays_as_it_is(there: StandIn, body: bytes) -> None:
    assert await client(there).complete(body) == body
    assert there.asked == []


STRANGE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.sampled_from(["0-3", "../../x", "deal.x", "0-3?"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["objectId", "objectTypeId", "subscriptionType"]), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(st.lists(STRANGE, max_size=300))
def test_whatever_events_say_only_names_of_types_and_numbers_become_addresses(events: list[Any]) -> None:
    named = hubspot._named(events)
    assert sum(map(len, named.values())) <= 100
    for kind, ids in named.items():
        assert hubspot._type.fullmatch(kind)
        assert all(str(int(one)) == one for one in ids)
