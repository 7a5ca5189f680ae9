"""HubSpot: its signatures, its two dialects, and what a deal becomes whichever way it comes."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from candor.intake.source import Incoming, Unusable
from candor.web.http.problems import Problem
from candor.web.security.schemes import SignedRequest
from tests.unit.promise.sources.crm import BODIES, extended, read, read_by, sample, source, taken, types

RAW: Final = (BODIES / "hubspot_v3.json").read_bytes()
SECRET: Final = "11112222-3333-4444-5555-666677778888"
URI: Final = "https://hooks.example.com/promise/hubspot"
AT: Final = datetime.fromtimestamp(1795257062, UTC)
V3: Final = {
    "x-hubspot-request-timestamp": "1795257062001",
    "x-hubspot-signature-v3": "1e0Sb7lbTcZl4eEOcAJIuzKVOSQtnteLSGiFUzpSF1U=",
}
V1: Final = {"x-hubspot-signature": "043fc1bab2efd0ffd0c2c70a2635928350b4c66613008d03e987a034b3211aef"}
DEAL: Final[dict[str, Any]] = json.loads(sample("hubspot"))["objects"]["0-3/29911840275"]


def request(**more: Any) -> SignedRequest:
    return SignedRequest("POST", URI, V3, RAW)._replace(**more)


def completed(events: Any = (), key: str = "0-3/29911840275", **properties: Any) -> dict[str, Any]:
    """A deal as it comes from the API, with other properties."""
    deal = {**DEAL, "properties": {**DEAL["properties"], **properties}}
    return {"events": list(events), "objects": {key: deal}}


def test_what_hubspot_signed_is_taken_and_changed_by_one_byte_it_is_not() -> None:
    v3, v1 = source("hubspot").schemes
    v3.verify(request(), ["another secret of it", SECRET], AT)
    v1.verify(request(headers=V1), [SECRET], AT)
    for other in (
        request(raw=RAW + b" "),
        request(method="PUT"),
        request(uri=URI + "?x"),
        request(headers=V3 | {"x-hubspot-request-timestamp": "1795257062002"}),
    ):
        with pytest.raises(Problem, match="bad_signature"):
            v3.verify(other, [SECRET], AT)
    for changed in (
        request(headers=V1, raw=RAW[:-1]),
        request(headers={}),
        request(headers={"x-hubspot-signature": "☕"}),
    ):
        with pytest.raises(Problem, match="bad_signature"):
            v1.verify(changed, [SECRET], AT)


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_signature_of_another_time_is_stale_also_of_a_later_one(minutes: int) -> None:
    with pytest.raises(Problem, match="stale"):
        source("hubspot").schemes[0].verify(request(), [SECRET], AT + timedelta(minutes=minutes))


def test_the_address_is_signed_as_hubspot_writes_it_with_its_escapes_decoded() -> None:
    scheme = source("hubspot").schemes[0]
    escaped = URI + "?to=%3A%2F%3F%40%21%24%27%28%29%2A%2C%3B&from=a%20b"
    plain = URI + "?to=:/?@!$'()*,;&from=a%20b"
    signed = scheme.sign(request(uri=plain), SECRET, AT)
    scheme.verify(request(uri=escaped, headers=signed), [SECRET], AT)
    scheme.verify(request(uri=escaped.replace("%3A", "%3a"), headers=signed), [SECRET], AT)
    with pytest.raises(Problem, match="bad_signature"):
        scheme.verify(request(uri=plain.replace("a%20b", "a b"), headers=signed), [SECRET], AT)


def test_a_won_deal_is_a_promise_with_what_hubspot_knows_of_it() -> None:
    [(kind, made), (_, revised)] = taken(read("hubspot", completed()))
    assert kind == "promise.made"
    assert made["made_at"] == "2026-11-21T10:31:01.213000+00:00"
    assert made["references"] == [{"system": "hubspot", "id": "29911840275"}]
    assert made["labels"] == {"pipeline": "default"}
    assert revised["promise_id"] == made["promise_id"]


def test_the_webhook_its_retry_and_the_poll_of_one_state_are_the_same_events() -> None:
    events = json.loads(RAW)
    ways = [
        completed(events),
        completed([{**events[1], "attemptNumber": 3, "eventId": 1}]),
        completed(),
        completed(key="deal/29911840275"),
    ]
    found = [[(one.id, one.raw) for one in read("hubspot", way)] for way in ways]
    assert all(one == found[0] for one in found)
    assert len(found[0]) == 2


def test_a_deal_in_no_such_stage_is_nothing_here() -> None:
    assert read("hubspot", completed(dealstage="appointmentscheduled")) == []


def test_a_lost_deal_is_withdrawn_if_it_was_ever_promised() -> None:
    lost = {"dealstage": "closedlost"}
    assert types(read("hubspot", completed(**lost))) == ["promise.withdrawn"]
    assert read("hubspot", completed(**lost, hs_v2_date_entered_closedwon=None)) == []
    unknown = completed(**lost)
    del unknown["objects"]["0-3/29911840275"]["properties"]["hs_v2_date_entered_closedwon"]
    assert types(read("hubspot", unknown)) == ["promise.withdrawn"]


@pytest.mark.parametrize(
    "named", [{"subscriptionType": "deal.deletion"}, {"subscriptionType": "object.deletion", "objectTypeId": "0-3"}]
)
def test_a_deleted_deal_is_withdrawn_in_both_dialects_completed_or_not(named: dict[str, Any]) -> None:
    event = {**named, "objectId": 29911840275, "occurredAt": 1795257061213}
    other = {**event, "subscriptionType": "contact.deletion"}
    for body in ({"events": [event, other], "objects": {}}, [event]):
        [(kind, data)] = taken(read("hubspot", body))
        assert (kind, data["promise_id"]) == ("promise.withdrawn", "hubspot-29911840275")


def test_an_archived_deal_of_a_poll_is_withdrawn() -> None:
    body = completed()
    body["objects"]["0-3/29911840275"]["archived"] = True
    assert types(read("hubspot", body)) == ["promise.withdrawn"]


def test_thin_events_say_a_new_date_and_the_rest_is_listed() -> None:
    legacy = {"subscriptionType": "deal.propertyChange", "objectId": 7, "occurredAt": 1795257061213}
    dated = {**legacy, "propertyName": "promised_delivery_date", "propertyValue": "1795737600000"}
    other = {**legacy, "propertyName": "hs_forecast", "propertyValue": "1"}
    date, stage, old = read("hubspot", [*json.loads(RAW), dated, other])
    [(kind, data)] = taken([date])
    assert (kind, data["due"]) == ("promise.revised", "2026-11-27T23:59:00+00:00")
    assert isinstance(stage, Unusable)
    assert taken([old])[0][1]["promise_id"] == "hubspot-7"


def test_a_deal_without_its_date_may_come_again_once_it_has_one() -> None:
    [draft] = read("hubspot", completed(promised_delivery_date=None))
    assert isinstance(draft, Incoming)
    assert draft.id == "deal:29911840275:draft:2026-11-21T10:31:01.213000+00:00"
    assert "due" not in draft.event.data
    assert read("hubspot", completed())[0].id == "deal:29911840275:made:2026-11-21T10:31:01.213000+00:00"


FILE: Final = """\
sources:
  hubspot:
    extends: hubspot
    service: promise-svc
    parameters: {stages: [sent, 1048576], date: go_live, zone: Europe/Berlin, email: mail, scope: parts, renewal: new}
"""


def test_five_lines_of_a_company_say_what_is_a_promise() -> None:
    own = {
        "go_live": "1795737600000",
        "mail": "chef@harbour-cafe.example",
        "parts": "Till;Stock",
        "new": "2027-01-31",
    }
    found = read_by(extended(FILE), completed(dealstage="1048576", **own))
    (_, made), _, (_, contact), (_, account) = taken(found)
    assert (made["due"], made["zone"]) == ("2026-11-27T22:59:00+00:00", "Europe/Berlin")
    assert made["scope"] == [{"item": "Till"}, {"item": "Stock"}]
    assert contact["email"] == "chef@harbour-cafe.example"
    assert (account["customer_id"], account["renews_on"]) == (made["customer_id"], "2027-01-31")


def test_a_batch_of_a_hundred_is_read_whole() -> None:
    objects = {f"0-3/{number}": {**DEAL, "id": str(number)} for number in range(100)}
    assert types(read("hubspot", {"events": [], "objects": objects})) == ["promise.made", "promise.revised"] * 100
