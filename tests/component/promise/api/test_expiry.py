"""What of the ledger comes to its end: words of promises that are over, and contacts of customers with nothing open."""

from __future__ import annotations

from typing import Any

import pytest

from candor.contracts import ContactRemoved
from candor.store.retention import Retention
from promise_svc.service.expiry import expiries
from tests.component.promise.bodies import CONTACT, REVISION, body, code, made, new, sent
from tests.support.api import Api
from tests.support.clocks import ManualClock

WORDS = "the fiddly espresso machine of Mrs Secret"
RESTATED = {"asked_by": "company", "reason": WORDS, "if_moved": True}
"""The date that stands, told by a CRM."""


async def cleared(api: Api, clock: ManualClock, batch: int = 2_000) -> dict[str, int]:
    settings = api.app.state.settings
    own = expiries(settings, clock)
    return await Retention(settings, api.app.state.database, own, batch=batch).clear()


async def aged(api: Api, table: str, name: str, days: int, *, due: bool = False, key: str = "promise_id") -> None:
    """As if the row had been written so many days ago, and was due then too."""
    moved = ", held_due = held_due - make_interval(days => $2), latest_due = held_due" if due else ""
    await api.app.state.database.pool.execute(
        f"UPDATE {table} SET words_since = now() - make_interval(days => $2){moved} WHERE {key} = $1", name, days
    )


async def ended(api: Api, **changes: Any) -> str:
    document = await made(api, what=WORDS, labels={"wish": WORDS}, owner="anna", **changes)
    name: str = document["promise_id"]
    await api.webhook("promise.revised", RESTATED | {"promise_id": name, "due": document["latest_due"]})
    await api.call("POST", f"/v1/promises/{name}/revisions", REVISION | {"reason": WORDS})
    await api.call("POST", f"/v1/promises/{name}/withdraw", {"reason": WORDS})
    return name


async def test_words_end_and_the_id_stays_taken(promise_api: Api, promise_clock: ManualClock) -> None:
    name, young = await ended(promise_api), await ended(promise_api)
    for table in ("promise", "change"):
        await aged(promise_api, table, name, 731)
        await aged(promise_api, table, young, 729)
    gone = await cleared(promise_api, promise_clock)
    assert (gone["promise"], gone["change"]) == (1, 2)
    for table, holds in (("promise", [young]), ("change", [young, young])):
        rows = await promise_api.rows(f"SELECT promise_id, {table}::text AS whole FROM {table} ORDER BY 1")
        assert [row["promise_id"] for row in rows if WORDS in row["whole"]] == holds
    states = await promise_api.rows("SELECT promise_id, states::text FROM promise")
    assert [row["promise_id"] for row in states if WORDS in row["states"]] == [young]
    shown = (await promise_api.call("GET", f"/v1/promises/{name}")).json()
    assert (shown["what"], shown["labels"], shown["owner"], shown["state"]) == ("", {}, None, "withdrawn")
    again = await promise_api.call("POST", "/v1/promises", body(promise_id=name))
    assert (again.status_code, code(again)) == (409, "already_exists")
    assert (await cleared(promise_api, promise_clock))["promise"] == 0


async def test_an_open_promise_keeps_its_words_until_its_date_is_as_long_past(
    promise_api: Api, promise_clock: ManualClock
) -> None:
    ahead = (await made(promise_api, what=WORDS, due="2150-01-01T00:00:00Z"))["promise_id"]
    past = (await made(promise_api, what=WORDS, due="2150-01-01T00:00:00Z"))["promise_id"]
    await aged(promise_api, "promise", ahead, 900)
    await aged(promise_api, "promise", past, 900)
    await promise_api.app.state.database.pool.execute(
        "UPDATE promise SET held_due = now() - interval '800 days', latest_due = now() - interval '800 days' "
        "WHERE promise_id = $1",
        past,
    )
    assert (await cleared(promise_api, promise_clock))["promise"] == 1
    assert (await promise_api.call("GET", f"/v1/promises/{ahead}")).json()["what"] == WORDS
    assert (await promise_api.call("GET", f"/v1/promises/{past}")).json()["what"] == ""


async def contact_of(api: Api, name: str) -> dict[str, Any]:
    (row,) = await api.rows("SELECT sealed, contact_version FROM customer WHERE customer_id = $1", name)
    return row


@pytest.mark.parametrize("batch", [1, 2_000])
async def test_a_contact_ends_by_an_event_once_nothing_is_open(
    batch: int, promise_api: Api, promise_clock: ManualClock
) -> None:
    over, busy, fresh, staff = new("c"), new("c"), new("c"), new("s")
    for name in (over, busy, fresh):
        await promise_api.call("PUT", f"/v1/customers/{name}/contact", CONTACT)
    await promise_api.call("PUT", f"/v1/staff/{staff}/contact", CONTACT)
    await aged(promise_api, "promise", await ended(promise_api, customer_id=over), 400)
    await aged(promise_api, "promise", await ended(promise_api, customer_id=busy), 400)
    await made(promise_api, customer_id=busy, due="2150-01-01T00:00:00Z")
    for name in (over, busy, f"staff/{staff}"):
        await aged(promise_api, "customer", name, 366, key="customer_id")
    assert (await cleared(promise_api, promise_clock, batch))["contact"] == 1
    *_, last = await sent(promise_api, over)
    assert last.data == ContactRemoved(over)
    assert (last.envelope.version, await contact_of(promise_api, over)) == (2, {"sealed": None, "contact_version": 2})
    for name in (busy, fresh, f"staff/{staff}"):
        assert (await contact_of(promise_api, name))["sealed"]
    # Given again, it is the newer one.
    again = await promise_api.call("PUT", f"/v1/customers/{over}/contact", CONTACT)
    assert again.json()["version"] == 3
    assert (await cleared(promise_api, promise_clock, batch))["contact"] == 0
