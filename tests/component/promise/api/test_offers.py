"""Offers and what was taken, and accounts."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import permutations
from typing import Any

import pytest

from candor.contracts import AccountChanged, AskedBy, OfferChanged, PromiseRevised
from tests.component.promise.bodies import code, made, new, sent
from tests.component.promise.matters import OPTIONS, begun, offer, shown
from tests.support.api import Api
from tests.support.clocks import NOON

LATER = "2013-03-16T12:00:00Z"
ACCOUNT = {"renews_on": "2013-06-30", "exposure": 125000, "currency": "EUR"}


async def test_one_of_the_options_is_taken(promise_api: Api) -> None:
    promise = await made(promise_api)
    found = await begun(promise_api, "/v1/offers", offer(promise["promise_id"], words="sorry"))
    assert (found["state"], found["options"]) == ("offered", OPTIONS)
    path = f"/v1/offers/{found['offer_id']}"
    refused = await promise_api.call("POST", f"{path}/take", {"taken": "a free lunch"})
    assert refused.status_code == 422
    assert [error["pointer"] for error in refused.json()["errors"]] == ["/taken"]
    taken = await promise_api.call("POST", f"{path}/take", {"taken": "credit"})
    assert (taken.json()["state"], taken.json()["taken"]) == ("taken", "credit")
    for verb, body in (("take", {"taken": "credit"}), ("decline", {"reason": "r"}), ("withdraw", {"reason": "r"})):
        late = await promise_api.call("POST", f"{path}/{verb}", body)
        assert (late.status_code, code(late)) == (409, "not_now")
    messages = [
        one.data for one in await sent(promise_api, promise["customer_id"]) if isinstance(one.data, OfferChanged)
    ]
    assert [(one.state, one.taken) for one in messages] == [("offered", None), ("taken", "credit")]
    assert [option.value for option in messages[1].options] == [150, None]


@pytest.mark.parametrize("by", ["user", "webhook"])
async def test_an_option_with_a_date_moves_the_date_that_is_held(promise_api: Api, by: str) -> None:
    promise = await made(promise_api)
    found = await begun(promise_api, "/v1/offers", offer(promise["promise_id"]))
    if by == "user":
        await promise_api.call("POST", f"/v1/offers/{found['offer_id']}/take", {"taken": "a week later"})
    else:
        data = {"offer_id": found["offer_id"], "taken": "a week later"}
        answer = await promise_api.webhook("offer.taken", data, at=NOON + timedelta(minutes=1))
        assert answer.json()["state"] == "accepted"
    moved = await shown(promise_api, f"/v1/promises/{promise['promise_id']}")
    assert (moved["held_due"], moved["latest_due"]) == (LATER,) * 2
    assert moved["first_due"] == promise["first_due"]
    assert [(one["kind"], one["agreed"]) for one in moved["changes"]] == [("revised", True)]
    messages = await sent(promise_api, promise["customer_id"])
    [revised] = [one.data for one in messages if isinstance(one.data, PromiseRevised)]
    assert (revised.held_due, revised.asked_by, revised.agreed) == (revised.latest_due, AskedBy.COMPANY, True)
    assert f"{revised.held_due:%Y-%m-%dT%H:%M:%SZ}" == LATER


async def test_what_is_told_of_a_taking_late_is_held_before_what_was_said_after_it(promise_api: Api) -> None:
    promise = await made(promise_api)
    found = await begun(promise_api, "/v1/offers", offer(promise["promise_id"], at=NOON - timedelta(hours=3)))
    newer = {"promise_id": promise["promise_id"], "due": "2013-03-20T12:00:00Z", "asked_by": "customer", "reason": "r"}
    await promise_api.webhook("promise.revised", newer, at=NOON)
    data = {"offer_id": found["offer_id"], "taken": "a week later"}
    await promise_api.webhook("offer.taken", data, at=NOON - timedelta(hours=1))
    stands = await shown(promise_api, f"/v1/promises/{promise['promise_id']}")
    assert (stands["held_due"], [one["due"] for one in stands["changes"]]) == (
        newer["due"],
        [LATER, newer["due"]],
    )
    before = {"name": "too early", "kind": "revised_terms", "due": "2012-01-01T12:00:00Z"}
    refused = await promise_api.call("POST", "/v1/offers", offer(promise["promise_id"], options=[before]))
    assert refused.status_code == 422
    assert [error["pointer"] for error in refused.json()["errors"]] == ["/options/0/due"]


async def test_an_offer_may_follow_a_broken_promise(promise_api: Api) -> None:
    promise = (await made(promise_api))["promise_id"]
    await promise_api.call("POST", f"/v1/promises/{promise}/verdict", {"verdict": "broken"})
    found = await begun(promise_api, "/v1/offers", offer(promise))
    for verb, state in (("decline", "declined"), ("withdraw", "declined")):
        await promise_api.call("POST", f"/v1/offers/{found['offer_id']}/{verb}", {"reason": "r"})
        assert (await shown(promise_api, f"/v1/offers/{found['offer_id']}"))["state"] == state


@pytest.mark.parametrize(
    ("options", "pointer"),
    [
        ([], "/options"),
        ([OPTIONS[0], OPTIONS[0]], "/options"),
        ([{"name": "a", "kind": "gift"}], "/options/0/kind"),
        ([OPTIONS[1], {"name": "a", "kind": "other", "value": 3}], "/options/1/currency"),
        ([{"name": "a", "kind": "other", "currency": "EUR"}], "/options/0/currency"),
        ([{"name": str(n), "kind": "other"} for n in range(11)], "/options"),
    ],
)
async def test_a_bad_offer_names_its_field(promise_api: Api, options: list[Any], pointer: str) -> None:
    promise = (await made(promise_api))["promise_id"]
    refused = await promise_api.call("POST", "/v1/offers", offer(promise, options=options))
    assert refused.status_code == 422
    assert [error["pointer"] for error in refused.json()["errors"]] == [pointer]


async def test_an_account_is_as_was_said_last(promise_api: Api) -> None:
    customer = new("c")
    path = f"/v1/accounts/{customer}"
    first = await promise_api.call("PUT", path, ACCOUNT, role="operator")
    assert (first.json(), first.headers["etag"]) == (
        {"customer_id": customer, "state": "registered", "version": 1, "at": "2013-03-08T12:00:00Z", **ACCOUNT},
        '"1"',
    )
    stale = await promise_api.call("PUT", path, ACCOUNT, headers={"if-match": '"2"'})
    assert code(stale) == "version_changed"
    await promise_api.call("PUT", path, {"renews_on": "2014-01-31"}, headers={"if-match": '"1"'})
    found = await shown(promise_api, path)
    assert (found["renews_on"], found["version"], "exposure" in found) == ("2014-01-31", 2, False)
    messages = [one.data for one in await sent(promise_api, customer)]
    assert all(isinstance(one, AccountChanged) for one in messages)
    assert [one.renews_on for one in messages] == [date(2013, 6, 30), date(2014, 1, 31)]  # type: ignore[attr-defined]


async def test_an_account_is_the_same_in_whatever_order_it_was_said(promise_api: Api) -> None:
    found = set()
    for order in permutations((1, 2, 3)):
        customer = new("c")
        for hours in order:
            data = {"customer_id": customer, "exposure": hours, "currency": "EUR"}
            answer = await promise_api.webhook("account.set", data, at=NOON - timedelta(hours=hours))
            assert answer.json()["state"] == "accepted"
        whole = await shown(promise_api, f"/v1/accounts/{customer}")
        found.add((whole["exposure"], whole["at"], whole["version"]))
    assert found == {(1, "2013-03-08T11:00:00Z", 3)}


async def test_accounts_are_found_by_their_renewal(promise_api: Api) -> None:
    names = {}
    for day in ("2099-01-01", "2099-02-01", "2099-03-01"):
        names[day] = new("c")
        await promise_api.call("PUT", f"/v1/accounts/{names[day]}", {"renews_on": day})
    page = await shown(promise_api, "/v1/accounts", renews_from="2099-02-01", renews_before="2099-03-01")
    assert [item["customer_id"] for item in page["items"]] == [names["2099-02-01"]]
    bad = await promise_api.call("GET", "/v1/accounts", params={"renews_from": "soon"})
    assert bad.status_code == 422


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"exposure": 1}, "/currency"),
        ({"currency": "EUR"}, "/currency"),
        ({"exposure": 1, "currency": "EUX"}, "/currency"),
        ({"exposure": -1, "currency": "EUR"}, "/exposure"),
        ({"renews_on": "1969-01-01"}, "/renews_on"),
        ({"renews_on": "30 June"}, "/renews_on"),
        ({"name": "Acme"}, "/name"),
    ],
)
async def test_a_bad_account_names_its_field(promise_api: Api, body: dict[str, Any], pointer: str) -> None:
    refused = await promise_api.call("PUT", f"/v1/accounts/{new('c')}", body)
    assert refused.status_code == 422
    assert [error["pointer"] for error in refused.json()["errors"]] == [pointer]
