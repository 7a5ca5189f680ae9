"""Shapes that senders really have beside the usual one: cut, wrapped by a relay, older, with less in them."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from candor.intake import Origin
from candor.intake.source import Incoming, Unusable
from delivery_svc.api.neutral_events import statement
from tests.unit.intake.mapped.test_presets import NOW, SAMPLES, changed, read, sample


def told(found: list[Incoming | Unusable], name: str = "x") -> list[dict[str, Any]]:
    """What events say, all of which the service takes."""
    for one in found:
        assert isinstance(one, Incoming), one
        statement(one.event, Origin(one.id, name, one.event.time, False, "", None), ())
    return [one.event.data for one in found if isinstance(one, Incoming)]


def why(found: list[Incoming | Unusable]) -> str:
    """Why the only item is refused."""
    [one] = found
    assert isinstance(one, Unusable), one
    return " ".join(error.detail for error in one.problem.errors)


def without(body: Any, *path: str | int) -> Any:
    """The body without the value at a path."""
    left = copy.deepcopy(body)
    at = left
    for part in path[:-1]:
        at = at[part]
    del at[path[-1]]
    return left


@pytest.mark.parametrize("name", ["alertmanager", "grafana"])
def test_an_alert_without_a_fingerprint_is_known_by_its_labels(name: str) -> None:
    bare = without(sample(name), "alerts", 0, "fingerprint")
    first, again, other = copy.deepcopy(bare), copy.deepcopy(bare), copy.deepcopy(bare)
    again["alerts"][0]["labels"] = dict(reversed(again["alerts"][0]["labels"].items()))
    again["alerts"][0]["annotations"] = {"summary": "worse by now"}
    other["alerts"][0]["labels"]["instance"] = "another"
    ids = [told(read(name, body))[0]["incident_id"] for body in (first, again, other)]
    assert ids[0] == ids[1] != ids[2]
    assert [one.id for one in read(name, first)] == [one.id for one in read(name, again)]


def test_a_summary_of_several_lines_is_one_title() -> None:
    found = changed("alertmanager", alerts__0__annotations={"summary": "Feeder 12 is down\nsince the storm\n"})
    one = found[0]
    assert isinstance(one, Incoming)
    said = statement(one.event, Origin(one.id, "a", NOW, False, "", None), ()).command
    assert said.title == "Feeder 12 is down since the storm"  # type: ignore[union-attr]


def test_an_incident_of_no_component_and_one_without_its_last_change_are_incidents() -> None:
    [bare] = told(read("statuspage", without(sample("statuspage"), "incident", "components")))
    assert bare["affects"] == []
    [early] = told(changed("statuspage", incident__updated_at=None, incident__components=None))
    assert early["at"] in str(sample("statuspage"))


def test_a_deleted_alert_is_over_as_nothing_else_will_be_said_of_it() -> None:
    [gone] = told(changed("opsgenie", action="Delete"))
    assert (gone["status"], gone["resolved_at"]) == ("resolved", gone["at"])


def test_an_alert_without_the_time_of_its_change_is_an_incident() -> None:
    [bare] = told(read("opsgenie", without(sample("opsgenie"), "alert", "updatedAt")))
    assert (bare["status"], bare["opened_at"]) == ("opened", "2026-11-26T09:02:11.440000+00:00")


def test_an_estimate_that_is_a_date_is_the_end_of_that_day() -> None:
    for said in ("2026-11-26", "2026-11-26T00:00:00Z"):
        _, estimate = told(changed("easypost", result__est_delivery_date=said))
        assert estimate["planned"] == "2026-11-26T23:59:00+00:00"
        assert told(changed("shippo", data__eta=said))[1]["planned"] == "2026-11-26T23:59:00+00:00"


def test_a_tracker_without_details_is_dated_by_its_event() -> None:
    bare = {**sample("easypost"), "result": {"tracking_code": "EZ1", "status": "delivered", "tracking_details": []}}
    [one] = told(read("easypost", bare))
    assert (one["at"], one["final"]) == (bare["created_at"], True)
    [first], [again] = read("easypost", without(bare, "id")), read("easypost", without(bare, "id"))
    assert first.id == again.id == f"EZ1:delivered:{bare['created_at']}"


def test_a_shipment_that_nobody_has_scanned_says_nothing_and_one_without_its_date_is_dated_by_its_row() -> None:
    assert changed("shippo", data__tracking_status=None, data__eta=None) == []
    status = {"status": "DELIVERED", "object_updated": "2026-11-26T10:00:00Z"}
    [one] = told(changed("shippo", data__tracking_status=status))
    assert (one["milestone"], one["at"]) == ("delivered", "2026-11-26T10:00:00Z")


@pytest.mark.parametrize(
    ("substatus", "step"),
    [
        ({"code": "out_for_delivery"}, ("out for delivery", "reached")),
        ({"code": "pickup_available"}, ("ready for pickup", "reached")),
        ({"code": "delivery_attempted"}, ("delivery attempt", "missed")),
        ({"code": "package_departed"}, ("in transit", "reached")),
        ({"code": None}, ("in transit", "reached")),
        ("out_for_delivery", ("in transit", "reached")),
        (None, ("in transit", "reached")),
    ],
)
def test_a_shipment_on_its_last_way_is_told_by_its_substatus(substatus: Any, step: tuple[str, str]) -> None:
    [one, _] = told(changed("shippo", data__tracking_status__substatus=substatus))
    assert (one["milestone"], one["status"], one["final"]) == (*step, False)


def test_steps_of_a_shipment_at_one_moment_are_two_and_a_substatus_changes_no_other_status() -> None:
    [before, _] = changed("shippo")
    [after, _] = changed("shippo", data__tracking_status__substatus={"code": "out_for_delivery"})
    assert (before.id, after.id) == tuple(
        f"9205520418007700000001:{step}:2026-11-26T09:12:00Z" for step in ("TRANSIT", "out_for_delivery")
    )
    delivered = {
        "status": "DELIVERED",
        "status_date": "2026-11-26T10:00:00Z",
        "substatus": {"code": "out_for_delivery"},
    }
    [one] = told(changed("shippo", data__tracking_status=delivered))
    assert (one["milestone"], one["final"]) == ("delivered", True)


def test_a_body_of_aftership_that_was_cut_is_dated_by_its_own_second() -> None:
    cut = {"id": "f1", "tracking_number": "99", "tag": "OutForDelivery", "checkpoints": [{"message": "on its way"}]}
    body = {"event": "tracking_update", "event_id": "e", "msg": cut, "ts": 1795683731}
    [one] = told(read("aftership", body))
    assert (one["milestone"], one["at"]) == ("out for delivery", "2026-11-26T09:02:11+00:00")


@pytest.mark.parametrize(
    "names",
    [
        {"latest_estimated_delivery": {"datetime": "2026-12-02"}},
        {"aftership_estimated_delivery_date": {"estimated_delivery_date": "2026-12-02"}},
        {"expected_delivery": "2026-12-02T00:00:00"},
    ],
)
def test_an_estimate_of_any_version_of_aftership_is_one(names: dict[str, Any]) -> None:
    said = {"id": "f1", "tracking_number": "99", "tag": "InTransit", "updated_at": "2026-11-26T09:00:00+00:00", **names}
    [one] = told(read("aftership", {"event": "edd_revise", "event_id": "e", "msg": said, "ts": 1795683731}))
    assert (one["status"], one["planned"]) == ("redated", "2026-12-02T23:59:00+00:00")


def test_a_time_of_odoo_may_have_a_fraction_and_a_closed_order_no_end() -> None:
    [began] = told(changed("odoo", write_date="2026-11-27 10:42:07.123456"))
    assert began["at"] == "2026-11-27T10:42:00+00:00"
    closed = {"date_start": False, "date_end": False, "is_closed": True, "write_date": "2026-11-27 12:00:00.5"}
    [over] = told(changed("odoo", **closed))
    assert (over["status"], over["at"]) == ("reached", "2026-11-27T12:00:00.500000+00:00")


CDC = sample("salesforce-field-service")
WRAPPED: dict[str, Callable[[Any], Any]] = {
    "CometD": lambda event: {"channel": "/data/ServiceAppointmentChangeEvent", "data": event},
    "an event relay": lambda event: {"detail-type": "x", "detail": {"payload": event["payload"], "schemaId": "s"}},
    "AppFlow": lambda event: {"detail-type": "x", "source": "aws.partner/appflow", "detail": event["payload"]},
    "a subscriber": lambda event: event["payload"],
    "many": lambda event: [event],
}


@pytest.mark.parametrize("way", WRAPPED)
def test_a_change_of_salesforce_is_the_same_however_a_relay_wraps_it(way: str) -> None:
    expected = read("salesforce-field-service", CDC)
    found = read("salesforce-field-service", WRAPPED[way](CDC))
    assert [(one.id, one.raw) for one in found] == [(one.id, one.raw) for one in expected]
    assert told(found) == told(expected)


@pytest.mark.parametrize("body", [{}, {"detail": {"a": 1}}, {"data": None, "payload": {"b": 2}}, {"detail": "x"}])
def test_what_a_relay_passes_on_beside_changes_is_listed(body: Any) -> None:
    assert "no `when`" in why(read("salesforce-field-service", body))


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("pagerduty", {"messages": [{"event": "incident.trigger", "incident": {"id": "P1"}}]}),
        ("servicetitan", {"webhookEventType": "JobCompleted", "job": {"id": 3}}),
        ("dynamics365", {**sample("dynamics365"), "InputParameters": []}),
        ("dynamics365", without(sample("dynamics365"), "InputParameters")),
        ("odoo", {"_model": "res.partner", "_id": 9, "name": "Anna"}),
    ],
)
def test_what_is_another_dialect_is_listed_in_plain_words_and_not_dropped(name: str, body: Any) -> None:
    assert "no `when`" in why(read(name, body))


def test_each_preset_still_reads_its_sample() -> None:
    assert all(read(name, raw) for name, raw in SAMPLES.items())
