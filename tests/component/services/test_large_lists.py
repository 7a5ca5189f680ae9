"""However much is stored, a page of a list is at most 1 MiB, and its cursor goes on where it was cut."""

from __future__ import annotations

from typing import Any

from tests.component.delivery.reports import incident
from tests.component.promise.bodies import body
from tests.component.services.conftest import Started
from tests.support.api import Api
from tests.support.lists import copied

LARGEST = 1024 * 1024
MANY = 150


async def walked(api: Api, path: str, key: str) -> list[Any]:
    """What names each item of all pages of 200."""
    found: list[Any] = []
    following: str | None = f"{path}?limit=200"
    pages = 0
    while following:
        answer = await api.client.get(following, headers={"authorization": f"Bearer {api.keys.keys['viewer']}"})
        assert answer.status_code == 200, answer.text
        assert LARGEST / 3 < len(answer.content) <= LARGEST or not answer.links
        found += [item[key] for item in answer.json()["items"]]
        following = answer.links["next"]["url"] if "next" in answer.links else None
        pages += 1
    assert pages > MANY / 50
    return found


async def test_promises_with_all_that_they_may_have(start: Started) -> None:
    large = body(
        promise_id="p1",
        due="2199-01-01T00:00:00Z",
        milestones=[{"name": f"{number:03}" + "é" * 190} for number in range(100)],
        references=[{"system": "erp", "id": f"{number:03}" + "é" * 190} for number in range(20)],
        scope=[{"item": f"{number:03}" + "é" * 190} for number in range(50)],
        labels={f"label-{number}": "x" * 4000 for number in range(32)},
    )
    async with start("promise-svc") as api:
        answer = await api.call("POST", "/v1/promises", large)
        assert answer.status_code == 201, answer.text
        await copied(api.intake.database.pool, "promise", "'promise_id', 'p' || n", MANY)
        assert sorted(await walked(api, "/v1/promises", "promise_id")) == sorted(f"p{n + 1}" for n in range(MANY))


async def test_incidents_that_affect_all_that_they_may(start: Started) -> None:
    wide = incident("i1") | {"affects": [{"kind": "k" * 128, "id": f"{n:03}" + "p" * 125} for n in range(500)]}
    async with start("delivery-svc") as api:
        answer = await api.call("POST", "/v1/incidents", wide)
        assert answer.status_code == 202, answer.text
        picture = "one.picture || jsonb_build_object('incident_id', 'i' || n)"
        await copied(api.intake.database.pool, "incident", f"'incident_id', 'i' || n, 'picture', {picture}", MANY)
        assert sorted(await walked(api, "/v1/incidents", "incident_id")) == sorted(f"i{n + 1}" for n in range(MANY))


async def test_a_promise_shows_its_newest_changes_and_how_many_there_were_before(start: Started) -> None:
    async with start("promise-svc") as api:
        await api.call("POST", "/v1/promises", body(promise_id="p1", due="2199-01-01T00:00:00Z"))
        await api.intake.database.pool.execute(
            "INSERT INTO change (promise_id, version, kind, at, reason)"
            " SELECT 'p1', n, 'revised', now(), repeat('x', 4000) FROM generate_series(2, 501) AS n"
        )
        await api.intake.database.pool.execute("UPDATE promise SET version = 501 WHERE promise_id = 'p1'")
        answer = await api.call("GET", "/v1/promises/p1")
        found = answer.json()
        assert [change["version"] for change in found["changes"]] == [*range(302, 502)]
        assert (found["changes_older"], len(answer.content) < LARGEST) == (300, True)
