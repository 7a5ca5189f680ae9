"""What a system tells in several bodies ends the same in every order, once or twice, through intake and scoring."""

from __future__ import annotations

import copy
import itertools
import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

import pytest

from candor.intake import Origin
from candor.intake.mapped import MappedSource
from candor.intake.source import Incoming, derived_id
from candor.web.security.webhooks import Webhook
from delivery_svc import events
from delivery_svc.api.neutral_events import statement
from delivery_svc.domain import NOTHING, Incident, MilestoneState, Refusal, Report, Sighting, record, see
from risk_svc.domain.fold import fold
from risk_svc.domain.state import PromiseState, completed_at
from tests.unit.intake.mapped.test_presets import NOW, PRESETS, sample

Change = dict[str, Any]


def body(name: str, change: Change) -> Any:
    """A sample with other values; a path's parts are divided by two underscores."""
    made = copy.deepcopy(sample(name))
    for path, value in change.items():
        *way, last = path.split("__")
        at = made
        for part in way:
            at = at[int(part) if part.isdigit() else part]
        at[last] = value
    return made


def aftership(tag: str, minute: int, estimate: str | None = None) -> Change:
    stated = None if estimate is None else {"datetime": estimate, "datetime_max": None}
    told = {"msg__tag": tag, "msg__updated_at": f"2026-11-26T06:{minute:02}:00+00:00"}
    return {**told, "event_id": f"{tag}-{minute}", "msg__latest_estimated_delivery": stated}


def easypost(status: str, minute: int, estimate: str | None = None) -> Change:
    at = f"2026-11-26T14:{minute:02}:00Z"
    times = {"created_at": at, "result__updated_at": at, "result__tracking_details__0__datetime": at}
    return {**times, "id": f"evt_{status}", "result__status": status, "result__est_delivery_date": estimate}


def shippo(status: str, minute: int, eta: str | None = None) -> Change:
    at, place = f"2026-11-26T09:{minute:02}:00Z", "data__tracking_status__"
    times = {f"{place}status_date": at, f"{place}object_updated": at}
    return {**times, f"{place}status": status, "data__eta": eta}


def odoo(written: str, **changes: Any) -> Change:
    return {"write_date": f"2026-11-{written}:00", "date_start": False, "date_end": False, **changes}


def jobber(topic: str, minute: int) -> Change:
    told = {"topic": topic, "itemId": "Z2lk", "occurredAt": f"2026-11-26T15:{minute:02}:00-05:00"}
    return {f"data__webHookEvent__{name}": value for name, value in told.items()}


def dynamics(number: int, status: int) -> Change:
    target = "InputParameters__0__value__Attributes__0__value__Value"
    at = f"/Date({1795693503000 + number * 60_000}+0000)/"
    return {target: 690970000 + status, "RequestId": f"r{number}", "OperationCreatedOn": at}


def servicetitan(status: str, minute: int) -> Change:
    at = f"2026-11-26T11:{minute:02}:00Z"
    return {"data__jobStatus": status, "eventId": status, "occurredOn": at, "data__modifiedOn": at}


def alert(status: str, **changes: Any) -> Change:
    return {"alerts__0__status": status, **{f"alerts__0__{name}": value for name, value in changes.items()}}


def pagerduty(kind: str, minute: int) -> Change:
    at = f"2026-11-26T09:{minute:02}:11Z"
    status = {"triggered": "triggered", "acknowledged": "acknowledged", "resolved": "resolved"}[kind]
    names = {"event__id": kind, "event__event_type": f"incident.{kind}", "event__occurred_at": at}
    return {**names, "event__data__status": status}


def statuspage(status: str, minute: int, impact: str = "major") -> Change:
    at = f"2026-11-26T09:{minute:02}:58Z"
    told = {"status": status, "updated_at": at, "impact": impact, "resolved_at": at if status == "resolved" else None}
    return {f"incident__{name}": value for name, value in told.items()}


def opsgenie(action: str, minute: int) -> Change:
    return {"action": action, "alert__updatedAt": (1795683731440 + minute * 60_000) * 1_000_000}


