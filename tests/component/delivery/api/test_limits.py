"""What one sender can put into one promise, incident or place has an end; the rest of a batch is taken."""

from __future__ import annotations

from typing import Any

import pytest

from delivery_svc.domain import limits
from tests.component.delivery.reports import incident, known, milestone, moment, new
from tests.support.api import Api

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def batch(api: Api, kind: str, bodies: list[dict[str, Any]]) -> tuple[int, list[tuple[int, str, str]]]:
    """How many of a batch were accepted, and the place, code and detail of those that were not."""
    events = [
        {"specversion": "1.0", "id": new("e"), "source": "ops", "type": kind, "time": moment(-30), "data": body}
        for body in bodies
    ]
    answer = await api.call(
        "POST", "/v1/events", events, headers={"content-type": "application/cloudevents-batch+json"}
    )
    assert answer.status_code == 202, answer.text
    said = answer.json()
    return said["accepted"], [(one["index"], one["code"], one["detail"]) for one in said["rejected"]]


def of(name: str, number: int) -> dict[str, Any]:
    return milestone(name, -60, milestone=f"step {number}")


async def test_steps_of_a_promise(delivery_api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "STEPS", 3)
    (promise_id, _), (other_id, _) = await known(delivery_api), await known(delivery_api)
    accepted, refused = await batch(
        delivery_api, "milestone.reported", [*(of(promise_id, n) for n in range(5)), of(other_id, 9)]
    )
    assert accepted == 4
    words = "a promise has at most 3 differently named steps that are reported"
    assert refused == [(3, "limit_reached", f"/milestone: {words}"), (4, "limit_reached", f"/milestone: {words}")]
    answer = await delivery_api.call("POST", "/v1/milestones", of(promise_id, 7))
    found = answer.json()
    assert (answer.status_code, found["code"], found["limit"]) == (422, "limit_reached", 3)
    assert found["errors"] == [{"detail": words, "pointer": "/milestone"}]
    # More is heard of the steps that there are.
    answer = await delivery_api.call("POST", "/v1/milestones", of(promise_id, 2))
    assert (answer.status_code, answer.json()["state"]) == (202, "matched")


async def test_reports_of_a_promise(delivery_api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "REPORTS", 2)
    promise_id, _ = await known(delivery_api)
    accepted, refused = await batch(delivery_api, "milestone.reported", [of(promise_id, 1)] * 3)
    assert (accepted, [(place, code) for place, code, _ in refused]) == (2, [(2, "limit_reached")])


def at(place: str, name: str = "", **changes: Any) -> dict[str, Any]:
    return incident(
        name or new("i"), affects=[{"kind": "site", "id": new("far")}, {"kind": "site", "id": place}], **changes
    )


async def counted(api: Api, place: str) -> int | None:
    number: int | None = await api.intake.database.pool.fetchval("SELECT open FROM open_place WHERE id = $1", place)
    return number


async def test_open_incidents_at_a_place(delivery_api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "OPEN_AT_A_PLACE", 2)
    place, first = new("site"), new("i")
    reports = [at(place, first), at(place), at(place), at(new("elsewhere"))]
    accepted, refused = await batch(delivery_api, "incident.reported", reports)
    assert (accepted, [(index, code) for index, code, _ in refused]) == (3, [(2, "limit_reached")])
    answer = await delivery_api.call("POST", "/v1/incidents", at(place))
    found = answer.json()
    assert (answer.status_code, found["errors"][0]["pointer"], found["limit"]) == (422, "/affects/1", 2)
    # What is known already may change, and its end makes room for another one.
    for changes in ({"severity": 0.9, "at": moment(-20)}, {"status": "resolved", "at": moment(-10)}):
        assert (await delivery_api.call("POST", "/v1/incidents", at(place, first, **changes))).status_code == 202
    assert await counted(delivery_api, place) == 1
    assert (await delivery_api.call("POST", "/v1/incidents", at(place))).status_code == 202
    assert await counted(delivery_api, place) == 2


async def test_a_place_is_counted_until_nothing_open_affects_it(delivery_api: Api) -> None:
    place, other, name = new("site"), new("site"), new("i")
    for changes, left, there in (
        ({"at": moment(-50)}, 1, None),
        ({"at": moment(-40), "affects": [{"kind": "site", "id": other}]}, None, 1),
        ({"at": moment(-45)}, None, 1),
        ({"at": moment(-30)}, 1, None),
        ({"at": moment(-20), "status": "resolved"}, None, None),
        ({"at": moment(-10)}, 1, None),
    ):
        body = incident(name, **{"affects": [{"kind": "site", "id": place}], **changes})
        assert (await delivery_api.call("POST", "/v1/incidents", body)).status_code == 202
        assert (await counted(delivery_api, place), await counted(delivery_api, other)) == (left, there), changes


async def test_reports_of_an_incident_end_but_not_its_end(delivery_api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SIGHTINGS", 2)
    name = new("i")
    accepted, refused = await batch(delivery_api, "incident.reported", [incident(name, at=moment(-50))] * 3)
    assert (accepted, [code for _, code, _ in refused]) == (2, ["limit_reached"])
    for changes, status in (
        ({"at": moment(-40)}, 422),
        ({"at": moment(-30), "status": "resolved"}, 202),
        ({"at": moment(-20), "status": "resolved"}, 422),
        ({"at": moment(-10)}, 422),
    ):
        answer = await delivery_api.call("POST", "/v1/incidents", incident(name, **changes))
        assert answer.status_code == status, changes


async def test_lists_within_a_report(delivery_api: Api) -> None:
    wide = incident(new("i"), affects=[{"kind": "site", "id": f"s{n}"} for n in range(limits.AFFECTED + 1)])
    accepted, refused = await batch(delivery_api, "incident.reported", [wide, incident(new("i"))])
    assert (accepted, refused) == (1, [(0, "limit_reached", "/data/affects: at most 500")])
