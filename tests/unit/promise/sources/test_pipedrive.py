"""Pipedrive: what a change, a deletion and a poll of a deal become."""

from __future__ import annotations

import copy
import json
from typing import Any, Final

import pytest

from candor.intake.source import Incoming
from tests.unit.promise.sources.crm import read, sample, taken, types

BODY: Final[dict[str, Any]] = json.loads(sample("pipedrive"))
OWN: Final = "9b0f6c1d2e3a4b5c6d7e8f90a1b2c3d4e5f60718"


def change(previous: dict[str, Any] | None = None, action: str = "change", **data: Any) -> dict[str, Any]:
    """A webhook about the deal with other values."""
    body = copy.deepcopy(BODY)
    body["data"] |= data
    body["meta"]["action"] = action
    body["previous"] = previous
    return body


def polled(**data: Any) -> dict[str, Any]:
    """The deal as API v2 has it, where a field of one's own is its value alone."""
    deal = {**BODY["data"], "custom_fields": {OWN: "2026-11-27"}, **data}
    return {"events": [], "objects": {"deal/3187": deal}}


def test_a_won_deal_is_a_promise_by_its_usual_date_or_by_one_of_ones_own() -> None:
    [(_, usual), _] = taken(read("pipedrive", BODY))
    assert (usual["due"], usual["value"], usual["currency"]) == ("2026-11-30T23:59:00+00:00", 6480, "EUR")
    [(_, own), _] = taken(read("pipedrive", BODY, date=OWN, zone="Asia/Tokyo"))
    assert own["due"] == "2026-11-27T14:59:00+00:00"


def test_the_webhook_and_the_poll_of_one_state_are_the_same_events() -> None:
    for parameters in ({}, {"date": OWN}):
        webhook, poll = [read("pipedrive", body, **parameters) for body in (BODY, polled())]
        assert [one.id for one in webhook] == [one.id for one in poll]
        assert len(poll) == 2


def test_a_moved_date_names_the_first_one_too() -> None:
    moved = change(
        {"expected_close_date": "2026-11-30"}, expected_close_date="2026-12-04", update_time="2026-11-25T08:00:00Z"
    )
    [(_, made), (kind, revised)] = taken(read("pipedrive", moved))
    assert (made["due"], kind, revised["due"]) == (
        "2026-11-30T23:59:00+00:00",
        "promise.revised",
        "2026-12-04T23:59:00+00:00",
    )
    first = change({"status": "open", "expected_close_date": "2026-11-21"})
    assert taken(read("pipedrive", first))[0][1]["due"] == "2026-11-30T23:59:00+00:00"


def test_a_deal_that_is_lost_or_deleted_after_it_was_won_is_withdrawn() -> None:
    lost = change({"status": "won"}, status="lost")
    deleted = {**change({"status": "won"}, "delete"), "data": None}
    for body in (lost, deleted, {**deleted, "previous": None}, polled(status="lost")):
        found = read("pipedrive", body)
        assert types(found) == ["promise.withdrawn"]
        assert isinstance(found[0], Incoming)
        assert found[0].id == "deal:3187:withdrawn"


@pytest.mark.parametrize(
    "body",
    [
        change({"status": "open"}, status="lost"),
        change(status="open"),
        {**change({"status": "open"}, "delete"), "data": None},
        polled(status="lost", won_time=None),
        {**BODY, "meta": {**BODY["meta"], "entity": "person"}},
        {"events": [], "objects": {}},
    ],
)
def test_what_was_never_promised_is_nothing_here(body: Any) -> None:
    assert read("pipedrive", body) == []


def test_a_company_may_say_that_a_stage_is_the_promise() -> None:
    parameters: dict[str, Any] = {"statuses": ["open", "won"], "stages": ["9"]}
    assert types(read("pipedrive", change(status="open"), **parameters))[0] == "promise.made"
    assert read("pipedrive", change(status="open", stage_id=8), **parameters) == []


def test_a_customer_and_an_address_may_be_fields_of_ones_own() -> None:
    own: dict[str, Any] = {
        "custom_fields": {"erp": {"type": "varchar", "value": "C-77"}, "mail": "a@harbour-cafe.example"}
    }
    found = taken(read("pipedrive", change(**own), customer="erp", email="mail"))
    assert found[0][1]["customer_id"] == "C-77"
    assert found[-1] == ("contact.set", {"customer_id": "C-77", "email": "a@harbour-cafe.example", "zone": "UTC"})