def incident_io(category: str, minute: int) -> Change:
    place = "public_incident.incident_status_updated_v2"
    status = {"id": "s", "name": category, "category": category, "rank": 1}
    told = sample("incident-io")[place]
    incident = {**told["incident"], "incident_status": status, "updated_at": f"2026-11-26T09:{minute:02}:10Z"}
    return {place: {**told, "incident": incident, "new_status": status}}


def appointment(status: str, minute: int, **fields: Any) -> Change:
    header = {**sample("salesforce-field-service")["payload"]["ChangeEventHeader"]}
    header |= {"commitTimestamp": 1795693500000 + minute * 60_000, "sequenceNumber": minute + 1}
    return {"payload": {"ChangeEventHeader": header, "Status": status, **fields}}


def ticket(current: str, previous: str, minute: int) -> Change:
    change = {"current": current, "previous": previous}
    return {"event": change, "id": f"t-{minute}", "time": f"2026-11-21T13:{minute:02}:44.118204511Z"}


OVER: Final = "2026-11-26T09:40:00Z"
STORIES: Final[dict[str, list[Change]]] = {
    "aftership": [
        aftership("InTransit", 1, "2026-11-26"),
        aftership("OutForDelivery", 5, "2026-11-28"),
        aftership("AttemptFail", 20),
        aftership("Delivered", 50),
    ],
    "easypost": [
        easypost("in_transit", 1, "2026-11-26T20:00:00Z"),
        easypost("out_for_delivery", 5, "2026-11-26T22:00:00Z"),
        easypost("failure", 20),
        easypost("delivered", 50),
    ],
    "shippo": [
        shippo("PRE_TRANSIT", 1, "2026-11-26T23:00:00Z"),
        shippo("TRANSIT", 5, "2026-11-30T23:00:00Z"),
        shippo("FAILURE", 20),
        shippo("DELIVERED", 50),
    ],
    "odoo": [
        odoo("26 08:00", is_closed=False),
        odoo("26 10:00", is_closed=False, scheduled_date_end="2026-11-27 15:00:00"),
        odoo("27 10:45", date_start="2026-11-27 10:42:00", is_closed=False),
        odoo("27 12:05", date_start="2026-11-27 10:42:00", date_end="2026-11-27 12:00:00", is_closed=True),
    ],
    "jobber": [
        jobber("VISIT_CREATE", 1),
        jobber("VISIT_COMPLETE", 20),
        jobber("JOB_CREATE", 0),
        jobber("JOB_CLOSED", 50),
    ],
    "dynamics365": [dynamics(0, 1), dynamics(5, 2), dynamics(20, 3), dynamics(50, 4)],
    "salesforce-field-service": [
        appointment("Scheduled", 0, SchedEndTime="2026-11-26T11:00:00Z"),
        appointment("Dispatched", 5, SchedEndTime="2026-11-26T13:00:00Z"),
        appointment("In Progress", 20, ActualStartTime="2026-11-26T12:01:00Z"),
        appointment("Completed", 50, ActualEndTime="2026-11-26T12:30:00Z"),
    ],
    "zendesk-tickets": [
        ticket("OPEN", "NEW", 1),
        ticket("PENDING", "OPEN", 5),
        ticket("SOLVED", "PENDING", 20),
        ticket("CLOSED", "SOLVED", 50),
    ],
    "servicetitan": [
        servicetitan("Scheduled", 1),
        servicetitan("InProgress", 5),
        servicetitan("Hold", 20),
        servicetitan("Completed", 50),
    ],
    "alertmanager": [
        alert("firing"),
        alert("firing", annotations={"summary": "p99 is 9 s by now"}),
        alert("resolved", endsAt=OVER),
    ],
    "grafana": [alert("firing"), alert("resolved", endsAt=OVER), alert("firing", startsAt="2026-11-26T10:10:00Z")],
    "pagerduty": [pagerduty("triggered", 2), pagerduty("acknowledged", 4), pagerduty("resolved", 50)],
    "statuspage": [
        statuspage("investigating", 1),
        statuspage("identified", 5, "critical"),
        statuspage("monitoring", 20),
        statuspage("resolved", 50),
    ],
    "opsgenie": [opsgenie("Create", 0), opsgenie("Acknowledge", 5), opsgenie("Close", 50)],
    "incident-io": [incident_io("triage", 1), incident_io("active", 5), incident_io("closed", 50)],
}


