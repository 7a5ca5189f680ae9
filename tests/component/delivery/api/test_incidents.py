"""Incidents over HTTP: the picture that stands, and every report behind it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from candor.contracts import IncidentReported
from tests.component.delivery.reports import code, incident, moment, new, sent
from tests.support.api import Api


async def test_an_incident_is_stored_shown_and_sent(delivery_api: Api) -> None:
    name = new("i")
    answer = await delivery_api.call("POST", "/v1/incidents", incident(name, event_id=new("evt")))
    assert (answer.status_code, answer.json()) == (202, {"state": "recorded", "incident_id": name, "version": 1})
    shown = (await delivery_api.call("GET", f"/v1/incidents/{name}", role="viewer")).json()
    assert shown["affects"] == [{"kind": "site", "id": "EWR"}]
    assert (shown["status"], shown["severity"], len(shown["reports"])) == ("opened", 0.5, 1)
    (message,) = await sent(delivery_api, name)
    assert isinstance(message.data, IncidentReported)
    assert (message.envelope.key, message.envelope.version) == (name, 1)


async def test_a_resolution_before_its_opening_stands(delivery_api: Api) -> None:
    name = new("i")
    resolved = incident(name, status="resolved", at=moment(-10), resolved_at=moment(-10))
    assert (await delivery_api.call("POST", "/v1/incidents", resolved)).json()["state"] == "recorded"
    late = await delivery_api.call("POST", "/v1/incidents", incident(name, at=moment(-90)))
    assert (late.status_code, late.json()) == (202, {"state": "late", "incident_id": name, "version": 1})
    shown = (await delivery_api.call("GET", f"/v1/incidents/{name}")).json()
    assert shown["status"] == "resolved"
    assert [report["status"] for report in shown["reports"]] == ["resolved", "opened"]
    assert len(await sent(delivery_api, name)) == 1


async def test_each_newer_picture_is_sent_whole(delivery_api: Api) -> None:
    name = new("i")
    for minutes, severity in ((-50, 0.2), (-40, 0.9), (-30, 0.4)):
        await delivery_api.call("POST", "/v1/incidents", incident(name, at=moment(minutes), severity=severity))
    messages = await sent(delivery_api, name)
    assert [message.envelope.version for message in messages] == [1, 2, 3]
    assert [message.data.severity for message in messages] == [0.2, 0.9, 0.4]  # type: ignore[attr-defined]


async def test_reports_at_one_moment_get_versions_without_gaps(delivery_api: Api) -> None:
    name = new("i")
    answers = await asyncio.gather(
        *[delivery_api.call("POST", "/v1/incidents", incident(name, severity=(n + 1) / 50)) for n in range(40)]
    )
    assert {answer.status_code for answer in answers} == {202}
    assert [message.envelope.version for message in await sent(delivery_api, name)] == list(range(1, 41))


async def test_an_event_id_is_taken_once(delivery_api: Api) -> None:
    name = new("i")
    body = incident(name, event_id=new("evt"))
    for _ in range(2):
        assert (await delivery_api.call("POST", "/v1/incidents", body)).json()["version"] == 1
    other = await delivery_api.call("POST", "/v1/incidents", body | {"severity": 1})
    assert (other.status_code, code(other)) == (409, "event_id_reused")


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"at": moment(6)}, "/at"),
        ({"resolved_at": moment(-100)}, "/resolved_at"),
        ({"expected_end": moment(-100)}, "/expected_end"),
        ({"severity": 0}, "/severity"),
        ({"opened_at": "2013-03-08"}, "/opened_at"),
    ],
)
async def test_a_bad_incident_names_its_field(delivery_api: Api, changes: dict[str, Any], pointer: str) -> None:
    name = new("i")
    answer = await delivery_api.call("POST", "/v1/incidents", incident(name, **changes))
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert (await delivery_api.call("GET", f"/v1/incidents/{name}")).status_code == 404
