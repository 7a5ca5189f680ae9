"""Lists of promises: filters, order, pages."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest

from tests.component.promise.bodies import made, new
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


async def test_an_unknown_promise_is_not_found(promise_api: Api) -> None:
    assert (await promise_api.call("GET", f"/v1/promises/{new('p')}")).status_code == 404
