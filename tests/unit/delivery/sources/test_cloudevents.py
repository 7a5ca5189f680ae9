"""CloudEvents in, in all three modes; and reports out as events."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from candor.contracts import IncidentReported, MilestoneReported, decode, encode
from candor.intake import Event, Origin
from candor.intake.source import Incoming, Items, Unusable
from candor.web.http.problems import Problem
from candor.web.security.webhooks import Webhook
from delivery_svc import events
from delivery_svc.api.neutral_events import KNOWN, statement
from delivery_svc.domain import IncidentStatus, MilestoneStatus, NamespacedId, Report, Sighting, see
from delivery_svc.sources.cloudevents import BATCH, BINARY, SOURCE, STRUCTURED
from tests.support.clocks import NOON
from tests.unit.delivery.api.test_requests import INCIDENT, MILESTONE

ATTRIBUTES: dict[str, Any] = {
    "specversion": "1.0",
    "id": "evt-1",
    "source": "/field/eu?x=1",
    "type": "milestone.reported",
    "time": "2013-03-08T11:59:00Z",
}
ORIGIN = Origin("evt-1", "crm eu", NOON, True, "00-" + "1" * 32 + "-" + "2" * 16 + "-01")


def read(raw: bytes, kind: str, headers: Mapping[str, str] | None = None) -> Items:
    return SOURCE.read(Webhook("key", "", raw, kind, headers or {}, SOURCE.name), KNOWN, NOON)


def taken(items: Items) -> Incoming:
    (item,) = items
    assert isinstance(item, Incoming), item
    return item


def binary(headers: Mapping[str, str]) -> Incoming:
    return taken(read(msgspec.json.encode(MILESTONE), BINARY, headers))


def sent(**changes: Any) -> Items:
    document = {**ATTRIBUTES, "data": MILESTONE, **changes}
    return read(msgspec.json.encode({k: v for k, v in document.items() if v is not None}), STRUCTURED)


def structured(**changes: Any) -> Incoming:
    return taken(sent(**changes))


def unusable(**changes: Any) -> Unusable:
    (item,) = sent(**changes)
    assert isinstance(item, Unusable), item
    return item


HEADERS = {f"ce-{name}": str(value) for name, value in ATTRIBUTES.items()}


def test_structured_mode() -> None:
    found = structured(partitionkey="c1", traceparent="00-x")
    assert (found.id, found.origin, found.ids) == ("evt-1", "/field/eu?x=1", "ce:/field/eu?x=1")
    assert found.event == Event("milestone.reported", NOON - timedelta(minutes=1), MILESTONE)


def test_binary_mode_decodes_its_headers() -> None:
    found = binary(HEADERS | {"ce-source": "/field/caf%C3%A9", "accept": "x"})
    assert (found.origin, found.event.data) == ("/field/caf\u00e9", MILESTONE)


def test_both_modes_of_one_event_have_one_identity() -> None:
    assert binary(HEADERS) == structured()


ENCODED = base64.b64encode(msgspec.json.encode(MILESTONE)).decode()


@pytest.mark.parametrize(
    "changes",
    [
        {"data": None, "data_base64": ENCODED},
        {"datacontenttype": "application/json; charset=utf-8"},
        {"time": "2013-03-08T12:59:00.000+01:00"},
        {"type": "candor.milestone.reported.v1"},
        {"traceparent": "00-x", "knativearrivaltime": "2013-03-08T12:00:01Z"},
        {"data": dict(reversed(MILESTONE.items()))},
    ],
)
def test_a_relay_that_writes_an_event_anew_leaves_it_the_same(changes: dict[str, Any]) -> None:
    assert structured(**changes) == structured() == binary(HEADERS)


def test_an_attribute_that_is_null_is_absent() -> None:
    document = {**ATTRIBUTES, "data": MILESTONE, "datacontenttype": None, "subject": None, "data_base64": None}
    assert taken(read(msgspec.json.encode(document), STRUCTURED)) == structured()


@pytest.mark.parametrize(
    "changes",
    [
        {"data": {**MILESTONE, "final": True}},
        {"time": "2013-03-08T11:58:00Z"},
        {"time": None},
        {"type": "incident.reported", "data": INCIDENT},
    ],
)
def test_an_event_that_says_something_else_is_another(changes: dict[str, Any]) -> None:
    assert structured(**changes).raw != structured().raw


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("ce-data_base64", base64.b64encode(msgspec.json.encode({"milestone": "another"})).decode()),
        ("ce-data", "{}"),
        ("ce-datacontenttype", "text/xml"),
    ],
)
def test_no_header_stands_for_the_body(header: str, value: str) -> None:
    assert binary(HEADERS | {header: value}) == binary(HEADERS)


def test_a_batch_answers_for_each() -> None:
    good = {**ATTRIBUTES, "data": MILESTONE}
    items = read(msgspec.json.encode([good, {**good, "id": "a\tb"}, 7, good]), BATCH)
    assert [isinstance(item, Unusable) for item in items] == [False, True, True, False]
    assert isinstance(items[1], Unusable)
    assert items[1].problem.errors[0].pointer == "/1/id"


def test_data_may_come_as_base64() -> None:
    assert structured(data=None, data_base64=ENCODED).event.data == MILESTONE


def test_an_event_without_a_time_is_said_now() -> None:
    assert structured(time=None).event.time == NOON


@pytest.mark.parametrize("kind", ["incident.reported", "candor.incident.reported.v1", "candor.incident.reported"])
def test_types_have_long_names_too(kind: str) -> None:
    assert structured(type=kind, data=INCIDENT).event.type == "incident.reported"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"specversion": "0.3"}, "invalid_field"),
        ({"specversion": None}, "invalid_field"),
        ({"id": None}, "invalid_field"),
        ({"id": ""}, "invalid_field"),
        ({"id": "x" * 257}, "invalid_field"),
        ({"source": ""}, "invalid_field"),
        ({"source": "x" * 257}, "invalid_field"),
        ({"type": "order.paid"}, "unknown_type"),
        ({"type": "candor.milestone.reported.v2"}, "unsupported_version"),
        ({"time": "2013-03-08T12:00:00"}, "invalid_field"),
        ({"time": "2013-03-08T12:05:01Z"}, "invalid_field"),
        ({"datacontenttype": "text/xml"}, "invalid_field"),
        ({"promise_id": "p1"}, "invalid_field"),
        ({"data": "text"}, "invalid_field"),
        ({"data": None, "data_base64": "%%%"}, "invalid_field"),
        ({"data": None, "data_base64": "e30x"}, "malformed_json"),
    ],
)
def test_what_is_no_event_for_us(changes: dict[str, Any], code: str) -> None:
    assert unusable(**changes).problem.code == code


def test_a_version_to_come_lists_what_is_supported() -> None:
    found = unusable(type="candor.milestone.reported.v2")
    assert found.problem.extensions == {"supported": ["candor.milestone.reported.v1"]}


def test_what_is_unusable_has_the_id_and_the_type_that_it_was_sent_with() -> None:
    for time in ("yesterday", 7):
        found = unusable(time=time)
        assert (found.id, found.type) == ("evt-1", "milestone.reported")
    assert (unusable(id=7).id, unusable(type=[]).type) == ("", "")


@pytest.mark.parametrize(
    ("raw", "code"), [(b"{}", "malformed_json"), (b"", "malformed_json"), (b"[1", "malformed_json")]
)
def test_what_is_no_batch(raw: bytes, code: str) -> None:
    with pytest.raises(Problem) as problem:
        read(raw, BATCH)
    assert problem.value.code == code


def test_a_batch_has_an_end() -> None:
    with pytest.raises(Problem, match="limit_reached"):
        read(b"[" + b",".join([b"1"] * 1001) + b"]", BATCH)


def test_bad_headers_are_refused() -> None:
    with pytest.raises(Problem):
        binary(HEADERS | {"ce-source": "%ff"})
    (item,) = read(msgspec.json.encode(MILESTONE), BINARY, HEADERS | {"ce-id": ""})
    assert isinstance(item, Unusable)


@pytest.mark.parametrize("kind", KNOWN)
def test_nothing_was_reported_before_it_happened(kind: str) -> None:
    body = {"milestone.reported": MILESTONE, "incident.reported": INCIDENT}[kind] | {"at": "2013-03-08T12:06:00Z"}
    with pytest.raises(Problem) as problem:
        statement(Event(kind, NOON, body), ORIGIN, ())
    assert problem.value.errors[0].pointer == "/data/at"


def test_reports_out_survive_the_wire() -> None:
    report = Report(
        promise_id="p1",
        reference=None,
        milestone="arrived",
        status=MilestoneStatus.REACHED,
        at=NOON,
        planned=None,
        final=True,
        reason="on time",
    )
    sighting = Sighting(
        incident_id="i1",
        status=IncidentStatus.OPENED,
        severity=0.5,
        category="weather",
        title="Snow",
        affects=(NamespacedId("site", "EWR"),),
        opened_at=NOON,
        at=NOON,
    )
    messages = [events.milestone("p1", "c1", 3, report, ORIGIN), events.incident(see(None, sighting), ORIGIN)]
    for message in messages:
        record = encode(message)
        assert decode(message.data.TOPIC, record.headers, record.value) == message
    milestone, incident = messages
    assert isinstance(milestone.data, MilestoneReported)
    assert isinstance(incident.data, IncidentReported)
    assert (milestone.data.source, milestone.data.source_event) == ("crm eu", "evt-1")
    assert (milestone.envelope.key, milestone.envelope.subject, milestone.envelope.version) == ("c1", "p1", 3)
    assert (incident.envelope.key, incident.envelope.version) == ("i1", 1)
    assert milestone.envelope.source == "delivery-svc/crm%20eu"