class World:
    """What delivery-svc and risk-svc make of the events, without their databases."""

    def __init__(self) -> None:
        self.state = PromiseState(promise_id="p1", customer_id="c1")
        self.incidents: dict[str, Incident] = {}
        self._known: dict[str, MilestoneState] = {}
        self._seen: set[str] = set()
        self._version = 0

    def hear(self, name: str, said: Any, minutes: int) -> None:
        """One body, as it comes so many minutes after the first."""
        now = NOW + timedelta(minutes=minutes)
        for one in MappedSource(name, PRESETS[name]).read(Webhook(name, "", json.dumps(said).encode()), (), now):
            assert isinstance(one, Incoming)
            event_id = one.id or derived_id(one.raw)
            if event_id not in self._seen:
                self._seen.add(event_id)
                origin = Origin(event_id, name, one.event.time, False, "", None)
                self._take(statement(one.event, origin, ()).command, origin)

    def _take(self, command: Any, origin: Origin) -> None:
        if isinstance(command, Sighting):
            known = self.incidents.get(command.incident_id)
            self.incidents[command.incident_id] = see(known, command)
            return
        assert isinstance(command, Report)
        try:
            self._known[command.milestone] = record(self._known.get(command.milestone, NOTHING), command)
        except Refusal:
            return
        self._version += 1
        event = events.milestone("p1", "c1", self._version, command, origin)
        fold(self.state, event.envelope, event.data)

    def ends(self) -> tuple[Any, ...]:
        """All that must be the same in any order; plans of what is over are not."""
        steps = sorted(self.state.steps, key=lambda one: one.name)
        told = [(one.name, one.status, one.at, one.known_at, one.source_event, one.reason) for one in steps]
        plans = [(one.name, one.planned, one.expected) for one in steps if one.status < 2]
        pictures = {name: incident.picture for name, incident in self.incidents.items()}
        return told, plans, completed_at(self.state), pictures


def after(name: str, order: Iterable[Change]) -> tuple[Any, ...]:
    world = World()
    for minutes, change in enumerate(order):
        world.hear(name, body(name, change), minutes)
    return world.ends()


def test_every_preset_has_its_story() -> None:
    assert STORIES.keys() == PRESETS.keys()


@pytest.mark.parametrize("name", STORIES)
def test_a_story_ends_the_same_in_every_order_and_told_twice(name: str) -> None:
    story = STORIES[name]
    expected = after(name, story)
    for order in itertools.permutations(story):
        assert after(name, order) == expected
        assert after(name, [*order, *reversed(order)]) == expected


def completed(name: str) -> object:
    return after(name, STORIES[name])[2]


@pytest.mark.parametrize(
    ("name", "seconds"),
    [
        ("aftership", "2026-11-26T06:50:00+00:00"),
        ("easypost", "2026-11-26T14:50:00+00:00"),
        ("shippo", "2026-11-26T09:50:00+00:00"),
        ("odoo", "2026-11-27T12:00:00+00:00"),
        ("jobber", "2026-11-26T20:50:00+00:00"),
        ("servicetitan", "2026-11-26T11:50:00+00:00"),
        ("salesforce-field-service", "2026-11-26T12:30:00+00:00"),
        ("zendesk-tickets", "2026-11-21T13:20:44.118204+00:00"),
    ],
)
def test_it_is_complete_when_the_system_says_that_it_was(name: str, seconds: str) -> None:
    assert completed(name) == datetime.fromisoformat(seconds).timestamp()


@pytest.mark.parametrize("name", ["alertmanager", "pagerduty", "statuspage", "opsgenie", "incident-io"])
def test_an_incident_is_over_when_its_system_says_so(name: str) -> None:
    pictures = after(name, STORIES[name])[3].values()
    newest = max(pictures, key=lambda one: one.at)
    assert newest.status == "resolved"
