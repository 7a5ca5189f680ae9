"""The presets: what real bodies of each system become, whose signatures are taken, and that no mutation breaks them."""

from __future__ import annotations

import copy
import json
import random
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any, Final

import pytest

from candor.intake import Origin
from candor.intake.mapped import MappedSource
from candor.intake.source import Incoming, Unusable
from candor.web.http.problems import Problem
from candor.web.security.schemes import SignedRequest
from candor.web.security.webhooks import Webhook
from delivery_svc.api.neutral_events import statement
from delivery_svc.offered import OFFERED
from tests.support.mutations import how_many, mutated

NOW: Final = datetime(2026, 11, 30, tzinfo=UTC)
PRESETS: Final = OFFERED.presets()
SAMPLES: Final = {name: files(OFFERED.package).joinpath("samples", f"{name}.json").read_bytes() for name in PRESETS}
MUTATIONS: Final = how_many(100)
TOLD: Final[dict[str, list[tuple[str, dict[str, Any]]]]] = {
    "alertmanager": [
        ("c1d20418a7b3e5f9:2026-11-26T09:01:30.118Z:firing", {"status": "opened", "severity": 1}),
        ("0f9e8d7c6b5a4938:2026-11-26T08:40:30.118Z:resolved", {"resolved_at": "2026-11-26T09:00:00.118Z"}),
    ],
    "grafana": [("20418aa77c1d2e3f:2026-11-26T09:10:00Z:firing", {"affects": [{"kind": "team", "id": "field"}]})],
    "pagerduty": [("01FJ7Q2K9V3M8T5R4N6P2W1X0Z", {"incident_id": "Q1PROMISE20418", "severity": 0.7})],
    "statuspage": [("inc20418aa77:2026-11-26T09:19:58.333Z", {"affects": [{"kind": "component", "id": "maps-api"}]})],
    "incident-io": [("01KBEX20418PROMISE00000001:2026-11-26T09:33:10Z", {"status": "changed", "severity": 0.7})],
    "opsgenie": [
        (
            "7a20c418-55d1-4c0b-9a77-0f1e2d3c4b5a:Create:1795683731440000000",
            {"status": "opened", "opened_at": "2026-11-26T09:02:11.440000+00:00"},
        )
    ],
    "aftership": [
        (
            "f3c2b1a09e8d4c7ba6f5e4d3c2b1a090:estimate:2026-11-30",
            {"promise_id": "PR-20418", "status": "redated", "planned": "2026-11-30T23:59:00+00:00"},
        )
    ],
    "easypost": [
        ("evt_5b1e0c77aa204180", {"milestone": "out for delivery", "status": "reached", "final": False}),
        ("trk_20418e77c1:estimate:2026-11-26T20:00:00Z", {"milestone": "delivered", "status": "redated"}),
    ],
    "shippo": [
        ("9205520418007700000001:TRANSIT:2026-11-26T09:12:00Z", {"milestone": "in transit", "status": "reached"}),
        ("9205520418007700000001:estimate:2026-11-30T23:00:00Z", {"planned": "2026-11-30T23:00:00+00:00"}),
    ],
    "odoo": [("FSO/00418:started:2026-11-27 10:42:00", {"milestone": "visit", "at": "2026-11-27T10:42:00+00:00"})],
    "jobber": [
        (
            "VISIT_COMPLETE:Z2lkOi8vSm9iYmVyL1Zpc2l0LzEyMDQxOA==:2026-11-26T15:20:41-05:00",
            {"milestone": "visit", "status": "reached", "final": False},
        )
    ],
    "dynamics365": [("8d7c6b5a-4938-4271-8605-4f3e2d1c0b9a", {"status": "started", "at": "2026-11-26T11:45:03+00:00"})],
    "salesforce-field-service": [
        (
            "appointment:08pWd000000a1BcIAI:In Progress:2026-11-26T11:45:00+00:00",
            {"milestone": "visit", "status": "started", "at": "2026-11-26T11:45:00+00:00"},
        )
    ],
    "servicetitan": [("71200418:InProgress:2026-11-26T11:45:02.417Z", {"promise_id": "PR-20418", "status": "started"})],
    "zendesk-tickets": [
        (
            "5e0e3f2a-0b7c-4a51-9a46-8c1f0d7e2b93",
            {"reference": {"system": "zendesk", "id": "20418"}, "milestone": "ticket", "status": "started"},
        )
    ],
}


