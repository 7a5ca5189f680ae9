"""Lists of promises: filters, order, pages."""

from __future__ import annotations

import csv
import io
from base64 import urlsafe_b64encode
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest

from tests.component.promise.bodies import DUE, LATER, made, new
from tests.component.promise.matters import begun, offer, registered
from tests.support.api import Api


async def listed(api: Api, **params: Any) -> list[str]:
    """Ids on all pages."""
    found: list[str] = []
    path: str | None = f"/v1/promises?{urlencode(params)}"
    while path:
        response = await api.call("GET", path, role="viewer")
        assert response.status_code == 200, response.text
        found += [promise["promise_id"] for promise in response.json()["items"]]
        link = response.headers.get("link")
        path = link[1 : link.index(">")] if link else None
    return found


async def test_pages_hold_every_promise_once_by_held_date(promise_api: Api) -> None:
    customer = new()
    names = []
    for hour in (5, 3, 9, 3, 7):
        promise = await made(promise_api, customer_id=customer, due=f"2013-03-09T{hour:02}:00:00Z")
        names.append(((hour, promise["promise_id"]), promise["promise_id"]))
    expected = [name for _, name in sorted(names)]
    for limit in (1, 2, 5, 200):
        assert await listed(promise_api, customer_id=customer, limit=limit) == expected


async def test_filters_narrow_the_list(promise_api: Api) -> None:
    customer, kind = new(), new("kind")
    early = (await made(promise_api, customer_id=customer, kind=kind, due="2013-03-09T01:00:00Z"))["promise_id"]
    late = (await made(promise_api, customer_id=customer, due="2013-03-09T09:00:00Z"))["promise_id"]
    other = (await made(promise_api, kind=kind))["promise_id"]
    await promise_api.call("POST", f"/v1/promises/{late}/verdict", {"verdict": "broken"})
    assert set(await listed(promise_api, kind=kind)) == {early, other}
    assert await listed(promise_api, customer_id=customer, state="broken") == [late]
    assert await listed(promise_api, customer_id=customer, state="made", kind=kind) == [early]
    assert await listed(promise_api, customer_id=customer, due_from="2013-03-09T09:00:00Z") == [late]
    assert await listed(promise_api, customer_id=customer, due_before="2013-03-09T09:00:00Z") == [early]
    assert await listed(promise_api, customer_id=new()) == []


@pytest.mark.parametrize(
    "params",
    [
        {"limit": 0},
        {"limit": 201},
        {"limit": "x"},
        {"cursor": "nonsense"},
        {"cursor": "bnVsbA"},
        {"state": "late"},
        {"due_from": "2013-03-09"},
        {"due_from": "2013-03-09T09:00:00"},
        {"customer_id": "a b"},
        {"kind": "a\0"},
    ],
)
async def test_a_bad_parameter_is_named(promise_api: Api, params: dict[str, Any]) -> None:
    response = await promise_api.call("GET", "/v1/promises", role="viewer", params=params)
    assert response.status_code == 422
    assert response.json()["errors"][0]["parameter"].endswith(next(iter(params)))


def cursor_of(*position: Any) -> str:
    """A cursor as somebody makes it up."""
    return urlsafe_b64encode(msgspec.json.encode(position)).rstrip(b"=").decode()


async def page_of(api: Api, **params: Any) -> tuple[list[str], str | None]:
    """The ids of one page, and the cursor of the next."""
    answer = await api.call("GET", "/v1/promises", role="viewer", params=params)
    assert answer.status_code == 200, answer.text
    following = answer.links["next"]["url"].rpartition("cursor=")[2] if "next" in answer.links else None
    return [promise["promise_id"] for promise in answer.json()["items"]], following


@pytest.mark.parametrize(
    "cursor",
    [
        "WyIyMDEz",
        cursor_of("p1", DUE),
        cursor_of(DUE),
        cursor_of(DUE, "p1", 1),
        cursor_of(DUE, 1),
        cursor_of(DUE, "p\0"),
        cursor_of("2013-03-09T12:00:00", "p1"),
        cursor_of("0001-01-01T00:00:00+14:00", "p1"),
        cursor_of("9999-12-31T23:59:59-14:00", "p1"),
    ],
)
async def test_a_cursor_that_was_tampered_with_is_refused(promise_api: Api, cursor: str) -> None:
    answer = await promise_api.call("GET", "/v1/promises", role="viewer", params={"cursor": cursor})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_field")
    assert [error["parameter"] for error in answer.json()["errors"]] == ["cursor"]


