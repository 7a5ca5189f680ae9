"""Shapes of CRMs' bodies beside the usual one: one event instead of a list, wrapped by a relay, of an older version."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from candor.intake.source import Incoming, Unusable
from tests.unit.promise.sources.crm import read, sample, taken, types

THIN = {
    **{"eventId": 7, "subscriptionId": 9, "portalId": 5, "occurredAt": 1795257120000, "objectId": 29911840275},
    **{"subscriptionType": "deal.propertyChange", "propertyName": "promised_delivery_date"},
    "propertyValue": "2026-12-04",
}


def test_one_event_of_hubspot_is_read_as_a_list_of_it() -> None:
    [one], [of_list] = read("hubspot", THIN), read("hubspot", [THIN])
    assert isinstance(one, Incoming)
    assert one == of_list


def test_one_event_of_hubspot_that_says_too_little_is_listed_and_not_dropped() -> None:
    [one] = read("hubspot", {**THIN, "propertyName": "dealstage", "propertyValue": "closedwon"})
    assert isinstance(one, Unusable)


def test_the_older_webhooks_of_pipedrive_are_listed_and_not_dropped() -> None:
    meta = {"v": 1, "action": "updated", "object": "deal", "id": 999, "timestamp": 1492636837}
    [one] = read("pipedrive", {"v": 1, "meta": meta, "current": {"id": 999, "status": "won"}, "event": "updated.deal"})
    assert isinstance(one, Unusable)


def test_a_customer_that_is_a_whole_object_is_refused_and_made_into_no_id() -> None:
    body = json.loads(sample("pipedrive"))
    body["data"]["org_id"] = {"name": "Harbour Cafe", "value": 512}
    made = read("pipedrive", body)[0]
    assert isinstance(made, Unusable)
    assert [error.pointer for error in made.problem.errors] == ["/data/customer_id"]


RELAYS: dict[str, Callable[[Any], Any]] = {
    "CometD": lambda event: {"channel": "/data/x", "data": event},
    "an event relay": lambda event: {"detail-type": "x", "detail": {"payload": event["payload"], "schemaId": "s"}},
    "AppFlow": lambda event: {"detail-type": "x", "detail": event["payload"]},
    "a subscriber": lambda event: event["payload"],
    "many": lambda event: [event],
}


@pytest.mark.parametrize("way", RELAYS)
def test_an_opportunity_is_the_same_however_a_relay_wraps_it(way: str) -> None:
    event = json.loads(sample("salesforce"))
    expected, found = read("salesforce", event), read("salesforce", RELAYS[way](event))
    assert [(one.id, one.raw) for one in found] == [(one.id, one.raw) for one in expected]
    assert taken(found) == taken(expected)


@pytest.mark.parametrize("way", RELAYS)
def test_a_platform_event_is_read_however_a_relay_wraps_it(way: str) -> None:
    event = json.loads(sample("salesforce-event"))
    assert types(read("salesforce-event", RELAYS[way](event))) == types(read("salesforce-event", event))


def test_a_platform_event_without_an_id_is_known_by_what_it_says() -> None:
    said = json.loads(sample("salesforce-event"))["payload"]
    again, other = copy.deepcopy(said), {**said, "CreatedDate": "2026-11-29T00:00:00Z"}
    ids = [[one.id for one in read("salesforce-event", body)] for body in (said, again, other)]
    assert ids[0] == ids[1] != ids[2]