def read(name: str, body: Any) -> list[Incoming | Unusable]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return list(MappedSource(name, PRESETS[name]).read(Webhook(name, "", raw), tuple(OFFERED.shapes), NOW))


def sample(name: str) -> Any:
    return json.loads(SAMPLES[name])


@pytest.mark.parametrize("name", PRESETS)
def test_a_body_of_the_system_becomes_events_that_the_service_takes(name: str) -> None:
    found = read(name, SAMPLES[name])
    assert [one.id for one in found] == [event_id for event_id, _ in TOLD[name]]
    for one, (_, expected) in zip(found, TOLD[name], strict=True):
        assert isinstance(one, Incoming)
        assert expected.items() <= one.event.data.items()
        statement(one.event, Origin(one.id, name, one.event.time, False, "", None), ())


def changed(name: str, **paths: Any) -> list[Incoming | Unusable]:
    """What a sample becomes with other values; a path's parts are divided by two underscores."""
    body = sample(name)
    for path, value in paths.items():
        *way, last = path.split("__")
        at = body
        for part in way:
            at = at[int(part) if part.isdigit() else part]
        at[last] = value
    return read(name, body)


def statuses(found: list[Incoming | Unusable]) -> list[tuple[str, str]]:
    return [(one.event.data["milestone"], one.event.data["status"]) for one in found if isinstance(one, Incoming)]


def test_a_firing_alert_that_is_repeated_is_one_event() -> None:
    first = read("alertmanager", SAMPLES["alertmanager"])[0]
    again = changed("alertmanager", alerts__0__annotations={"summary": "p99 is 9 s by now"})[0]
    assert (first.id, first.raw) == (again.id, again.raw)


def test_an_alert_without_what_most_have_is_an_incident_too() -> None:
    bare = {"status": "firing", "labels": {}, "annotations": {}, "startsAt": "2026-11-26T09:10:00Z", "fingerprint": "f"}
    [one] = read("alertmanager", {"version": "4", "alerts": [bare]})
    assert isinstance(one, Incoming)
    assert (one.event.data["title"], one.event.data["category"]) == ("alert without a name", "alert")
    assert one.event.data["affects"] == []
    statement(one.event, Origin(one.id, "a", NOW, False, "", None), ())


@pytest.mark.parametrize(
    ("name", "paths"),
    [
        ("pagerduty", {"event__event_type": "pagey.ping"}),
        ("pagerduty", {"event__data__type": "incident_note"}),
        ("statuspage", {"component_update": {"component_id": "x"}}),
        ("statuspage", {"incident__status": "scheduled"}),
        ("incident-io", {"event_type": "private_incident.incident_created_v2"}),
        ("opsgenie", {"action": "AddNote"}),
        ("aftership", {"msg__tag": "Pending"}),
        ("easypost", {"description": "batch.updated"}),
        ("easypost", {"mode": "test"}),
        ("shippo", {"test": True}),
        ("jobber", {"data__webHookEvent__topic": "CLIENT_UPDATE"}),
        ("dynamics365", {"MessageName": "Delete"}),
        ("servicetitan", {"eventType": "customer.updated"}),
        ("zendesk-tickets", {"type": "zen:event-type:ticket.created"}),
        ("zendesk-tickets", {"detail__tags": ["vip"]}),
        ("salesforce-field-service", {"payload__ChangeEventHeader__entityName": "Opportunity"}),
        ("salesforce-field-service", {"payload__Status": None}),
    ],
)
def test_what_means_nothing_here_is_left_out(name: str, paths: dict[str, Any]) -> None:
    assert changed(name, **paths) == []