async def test_a_page_that_is_just_full_is_the_last(promise_api: Api) -> None:
    customer = new()
    names = sorted([(await made(promise_api, customer_id=customer))["promise_id"] for _ in range(3)])
    assert await page_of(promise_api, customer_id=customer, limit=3) == (names, None)
    first, cursor = await page_of(promise_api, customer_id=customer, limit=2)
    assert first == names[:2]
    assert await page_of(promise_api, customer_id=customer, limit=2, cursor=cursor) == (names[2:], None)
    assert await page_of(promise_api, customer_id=customer, cursor=cursor_of(DUE, "zzzz")) == ([], None)


async def test_a_cursor_is_a_place_in_the_order_so_another_filter_goes_on_from_there(promise_api: Api) -> None:
    customer, kind = new(), new("kind")
    dues = [f"2013-03-09T{hour:02}:00:00Z" for hour in (1, 2, 3)]
    early, middle, late = [
        (await made(promise_api, customer_id=customer, due=due, kind=kind if due != dues[1] else "flight"))[
            "promise_id"
        ]
        for due in dues
    ]
    first, cursor = await page_of(promise_api, customer_id=customer, limit=1)
    assert first == [early]
    assert await page_of(promise_api, customer_id=customer, cursor=cursor) == ([middle, late], None)
    assert await page_of(promise_api, kind=kind, cursor=cursor) == ([late], None)
    assert await page_of(promise_api, customer_id=new(), cursor=cursor) == ([], None)


@pytest.mark.parametrize(("limit", "status"), [(0, 422), (-1, 422), (1, 200), (200, 200), (201, 422), ("2.5", 422)])
async def test_a_page_holds_from_one_to_two_hundred(promise_api: Api, limit: Any, status: int) -> None:
    answer = await promise_api.call("GET", "/v1/promises", role="viewer", params={"limit": limit})
    assert answer.status_code == status


async def test_bounds_of_the_held_date_are_from_and_before(promise_api: Api) -> None:
    customer = new()
    name = (await made(promise_api, customer_id=customer))["promise_id"]
    assert (await page_of(promise_api, customer_id=customer, due_from=DUE))[0] == [name]
    assert (await page_of(promise_api, customer_id=customer, due_before=DUE))[0] == []
    assert (await page_of(promise_api, customer_id=customer, due_from=LATER, due_before=DUE))[0] == []


async def test_an_unknown_promise_is_not_found(promise_api: Api) -> None:
    assert (await promise_api.call("GET", f"/v1/promises/{new('p')}")).status_code == 404


async def test_as_csv_a_list_is_the_same_page_and_has_no_formula(promise_api: Api) -> None:
    customer = new("c")
    for what in ("=1+1", "installed"):
        await made(promise_api, customer_id=customer, what=what, labels={"floors": 3})
    asked = {"customer_id": customer, "format": "csv", "limit": 1}
    first = await promise_api.call("GET", "/v1/promises", role="viewer", params=asked)
    assert first.headers["content-type"] == "text/csv; charset=utf-8"
    link = first.headers["link"]
    second = await promise_api.call("GET", link[1 : link.index(">")], role="viewer")
    found = [row for page in (first, second) for row in csv.DictReader(io.StringIO(page.text))]
    assert sorted(row["what"] for row in found) == ["'=1+1", "installed"]
    assert {row["labels"] for row in found} <= {"floors=3", "floors=3.0"}
    assert {row["customer_id"] for row in found} == {customer}


async def test_matters_come_as_csv_with_a_column_for_each_field(promise_api: Api) -> None:
    promise = (await made(promise_api))["promise_id"]
    found = await begun(promise_api, "/v1/offers", offer(promise))
    asked = {"promise_id": promise, "format": "csv"}
    answer = await promise_api.call("GET", "/v1/offers", role="viewer", params=asked)
    [row] = csv.DictReader(io.StringIO(answer.text))
    assert (row["offer_id"], row["state"], row["taken"]) == (found["offer_id"], "offered", "")
    assert "name=a week later" in row["options"].partition("; ")[2]
    for path in ("handoffs", "claims", "capabilities", "accounts", "statements", "challenges", "plans"):
        answer = await promise_api.call("GET", f"/v1/{path}", role="viewer", params={"format": "csv", "limit": 1})
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/csv; charset=utf-8"), path
    await registered(promise_api, name := new("c"), {"status": "planned"})
    asked = {"capability": name, "format": "csv"}
    recall = await promise_api.call("GET", "/v1/claims/recall", role="viewer", params=asked)
    assert recall.text.startswith("state,version,at,")
