"""Salesforce: opportunities by change events in both decodings, Outbound Message and REST, and Platform Events."""

from __future__ import annotations

import copy
import json
from typing import Any, Final

import pytest

from candor.intake.source import Incoming, Unusable
from candor.web.security.webhooks import Webhook
from tests.unit.promise.sources.crm import BODIES, read, sample, source, taken, types

CDC: Final[dict[str, Any]] = json.loads((BODIES / "salesforce_cdc.json").read_bytes())
DECODED: Final[dict[str, Any]] = json.loads((BODIES / "salesforce_cdc_pubsub_decoded.json").read_bytes())
ENRICHED: Final[dict[str, Any]] = json.loads(sample("salesforce"))
XML: Final = sample("salesforce", "xml")
ID: Final = "006Wd00000Kq7TzIAJ"


def change(of: dict[str, Any] = ENRICHED, header: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    """A change event with other fields."""
    body = copy.deepcopy(of)
    body["payload"]["ChangeEventHeader"] |= header or {}
    body["payload"] |= fields
    return body


def record(**fields: Any) -> dict[str, Any]:
    """The opportunity as the REST API has it."""
    plain = {name: value for name, value in ENRICHED["payload"].items() if name != "ChangeEventHeader"}
    at = "2026-11-21T10:32:00.000+0000"
    return {"events": [], "objects": {f"Opportunity/{ID}": {"Id": ID, "SystemModstamp": at, **plain, **fields}}}


def test_an_opportunity_that_is_won_is_a_promise_by_an_event_a_list_and_a_poll_alike() -> None:
    ways = [read("salesforce", body) for body in (ENRICHED, [ENRICHED], record())]
    assert all([one.id for one in way] == [one.id for one in ways[0]] for way in ways)
    [(kind, made), _] = taken(ways[0])
    assert (kind, made["due"], made["what"]) == (
        "promise.made",
        "2026-11-27T23:59:00+00:00",
        "Harbour Cafe - espresso install",
    )


def test_a_change_that_lacks_the_account_may_come_again_with_it() -> None:
    draft, revised = read("salesforce", CDC)
    assert draft.id == f"deal:{ID}:draft:2026-11-27:2026-11-21T10:32:00+00:00"
    assert isinstance(draft, Incoming)
    assert "customer_id" not in draft.event.data
    assert types([revised]) == ["promise.revised"]


def test_of_the_other_decoding_only_what_changed_counts_and_dates_are_milliseconds() -> None:
    [(kind, data)] = taken(read("salesforce", DECODED))
    assert (kind, data["due"]) == ("promise.revised", "2026-11-27T23:59:00+00:00")
    assert read("salesforce", change(DECODED, Promised_Install_Date__c=None)) == []


def test_one_change_of_many_records_is_told_of_each() -> None:
    found = read("salesforce", change(header={"recordIds": ["006A", "006B"]}))
    assert [one.id.split(":")[1] for one in found if ":made:" in one.id] == ["006A", "006B"]


@pytest.mark.parametrize(
    "body",
    [
        change(StageName="Closed Lost"),
        change(header={"changeType": "DELETE"}, StageName=None, Promised_Install_Date__c=None),
        record(StageName="Closed Lost"),
        record(IsDeleted=True),
    ],
)
def test_what_is_lost_or_deleted_is_withdrawn(body: Any) -> None:
    assert types(read("salesforce", body)) == ["promise.withdrawn"]


@pytest.mark.parametrize(
    "body",
    [
        change(StageName="Prospecting"),
        change(header={"entityName": "Account"}),
        change(CDC, StageName=None, Promised_Install_Date__c=None, NextStep="call"),
        [],
        {"events": [], "objects": {}},
    ],
)
def test_what_means_nothing_here_is_left_out(body: Any) -> None:
    assert read("salesforce", body) == []


def test_a_gap_in_the_changes_is_listed() -> None:
    gap = change(CDC, {"changeType": "GAP_UPDATE"}, StageName=None, Promised_Install_Date__c=None)
    [found] = read("salesforce", gap)
    assert isinstance(found, Unusable)


def test_an_outbound_message_says_the_same_and_is_acknowledged_in_soap() -> None:
    said = {"StageName": "Closed Won", "AccountId": "001Wd", "Name": "Café &amp; Co", "Amount": "6480.50"}
    said["LastModifiedDate"] = "2026-11-21T10:32:00.000Z"
    fields = "".join(f"<sf:{name}>{value}</sf:{name}>" for name, value in said.items())
    raw = XML.replace(b"</sObject>", fields.encode() + b"</sObject>")
    found = read("salesforce", raw)
    [(_, made), (_, revised)] = taken(found)
    assert (made["what"], made["value"], made["customer_id"]) == ("Café & Co", 6480.5, "001Wd")
    assert found[1].id.endswith(":due:2026-11-27T23:59:00+00:00:2026-11-21T10:32:00+00:00")
    assert revised["if_moved"] is True
    reply = source("salesforce").answer(Webhook("sf", "", raw, "text/xml"), [])
    assert (reply.status, reply.media_type) == (200, "text/xml; charset=utf-8")
    assert b"<Ack>true</Ack>" in reply.body
    assert source("salesforce").answer(Webhook("sf", "", b"{}"), []).status == 202


def test_an_outbound_message_without_its_time_is_known_by_its_date() -> None:
    first, again = [read("salesforce", XML)[0] for _ in range(2)]
    assert (first.id, first.raw) == (again.id, again.raw)
    assert first.id == f"deal:{ID}:due:2026-11-27T23:59:00+00:00:1970-01-01T00:00:00+00:00"


def test_a_deleted_opportunity_of_an_outbound_message_is_withdrawn() -> None:
    raw = XML.replace(b"</sObject>", b"<sf:IsDeleted>true</sf:IsDeleted></sObject>")
    assert types(read("salesforce", raw)) == ["promise.withdrawn"]


def test_a_platform_event_gives_a_date_or_a_whole_promise() -> None:
    body = json.loads(sample("salesforce-event"))
    assert types(read("salesforce-event", body)) == ["promise.revised"]
    body["payload"] |= {"Account__c": "001Wd", "What__c": "Espresso machine"}
    whole = {"customer": "Account__c", "what": "What__c"}
    [(kind, made), _] = taken(read("salesforce-event", [body], **whole))
    assert (kind, made["promise_id"], made["channel"]) == ("promise.made", "PR-20418", "Salesforce")