@pytest.mark.parametrize(
    ("name", "paths", "told"),
    [
        ("aftership", {"msg__tag": "Delivered"}, [("delivered", "reached")]),
        ("aftership", {"msg__tag": "AttemptFail"}, [("delivery attempt", "missed"), ("delivered", "redated")]),
        ("aftership", {"event": "edd_revise"}, [("delivered", "redated")]),
        ("aftership", {"msg__latest_estimated_delivery": None}, [("exception", "reached")]),
        ("easypost", {"result__status": "delivered"}, [("delivered", "reached")]),
        ("easypost", {"result__status": "failure", "result__est_delivery_date": None}, [("delivered", "missed")]),
        ("shippo", {"data__tracking_status__status": "RETURNED", "data__eta": None}, [("delivered", "missed")]),
        ("odoo", {"is_closed": True, "date_end": "2026-11-27 11:30:00"}, [("visit", "started"), ("visit", "reached")]),
        ("odoo", {"date_start": False, "write_date": "2026-11-26 08:00:00"}, [("visit", "planned")]),
        ("jobber", {"data__webHookEvent__topic": "JOB_CLOSED"}, [("job", "reached")]),
        ("servicetitan", {"data__jobStatus": "Canceled"}, [("job", "cancelled")]),
        ("zendesk-tickets", {"event__current": "SOLVED"}, [("ticket", "reached")]),
        ("zendesk-tickets", {"event__current": "DELETED"}, [("ticket", "cancelled")]),
        ("salesforce-field-service", {"payload__Status": "Dispatched"}, [("visit", "planned")]),
        ("salesforce-field-service", {"payload__StatusCategory": "Completed"}, [("visit", "reached")]),
        ("salesforce-field-service", {"payload__StatusCategory": "CannotComplete"}, [("visit", "missed")]),
        ("salesforce-field-service", {"payload__Status": "Canceled"}, [("visit", "cancelled")]),
        ("salesforce-field-service", {"payload__ChangeEventHeader__changeType": "DELETE"}, [("visit", "cancelled")]),
        (
            "salesforce-field-service",
            {"payload__SchedEndTime": "2026-11-26T14:00:00Z"},
            [("visit", "started"), ("visit", "redated")],
        ),
        (
            "dynamics365",
            {"InputParameters__0__value__Attributes": [{"key": "msdyn_systemstatus", "value": {"Value": 690970003}}]},
            [("work order", "reached")],
        ),
    ],
)
def test_each_status_is_told_as_what_it_is(name: str, paths: dict[str, Any], told: list[tuple[str, str]]) -> None:
    assert statuses(changed(name, **paths)) == told


def test_a_status_that_no_preset_knows_is_listed_and_not_guessed() -> None:
    for name, path in (
        ("servicetitan", "data__jobStatus"),
        ("aftership", "msg__tag"),
        ("pagerduty", "event__data__status"),
        ("zendesk-tickets", "event__current"),
        ("salesforce-field-service", "payload__StatusCategory"),
    ):
        found = changed(name, **{path: "Novel"})
        refused = [one for one in found if isinstance(one, Unusable)]
        assert refused
        assert "Novel" in refused[0].problem.detail


def test_what_names_no_promise_is_known_by_the_system_s_own_number() -> None:
    [shipment] = changed("aftership", msg__custom_fields={})
    [job] = changed("servicetitan", data__externalData=[])
    assert isinstance(shipment, Incoming)
    assert isinstance(job, Incoming)
    assert shipment.event.data["reference"] == {"system": "aftership", "id": "EX204180077GB"}
    assert job.event.data["reference"] == {"system": "servicetitan", "id": "71200418"}
    assert "promise_id" not in shipment.event.data | job.event.data


def test_old_apps_of_jobber_misspell_the_time() -> None:
    body = sample("jobber")
    said = body["data"]["webHookEvent"]
    said["occuredAt"] = said.pop("occurredAt")
    [one] = read("jobber", body)
    assert isinstance(one, Incoming)
    assert one.event.data["at"] == "2026-11-26T15:20:41-05:00"


def test_visits_of_salesforce_come_in_both_decodings_in_lists_and_by_polls() -> None:
    event = sample("salesforce-field-service")
    decoded = copy.deepcopy(event)
    decoded["payload"] |= {"ActualStartTime": 1795693500000, "SchedEndTime": None, "StatusCategory": None}
    visit = {"Id": "08pWd000000a1BcIAI", "SystemModstamp": "2026-11-26T11:45:00.000+0000", "Status": "In Progress"}
    polled = {"events": [], "objects": {"ServiceAppointment/08pWd000000a1BcIAI": visit}}
    ways = [read("salesforce-field-service", body) for body in (event, decoded, [event], polled)]
    assert [[one.id for one in way] for way in ways] == [[ways[0][0].id]] * 4
    many = copy.deepcopy(event)
    many["payload"]["ChangeEventHeader"]["recordIds"] = ["08pA", "08pB"]
    assert [one.id.split(":")[1] for one in read("salesforce-field-service", many)] == ["08pA", "08pB"]


