"""Bodies of reports: what is refused, at which field."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from candor.web.http.body import parse
from candor.web.http.problems import Problem
from delivery_svc.api.requests import IncidentIn, MatchIn, MilestoneIn
from delivery_svc.domain import IncidentStatus, MilestoneStatus, NamespacedId
from delivery_svc.domain.limits import DELIVERED
from tests.support.clocks import NOON

MILESTONE: dict[str, Any] = {
    "promise_id": "p1",
    "milestone": "arrived",
    "status": "reached",
    "at": "2013-03-08T11:00:00Z",
}
INCIDENT: dict[str, Any] = {
    "incident_id": "i1",
    "status": "opened",
    "severity": 0.5,
    "category": "weather",
    "title": "Snow at EWR",
    "affects": [{"kind": "site", "id": "EWR"}],
    "opened_at": "2013-03-08T11:00:00Z",
}


@pytest.mark.parametrize(
    ("name", "value", "pointer"),
    [
        ("event_id", "a\nb", "/event_id"),
        ("promise_id", "p,1", "/promise_id"),
        ("reference", {"system": "s", "id": "x"}, "/promise_id"),
        ("promise_id", None, "/promise_id"),
        ("milestone", "", "/milestone"),
        ("milestone", "a\u202eb", "/milestone"),
        ("milestone", "x" * 201, "/milestone"),
        ("status", "done", "/status"),
        ("at", "2013-03-08T11:00:00", "/at"),
        ("at", "0001-01-01T00:00:00Z", "/at"),
        ("at", True, "/at"),
        ("planned", "soon", "/planned"),
        ("final", "yes", "/final"),
        ("final", 1, "/final"),
        ("reason", "nul\0", "/reason"),
        ("reason", "x" * 4097, "/reason"),
        ("correction", "no", "/correction"),
        ("delivered", [{"item": "a", "share": 0.5}, {"item": "a", "share": 1}], "/delivered"),
        ("delivered", [{"item": str(number), "share": 1} for number in range(51)], "/delivered"),
        ("delivered", [{"item": "a"}], "/delivered/0/share"),
        ("delivered", [{"item": "a", "share": 1.01}], "/delivered/0/share"),
        ("delivered", [{"item": "a", "share": -0.5}], "/delivered/0/share"),
        ("delivered", [{"item": "a", "share": "1"}], "/delivered/0/share"),
        ("delivered", [{"item": "", "share": 1}], "/delivered/0/item"),
        ("delivered", [{"item": "a", "share": 1, "weight": 2}], "/delivered/0/weight"),
        ("customer_id", "c1", "/customer_id"),
    ],
)
def test_a_bad_field_of_a_milestone_is_named(name: str, value: Any, pointer: str) -> None:
    with pytest.raises(Problem) as problem:
        parse(MilestoneIn, msgspec.json.encode(MILESTONE | {name: value})).report()
    many = isinstance(value, list) and len(value) > DELIVERED
    assert problem.value.code == ("limit_reached" if many else "invalid_field")
    assert pointer in [error.pointer for error in problem.value.errors]


@pytest.mark.parametrize(
    ("name", "value", "pointer"),
    [
        ("incident_id", "", "/incident_id"),
        ("status", "closed", "/status"),
        ("severity", 0, "/severity"),
        ("severity", 1.01, "/severity"),
        ("severity", -0.5, "/severity"),
        ("severity", True, "/severity"),
        ("severity", "0.5", "/severity"),
        ("category", "bad weather", "/category"),
        ("title", "two\x1blines", "/title"),
        ("affects", None, "/affects"),
        ("affects", [{"kind": "site"}], "/affects/0/id"),
        ("affects", [{"kind": "site", "id": "EWR"}] * 501, "/affects"),
        ("opened_at", "yesterday", "/opened_at"),
        ("version", 3, "/version"),
    ],
)
def test_a_bad_field_of_an_incident_is_named(name: str, value: Any, pointer: str) -> None:
    with pytest.raises(Problem) as problem:
        parse(IncidentIn, msgspec.json.encode(INCIDENT | {name: value}))
    assert [error.pointer for error in problem.value.errors] == [pointer]


def test_a_milestone_becomes_a_report() -> None:
    body = {k: v for k, v in MILESTONE.items() if k != "promise_id"} | {
        "reference": {"system": "ops", "id": "UA 1/2013-03-08"},
        "planned": "2013-03-08T12:00:00+01:00",
        "final": True,
    }
    report = parse(MilestoneIn, msgspec.json.encode(body)).report()
    assert report.reference == NamespacedId("ops", "UA 1/2013-03-08")
    assert (report.promise_id, report.status, report.final) == (None, MilestoneStatus.REACHED, True)
    assert (report.at, report.planned) == (NOON.replace(hour=11), NOON.replace(hour=11))


def test_an_incident_is_true_when_it_was_said_unless_it_says_otherwise() -> None:
    plain = parse(IncidentIn, msgspec.json.encode(INCIDENT))
    assert plain.sighting(NOON).at == NOON
    own = parse(IncidentIn, msgspec.json.encode(INCIDENT | {"at": "2013-03-08T11:30:00Z"}))
    assert own.sighting(NOON).at == NOON.replace(hour=11, minute=30)


def test_a_resolution_without_its_time_is_resolved_when_said() -> None:
    resolved = parse(IncidentIn, msgspec.json.encode(INCIDENT | {"status": "resolved"})).sighting(NOON)
    assert (resolved.status, resolved.resolved_at) == (IncidentStatus.RESOLVED, NOON)
    assert parse(IncidentIn, msgspec.json.encode(INCIDENT)).sighting(NOON).resolved_at is None


def test_a_match_names_a_promise() -> None:
    assert parse(MatchIn, b'{"promise_id":"p1"}').correction is False
    with pytest.raises(Problem):
        parse(MatchIn, b"{}")
