"""Every route of delivery-svc, and the role below the one it needs; and random requests from its OpenAPI."""

from __future__ import annotations

from typing import Any

import pytest

from tests.component.delivery.reports import code, incident, known, milestone, new
from tests.support.api import ROLES, Api
from tests.support.fuzz import fuzz

# (method, path, body, lowest role, status); {p} becomes a promise, {i} an incident, {w} a parked report.
ROUTES: list[tuple[str, str, Any, str, int]] = [
    ("POST", "/v1/milestones", milestone("p-unknown"), "operator", 202),
    ("GET", "/v1/milestones?promise_id={p}", None, "viewer", 200),
    ("POST", "/v1/incidents", incident("i-roles"), "operator", 202),
    ("GET", "/v1/incidents", None, "viewer", 200),
    ("GET", "/v1/incidents/{i}", None, "viewer", 200),
    ("POST", "/v1/events", [], "operator", 202),
    ("GET", "/v1/parked", None, "viewer", 200),
    ("POST", "/v1/parked/{w}/match", "promise", "operator", 200),
    ("POST", "/v1/imports", {"events": [{}]}, "operator", 200),
    ("GET", "/v1/rejected", None, "viewer", 200),
    *(("GET", f"/v1/{name}", None, "viewer", 200) for name in ("polls", "sources", "labels/unknown", "parked/archive")),
    ("GET", "/v1/parked/{w}/suggestions", None, "viewer", 200),
    ("GET", "/v1/parked/{w}", None, "viewer", 200),
    ("GET", "/v1/matches", None, "viewer", 200),
    ("POST", "/v1/matches/{m}/undo", None, "operator", 404),
    ("POST", "/v1/sources/{s}/try", {"body": "{}"}, "operator", 200),
    ("GET", "/v1/requests", None, "viewer", 200),
    ("GET", "/v1/requests/{r}", None, "operator", 404),
    ("POST", "/v1/requests/{r}/replay", None, "operator", 404),
    ("PUT", "/v1/requests/{r}/body", {"body": "{}"}, "operator", 404),
    ("GET", "/v1/audit", None, "admin", 200),
]


@pytest.mark.parametrize(("method", "path", "body", "lowest", "status"), ROUTES)
async def test_the_role_below_is_refused(
    delivery_api: Api, method: str, path: str, body: Any, lowest: str, status: int
) -> None:
    promise_id, _ = await known(delivery_api)
    name = new("i")
    await delivery_api.call("POST", "/v1/incidents", incident(name))
    waiting = (await delivery_api.call("POST", "/v1/milestones", milestone(new("p")))).json()["parked_id"]
    path = path.format(p=promise_id, i=name, w=waiting, r=name, m=name, s="pagerduty")
    said = {"promise_id": promise_id} if body == "promise" else body
    headers = {"content-type": "application/cloudevents-batch+json"} if path == "/v1/events" else {}
    nobody = await delivery_api.call(method, path, said, role=None, headers=headers)
    assert (nobody.status_code, code(nobody)) == (401, "unauthenticated")
    rank = ROLES.index(lowest)
    if rank:
        below = await delivery_api.call(method, path, said, role=ROLES[rank - 1], headers=headers)
        assert (below.status_code, code(below)) == (403, "forbidden")
    assert (await delivery_api.call(method, path, said, role=lowest, headers=headers)).status_code == status


async def test_no_route_is_missing_above(delivery_api: Api) -> None:
    places = {"p": "{promise_id}", "i": "{incident_id}", "w": "{parked_id}", "r": "{request_id}"} | {
        "m": "{match_id}",
        "s": "{sender}",
    }
    listed = {(method, path.partition("?")[0].format(**places)) for method, path, *_ in ROUTES}
    document = delivery_api.app.openapi()
    there = {(method.upper(), path) for path, item in document["paths"].items() for method in item}
    assert there - listed == {("POST", "/v1/webhooks/{sender}"), ("POST", "/v1/webhooks/{sender}/{token}")}
    assert listed <= there


async def test_no_request_that_the_document_allows_breaks_the_service(delivery_api: Api) -> None:
    promise_id, _ = await known(delivery_api)
    await delivery_api.call("POST", "/v1/incidents", incident(name := new("i")))
    parameters = {"incident_id": name, "parked_id": new("x"), "source": "crm"}
    fields: dict[str, Any] = {
        "at": "2013-03-08T11:00:00Z",
        "planned": None,
        "opened_at": "2013-03-08T10:00:00Z",
        "reference": None,
    }
    fields |= {"expected_end": None, "resolved_at": None, "promise_id": promise_id, "time": None, "final": False}
    await fuzz(delivery_api, examples=10, parameters=parameters, fields=fields, wanted=(200, 202))


@pytest.mark.parametrize(
    "path",
    [
        "/v1/parked?waits_for=nothing",
        "/v1/parked?limit=0",
        "/v1/parked?cursor=x",
        "/v1/parked?system=a%20b",
        "/v1/parked?source=%00",
        "/v1/milestones",
        "/v1/milestones?promise_id=a%20b",
        "/v1/milestones?promise_id=p&cursor=x",
        "/v1/rejected?cursor=x",
    ],
)
async def test_a_bad_parameter_is_named(delivery_api: Api, path: str) -> None:
    answer = await delivery_api.call("GET", path, role="viewer")
    assert (answer.status_code, code(answer)) == (422, "invalid_field")
    assert "parameter" in answer.json()["errors"][0]
