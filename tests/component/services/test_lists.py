"""Every list says how many there are and pages to its end, with ten thousand of each."""

from __future__ import annotations

from typing import Any

import pytest

from tests.component.delivery.reports import incident, milestone
from tests.component.promise.bodies import body
from tests.component.promise.matters import claim, registered
from tests.component.services.conftest import Started
from tests.support.api import Api
from tests.support.lists import MANY, copied, walk


async def first(api: Api, path: str, content: Any) -> None:
    answer = await api.call("POST", path, content)
    assert answer.status_code in (201, 202), answer.text


async def whole(api: Api, path: str, key: str, **params: Any) -> list[Any]:
    """What names each item of a list, from all its pages, each once."""
    headers = {"authorization": f"Bearer {api.keys.keys['viewer']}"}
    names = [item[key] for item in await walk(api.client, path, headers, **params)]
    assert len(set(names)) == len(names)
    return names


async def rejected(api: Api) -> None:
    """Ten thousand rejections at one moment, every two of them under one id: two bodies that a sender sent."""
    await api.webhook("promise.lost", {}, webhook_id="e1")
    changes = "'event_id', 'e' || n / 2, 'body_sha256', '\\x' || encode(sha256(n::text::bytea), 'hex'), 'times', n"
    await copied(api.intake.database.pool, "rejected", changes)
    assert len(await whole(api, "/v1/rejected", "times")) == MANY
    await copied(api.intake.database.pool, "request", "'request_id', 'r' || n, 'state', 'refused'")
    assert len(await whole(api, "/v1/requests", "request_id", state="refused", source="crm")) == MANY


async def systems(api: Api) -> None:
    """Ten thousand polls, and as many senders."""
    pool = api.intake.database.pool
    await pool.execute("INSERT INTO poll (name, since) VALUES ('s', now())")
    await pool.execute("INSERT INTO source_rhythm SELECT 's', now(), now(), 1, array_fill(1.0, ARRAY[168]), '{}'")
    await copied(pool, "poll", "'name', 's' || n")
    await copied(pool, "source_rhythm", "'source', 's' || n")
    assert len(await whole(api, "/v1/polls", "source")) == MANY
    assert len(await whole(api, "/v1/sources", "source")) == MANY


async def test_systems_of_both_services(start: Started) -> None:
    for service in ("promise-svc", "delivery-svc"):
        async with start(service) as api:
            await systems(api)


async def test_promise_svc(start: Started) -> None:
    async with start("promise-svc") as api:
        await first(api, "/v1/promises", body(promise_id="p1", due="2199-01-01T00:00:00Z"))
        await copied(api.intake.database.pool, "promise", "'promise_id', 'p' || n, 'kind', 'kind' || n % 4")
        assert len(await whole(api, "/v1/promises", "promise_id")) == MANY
        assert len(await whole(api, "/v1/promises", "promise_id", kind="kind3")) == MANY // 4
        assert await whole(api, "/v1/promises", "promise_id", kind="nothing") == []
        await rejected(api)


async def test_matters_of_promise_svc(start: Started) -> None:
    async with start("promise-svc") as api:
        pool = api.intake.database.pool
        await first(api, "/v1/claims", claim("k0", recipients=2))
        changes = "'matter_id', 'm' || n, 'capability_id', 'k' || n % 50, 'born', n + 1000"
        await copied(pool, "matter", changes)
        assert len(await whole(api, "/v1/claims", "claim_id")) == MANY
        some = await whole(api, "/v1/claims", "claim_id", capability_id="k3", verdict="unregistered")
        assert len(some) == MANY // 50
        await registered(api, "k3", {"status": "none"}, at="2000-01-01T00:00:00Z")
        recall = (await api.call("GET", "/v1/claims/recall", params={"capability": "k3"})).json()
        assert (recall["total"], recall["told"], recall["left"]) == (MANY // 50, MANY // 25, MANY // 25)
        await pool.execute("UPDATE matter SET kind = 'statement' WHERE kind = 'claim'")
        assert len(await whole(api, "/v1/statements", "statement_id")) == MANY
        assert await whole(api, "/v1/handoffs", "handoff_id") == []


async def test_what_promise_svc_lets_wait(start: Started) -> None:
    async with start("promise-svc") as api:
        pool = api.intake.database.pool
        await api.webhook("promise.withdrawn", {"promise_id": "p1", "reason": "called off"})
        await copied(pool, "waiting", "'waiting_id', 'w' || n, 'born', n + 1000")
        assert len(await whole(api, "/v1/waiting", "waiting_id")) == MANY
        assert await whole(api, "/v1/waiting", "waiting_id", kind="settled") == []
        await api.webhook("promise.made", {"promise_id": "d1", "kind": "install"})
        await copied(pool, "draft", "'promise_id', 'd' || n, 'born', n + 1000")
        assert len(await whole(api, "/v1/drafts", "promise_id", missing="due")) == MANY
        assert await whole(api, "/v1/drafts", "promise_id", state="withdrawn") == []


async def test_delivery_svc(start: Started) -> None:
    async with start("delivery-svc") as api:
        pool = api.intake.database.pool
        await first(api, "/v1/milestones", milestone("p-unknown"))
        await copied(pool, "parked", "'parked_id', 'w' || n, 'seq', n + 10")
        assert len(await whole(api, "/v1/parked", "parked_id")) == MANY
        await first(api, "/v1/incidents", incident("i1"))
        picture = "one.picture || jsonb_build_object('incident_id', 'i' || n)"
        await copied(pool, "incident", f"'incident_id', 'i' || n, 'picture', {picture}")
        assert len(await whole(api, "/v1/incidents", "incident_id")) == MANY
        assert await whole(api, "/v1/incidents", "incident_id", status="resolved") == []
        await pool.execute(
            "INSERT INTO milestone SELECT 'p1', n, 'm', 'reached', now(), NULL, false, NULL, 's', 'e'"
            " FROM generate_series(1, $1) AS n",
            MANY,
        )
        assert await whole(api, "/v1/milestones", "version", promise_id="p1") == [*range(1, MANY + 1)]
        await rejected(api)


async def test_an_incident_says_how_many_reports_it_has(start: Started) -> None:
    async with start("delivery-svc") as api:
        await first(api, "/v1/incidents", incident("i1"))
        await copied(api.intake.database.pool, "sighting", "'seq', n + 10")
        found = (await api.call("GET", "/v1/incidents/i1")).json()
        assert (len(found["reports"]), found["reports_total"], found["reports_total_exact"]) == (1000, MANY, True)


async def test_of_very_many_it_is_said_that_there_are_more(start: Started, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("candor.web.http.listings.COUNTED", 3)
    async with start("promise-svc") as api:
        for number in range(4):
            await first(api, "/v1/promises", body(promise_id=f"p{number}", due="2199-01-01T00:00:00Z"))
            page = (await api.call("GET", "/v1/promises", params={"limit": 1})).json()
            assert (page["total"], page["total_exact"]) == (min(number + 1, 3), number < 3)
