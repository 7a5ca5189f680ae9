"""Wishes: noted, changed, met or declined, with approved words for the customer and a day to look again."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from candor.contracts import WishChanged
from tests.component.promise.bodies import code, made, new, sent
from tests.component.promise.matters import begun, shown, wish
from tests.support.api import Api
from tests.support.clocks import NOON

PATH = "/v1/wishes"
LATER = (NOON + timedelta(days=200)).date()
SECRET = "they said: why never on Saturday?"


async def noted(api: Api, **changes: Any) -> tuple[dict[str, Any], str]:
    """A wish about a promise, and its path."""
    promise = await made(api, customer_id=new("c"))
    found = await begun(api, PATH, wish(promise_id=promise["promise_id"], **changes))
    return found, f"{PATH}/{found['wish_id']}"


async def test_each_change_is_told_on_in_approved_words_alone(promise_api: Api) -> None:
    found, path = await noted(promise_api, words=SECRET, person="kim", department="operations")
    assert (found["state"], found["words"], found["version"]) == ("open", SECRET, 1)
    change = {"workaround": "on a Friday evening", "look_again_on": LATER.isoformat()}
    changed = (await promise_api.call("POST", f"{path}/changes", change)).json()
    assert (changed["state"], changed["workaround"], changed["look_again_on"]) == ("open", *change.values())
    # What is not given stays.
    assert (changed["public_text"], changed["words"]) == (found["public_text"], SECRET)
    met = (await promise_api.call("POST", f"{path}/meet", {"words": SECRET})).json()
    assert met["state"] == "met"
    messages = [one.data for one in await sent(promise_api, found["customer_id"])]
    told = [one for one in messages if isinstance(one, WishChanged)]
    assert [(one.state, one.workaround) for one in told] == [
        ("open", found["workaround"]),
        *[(state, change["workaround"]) for state in ("open", "met")],
    ]
    assert told[-1].look_again_on == LATER and told[0].promise_id == found["promise_id"]
    assert not any("Saturday?" in str(one) or "kim" in str(one) for one in told)
    assert [one["action"] for one in (await shown(promise_api, path))["entries"]] == ["noted", "changed", "met"]


FOLLOWS: list[tuple[str, dict[str, Any]]] = [
    ("changes", {"workaround": "w"}),
    ("meet", {}),
    ("decline", {"reason": "r"}),
]


@pytest.mark.parametrize(("verb", "body"), FOLLOWS)
@pytest.mark.parametrize(("ending", "last"), [("meet", {}), ("decline", {"reason": "it does not pay"})])
async def test_nothing_follows_its_end(
    promise_api: Api, ending: str, last: dict[str, Any], verb: str, body: dict[str, Any]
) -> None:
    _, path = await noted(promise_api)
    ended = (await promise_api.call("POST", f"{path}/{ending}", last)).json()
    assert ended["state"] == {"meet": "met", "decline": "declined"}[ending]
    late = await promise_api.call("POST", f"{path}/{verb}", body)
    assert (late.status_code, code(late)) == (409, "not_now")


async def test_a_wish_that_is_told_again_is_once(promise_api: Api) -> None:
    customer = new("c")
    body, key = wish(customer_id=customer), {"Idempotency-Key": new("k")}
    first, again = [await promise_api.call("POST", PATH, body, headers=key) for _ in range(2)]
    assert first.json() == again.json() and again.status_code == 201
    assert (await shown(promise_api, PATH, customer_id=customer))["total"] == 1
    named = body | {"wish_id": first.json()["wish_id"]}
    same = await promise_api.call("POST", PATH, named)
    assert (same.status_code, same.json()) == (201, first.json())
    other = await promise_api.call("POST", PATH, named | {"words": "something else"})
    assert (other.status_code, code(other)) == (409, "already_exists")
    elsewhere = await promise_api.call("POST", PATH, named | {"customer_id": new("c")})
    assert (elsewhere.status_code, code(elsewhere)) == (409, "already_exists")


async def test_without_a_promise_it_is_a_customers(promise_api: Api) -> None:
    customer = new("c")
    found = await begun(promise_api, PATH, wish(customer_id=customer))
    assert found["customer_id"] == customer and "promise_id" not in found
    assert [
        one["wish_id"] for one in (await shown(promise_api, PATH, state="open", customer_id=customer))["items"]
    ] == [found["wish_id"]]


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"customer_id": None}, "/customer_id"),
    ({"promise_id": "p1"}, "/customer_id"),
    ({"public_text": None}, "/public_text"),
    ({"public_text": "x" * 201}, "/public_text"),
    ({"workaround": "  "}, "/workaround"),
    ({"words": ""}, "/words"),
    ({"look_again_on": None}, "/look_again_on"),
    ({"look_again_on": "soon"}, "/look_again_on"),
    ({"look_again_on": NOON.date().isoformat()}, "/look_again_on"),
    ({"look_again_on": "2300-01-01"}, "/look_again_on"),
]


@pytest.mark.parametrize(("changes", "pointer"), REFUSED)
async def test_what_is_wrong_is_named(promise_api: Api, changes: dict[str, Any], pointer: str) -> None:
    body = {name: value for name, value in (wish(customer_id="c") | changes).items() if value is not None}
    refused = await promise_api.call("POST", PATH, body)
    assert refused.status_code == 422
    assert [one["pointer"] for one in refused.json()["errors"]] == [pointer]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [({}, "/workaround"), ({"look_again_on": date(2001, 1, 1).isoformat()}, "/look_again_on")],
)
async def test_a_change_changes_something_and_looks_ahead(promise_api: Api, body: dict[str, Any], pointer: str) -> None:
    _, path = await noted(promise_api)
    refused = await promise_api.call("POST", f"{path}/changes", body)
    assert refused.status_code == 422
    assert [one["pointer"] for one in refused.json()["errors"]] == [pointer]


async def test_of_a_promise_that_nobody_made_nothing_is_wished(promise_api: Api) -> None:
    refused = await promise_api.call("POST", PATH, wish(promise_id=new("p")))
    assert (refused.status_code, code(refused)) == (404, "not_found")


async def test_other_systems_tell_it_by_webhook_in_any_order(promise_api: Api) -> None:
    promise, name = await made(promise_api), new("w")
    noted_ = wish(promise_id=promise["promise_id"], wish_id=name)
    assert (await promise_api.webhook("wish.noted", noted_)).json()["state"] == "accepted"
    minute = timedelta(minutes=1)
    assert (await promise_api.webhook("wish.declined", {"wish_id": name, "reason": "r"}, at=NOON + 2 * minute)).json()[
        "in_effect"
    ]
    # It was changed before it was declined, and that comes late.
    late = {"wish_id": name, "workaround": "on Friday"}
    assert (await promise_api.webhook("wish.changed", late, at=NOON + minute)).json()["in_effect"]
    found = await shown(promise_api, f"{PATH}/{name}")
    assert (found["state"], found["workaround"]) == ("declined", "on Friday")