def test_a_visit_may_be_known_by_a_field_of_the_company() -> None:
    rule = PRESETS["salesforce-field-service"].given({"reference": "ParentRecordId", "milestone": "installation"})
    event = sample("salesforce-field-service")
    event["payload"]["ParentRecordId"] = "0WO1"
    raw = json.dumps(event).encode()
    [one] = MappedSource("sfs", rule).read(Webhook("sfs", "", raw), tuple(OFFERED.shapes), NOW)
    assert isinstance(one, Incoming)
    assert one.event.data["reference"] == {"system": "salesforce", "id": "0WO1"}
    assert one.event.data["milestone"] == "installation"


SIGNED: Final = [
    (
        "jobber",
        "jobber-oauth-client-secret-20418",
        {"x-jobber-hmac-sha256": "fNVew0ZpqH8Q/yJpqo8gs6E+8HKLKaJZU2ZD6wydzlk="},
    ),
    (
        "aftership",
        "aftership-webhook-secret-20418",
        {"aftership-hmac-sha256": "DUrfdOJ+uuLeIBi0O1saKYOWTqn7ZQfZSUJukZFZpCk="},
    ),
    (
        "easypost",
        "café-20418",
        {"x-hmac-signature": "hmac-sha256-hex=91c754cadaf1c86d0534f293d32e8c020bb1d20e9f68d3634c8fdba179b69b62"},
    ),
    (
        "pagerduty",
        "pd-old-secret",
        {
            "x-pagerduty-signature": "v1=eaa63ef98b2399bbf5cc195cd74a09ffaed802337df4ed9b998125e6230decaf,"
            "v1=f537863dcd88d45841129adc81b154833efce4d0cbc53010e53214cb1908c988"
        },
    ),
]


@pytest.mark.parametrize(("name", "secret", "headers"), SIGNED, ids=[one[0] for one in SIGNED])
def test_what_the_system_signed_is_taken_and_with_one_byte_changed_it_is_not(
    name: str, secret: str, headers: dict[str, str]
) -> None:
    scheme = MappedSource(name, PRESETS[name]).schemes[0]
    raw = SAMPLES[name]
    scheme.verify(SignedRequest("POST", "https://x.example/", headers, raw), [secret], NOW)
    for other in (raw + b"\n", raw.replace(b"2026", b"2027", 1), raw[:-1]):
        with pytest.raises(Problem, match="bad_signature"):
            scheme.verify(SignedRequest("POST", "https://x.example/", headers, other), [secret], NOW)
    with pytest.raises(Problem, match="bad_signature"):
        scheme.verify(SignedRequest("POST", "https://x.example/", headers, raw), [secret + "x"], NOW)


@pytest.mark.parametrize("name", PRESETS)
def test_what_we_sign_as_a_system_we_take(name: str) -> None:
    secrets = {"basic": "user:a-long-password-of-it", "standard_webhooks": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}
    for scheme in MappedSource(name, PRESETS[name]).schemes:
        secret = secrets.get(scheme.name, "0123456789abcdef-0123456789abcdef")
        scheme.check(secret)
        request = SignedRequest("POST", "https://x.example/", {}, SAMPLES[name], secret)
        request = request._replace(headers=scheme.sign(request, secret, NOW))
        scheme.verify(request, [secret], NOW)
        with pytest.raises(Problem):
            scheme.verify(request._replace(token="x", headers={}), [secret], NOW)


@pytest.mark.parametrize("name", PRESETS)
def test_no_mutation_of_a_body_does_more_than_be_refused(name: str) -> None:
    seed = random.randrange(2**32)
    print("seed", seed)
    chance = random.Random(seed)
    for _ in range(MUTATIONS):
        body = mutated(sample(name), chance)
        try:
            found = read(name, body)
        except Problem as problem:
            assert problem.status in (400, 422)
            continue
        for one in found:
            if isinstance(one, Incoming):
                try:
                    statement(one.event, Origin(one.id or "x", name, one.event.time, False, "", None), ())
                except Problem as problem:
                    assert problem.status == 422
