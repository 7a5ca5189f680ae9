"""A query parameter that a route does not know, or that comes twice, is refused: on every route of every service."""

from __future__ import annotations

from typing import Any

import pytest

from tests.component.services.conftest import Started
from tests.component.services.test_bad_input import SERVICES, routes
from tests.support.api import SOURCE, Api

EVERY_METHOD = ("GET", "POST", "PUT", "PATCH", "DELETE")


async def problem(api: Api, method: str, path: str, **how: Any) -> tuple[int, str, str]:
    answer = await api.call(method, path, **how)
    assert answer.headers["content-type"] == "application/problem+json", (path, answer.text)
    told = answer.json()
    return answer.status_code, told["code"], told.get("errors", [{}])[0].get("parameter", "")


def described(api: Api) -> list[tuple[str, list[str]]]:
    """Path and names of the query parameters of every GET of the document, as it tells them."""
    return [
        (path, [one["name"] for one in item["get"].get("parameters", []) if one["in"] == "query"])
        for path, item in api.app.openapi()["paths"].items()
        if "get" in item
    ]


@pytest.mark.parametrize("service", SERVICES)
async def test_every_route_refuses_a_parameter_that_it_does_not_know(start: Started, service: str) -> None:
    async with start(service) as api:
        everything = list(routes(api.app, *EVERY_METHOD))
        assert everything
        for method, path in everything:
            assert await problem(api, method, f"{path}?limt=1") == (422, "unknown_parameter", "limt"), (method, path)
            assert await problem(api, method, f"{path}?limt") == (422, "unknown_parameter", "limt"), (method, path)
            # Who may not call it learns nothing more than that.
            assert await problem(api, method, f"{path}?limt=1", role=None) == (401, "unauthenticated", "")
        for path, item in api.app.openapi()["paths"].items():
            assert all("422" in operation["responses"] for operation in item.values()), path


@pytest.mark.parametrize("service", SERVICES)
async def test_every_parameter_is_taken_once_and_no_more(start: Started, service: str) -> None:
    async with start(service) as api:
        for path, names in described(api):
            there = path.replace("{", "").replace("}", "")
            for name in names:
                once = await problem_code(api, f"{there}?{name}=1")
                assert once != "unknown_parameter", (path, name)
                twice = await problem(api, "GET", f"{there}?{name}=1&{name}=2")
                assert twice == (422, "repeated_parameter", name), path


async def problem_code(api: Api, path: str) -> str | None:
    answer = await api.call("GET", path)
    return answer.json().get("code") if answer.status_code >= 400 else None


async def test_a_genuine_webhook_is_taken_whatever_query_its_senders_address_has(start: Started) -> None:
    async with start("promise-svc") as api:
        forged = await api.client.post("/v1/webhooks/crm?limt=1", content=b"{}")
        assert forged.status_code in (400, 401, 415)
        data = {
            "promise_id": "p-query",
            "customer_id": "c1",
            "kind": "install",
            "what": "x",
            "due": "2199-01-01T00:00:00Z",
        }
        answer = await api.webhook("promise.made", data, source=f"{SOURCE}?tenant=1&tenant=2")
        assert (answer.status_code, answer.json()["state"]) == (202, "accepted"), answer.text


async def test_probes_and_pages_take_what_others_add_to_an_address(start: Started) -> None:
    async with start("risk-web") as api:
        for path in ("/livez?utm_source=mail", "/problems/unknown_parameter?x=1", "/signin?utm_source=mail"):
            assert (await api.client.get(path)).status_code != 422, path
