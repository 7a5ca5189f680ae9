"""CRM webhooks the whole way: signed requests by HTTP into the ledger, in whatever order they come."""

from __future__ import annotations

import copy
import json
import secrets
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from itertools import permutations
from pathlib import Path
from typing import Any, Final

import httpx
import msgspec
import pytest
import pytest_asyncio

from candor.intake.source import canonical
from candor.ops.clock import SystemClock
from candor.web.security.schemes import SignedRequest
from promise_svc.offered import OFFERED
from promise_svc.settings import PromiseSettings
from promise_svc.wiring import build
from tests.support.api import Api, Keys, running
from tests.support.clocks import ManualClock
from tests.support.servers import Databases

AT: Final = datetime(2026, 11, 30, tzinfo=UTC)
PUBLIC: Final = "https://hooks.example.com"
SECRET, TOKEN = "11112222-3333-4444-5555-666677778888", secrets.token_urlsafe(32)
BASIC: Final = "pipedrive:a-long-password-of-it"
MAY: Final = {"promise-svc": ["promise.made", "promise.revised", "promise.withdrawn", "contact.set", "account.set"]}
SENDERS: Final = {
    "hub": {"source": "hubspot", "secrets": [SECRET], "events": MAY},
    "hub-v1": {"source": "hubspot", "scheme": "hashed", "secrets": [SECRET], "events": MAY},
    "sf": {"source": "salesforce", "secrets": [TOKEN], "events": MAY},
    "pd": {"source": "pipedrive", "secrets": [BASIC], "events": MAY},
    "zd": {"source": "zendesk", "secrets": [SECRET], "events": MAY},
}
FILE: Final = """\
sources:
  hubspot:
    extends: hubspot
    service: promise-svc
    parameters: {stages: [closedwon], date: promised_delivery_date}
  salesforce:
    extends: salesforce
    service: promise-svc
    parameters: {stages: [Closed Won], date: Promised_Install_Date__c}
  pipedrive:
    extends: pipedrive
    service: promise-svc
    parameters: {date: expected_close_date}
"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def api(postgres: str, databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Api]:
    folder: Path = tmp_path_factory.mktemp("crm")
    (folder / "sources.yaml").write_text(FILE)
    keys = Keys(tmp_path_factory.mktemp("keys"))
    values = keys.write()
    values["webhook_secrets_file"].write_bytes(msgspec.json.encode({"sources": SENDERS}))
    settings = PromiseSettings(
        database_url=postgres,
        database_prefix=f"t{secrets.token_hex(5)}",
        publishing=False,
        sources_file=folder / "sources.yaml",
        public_url=PUBLIC,
        **values,
    )
    async with running(build(settings, ManualClock(AT)), keys) as made:
        yield made
    await databases.drop(settings.database)


def sample(name: str, kind: str = "json") -> bytes:
    return files(OFFERED.package).joinpath("samples", f"{name}.{kind}").read_bytes()


async def post(api: Api, sender: str, raw: bytes, media_type: str = "application/json") -> httpx.Response:
    """The request, proved as the sender's system would."""
    said: Any = SENDERS[sender]
    source = api.intake.sources[said["source"]]
    scheme = next(one for one in source.schemes if one.name == said.get("scheme", source.schemes[0].name))
    secret = said["secrets"][0]
    address = f"/v1/webhooks/{sender}{f'/{secret}' if scheme.name == 'path_token' else ''}"
    signed = scheme.sign(SignedRequest("POST", PUBLIC + address, {}, raw), secret, SystemClock().now())
    return await api.client.post(address, content=raw, headers={"content-type": media_type, **signed})


async def promise(api: Api, promise_id: str) -> dict[str, Any]:
    found: dict[str, Any] = (await api.call("GET", f"/v1/promises/{promise_id}")).json()
    return found


def deal(number: int, days: int = 0, at: int = 0, **properties: Any) -> bytes:
    """A deal of HubSpot whose date and time of change lie so many days and minutes after the sample's."""
    whole = json.loads(sample("hubspot"))["objects"]["0-3/29911840275"]
    changed = (datetime(2026, 11, 21, 10, 31, 1, tzinfo=UTC) + timedelta(minutes=at)).isoformat()
    due = (datetime(2026, 11, 27, tzinfo=UTC) + timedelta(days=days)).date().isoformat()
    own = {"promised_delivery_date": due, "hs_lastmodifieddate": changed, "hs_v2_date_entered_closedwon": None}
    own["hs_v2_date_entered_closedwon"] = "2026-11-21T10:31:01Z"
    one = {**whole, "id": str(number), "properties": {**whole["properties"], **own, **properties}}
    return canonical({"events": [], "objects": {f"0-3/{number}": one}})


@pytest.mark.parametrize("sender", ["hub", "hub-v1"])
async def test_a_deal_of_hubspot_is_a_promise_and_its_repetition_is_none(api: Api, sender: str) -> None:
    raw = deal(100 + len(sender))
    first, again = [(await post(api, sender, raw)).json() for _ in range(2)]
    assert (first["accepted"], first["rejected"]) == (2, [])
    assert (again["replayed"], again["rejected"]) == (2, [])
    found = await promise(api, f"hubspot-{100 + len(sender)}")
    assert (found["what"], found["version"], found["state"]) == ("Harbour Cafe - espresso install", 1, "made")
    assert found["latest_due"] == "2026-11-27T23:59:00Z"


async def test_the_signature_holds_for_the_public_address_alone(api: Api) -> None:
    raw = deal(1)
    source = api.intake.sources["hubspot"]
    for address in ("http://localhost/v1/webhooks/hub", PUBLIC + "/v1/webhooks/hub-v1"):
        signed = source.schemes[0].sign(SignedRequest("POST", address, {}, raw), SECRET, SystemClock().now())
        headers = {"content-type": "application/json", **signed}
        refused = await api.client.post("/v1/webhooks/hub", content=raw, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (401, "bad_signature")


async def test_a_date_that_moves_and_moves_back_stands_as_it_was_said_last_in_every_order(api: Api) -> None:
    story = [(0, 0), (4, 1), (0, 2), (9, 3), (2, 4)]
    for place, order in enumerate(permutations(range(3))):
        number = 1_000 + place
        for step in (*order, 3, 4, order[0]):
            assert (await post(api, "hub", deal(number, *story[step]))).json()["rejected"] == []
        assert (await promise(api, f"hubspot-{number}"))["latest_due"] == "2026-11-29T23:59:00Z"
    back = 2_000
    for steps in permutations([(0, 0), (4, 1), (0, 2)]):
        back += 1
        for days, at in steps:
            await post(api, "hub", deal(back, days, at))
        assert (await promise(api, f"hubspot-{back}"))["latest_due"] == "2026-11-27T23:59:00Z"


async def test_two_reports_of_a_deal_in_reverse_order_end_in_the_same_first_and_held_date(api: Api) -> None:
    dates = ("made_at", "first_due", "held_due", "latest_due")
    seen = set()
    for number, order in enumerate(permutations([(0, 0), (4, 1), (9, 2)])):
        for days, at in order:
            assert (await post(api, "hub", deal(2_100 + number, days, at))).json()["rejected"] == []
        found = await promise(api, f"hubspot-{2_100 + number}")
        seen.add(tuple(found[name] for name in dates))
    held, latest = "2026-11-27T23:59:00Z", "2026-12-06T23:59:00Z"
    assert seen == {("2026-11-21T10:31:01Z", held, held, latest)}
    rows = await api.rows("SELECT first_at FROM promise WHERE promise_id LIKE 'hubspot-21%'")
    assert {row["first_at"].isoformat() for row in rows} == {"2026-11-21T10:31:01+00:00"}


async def test_a_later_change_of_something_else_changes_nothing(api: Api) -> None:
    for at in range(4):
        said = (await post(api, "hub", deal(3_000, at=at, amount=str(6480 + at)))).json()
        assert said["rejected"] == []
    assert (await promise(api, "hubspot-3000"))["version"] == 1


async def test_a_deal_that_is_lost_after_it_was_won_is_withdrawn(api: Api) -> None:
    await post(api, "hub", deal(3_001))
    assert (await post(api, "hub", deal(3_001, at=5, dealstage="closedlost"))).json()["accepted"] == 1
    assert (await promise(api, "hubspot-3001"))["state"] == "withdrawn"


async def test_a_deal_without_a_date_is_told_to_staff_until_it_has_one(api: Api) -> None:
    first = (await post(api, "hub", deal(3_002, promised_delivery_date=None))).json()
    assert first["accepted"] == 0 or (await promise(api, "hubspot-3002")).get("code") == "not_found"
    assert (await post(api, "hub", deal(3_002, at=1))).json()["rejected"] == []
    assert (await promise(api, "hubspot-3002"))["state"] == "made"


async def test_an_outbound_message_is_acknowledged_in_soap_and_wrong_ones_too(api: Api) -> None:
    said = {
        "StageName": "Closed Won",
        "AccountId": "001Wd",
        "Name": "Espresso",
        "LastModifiedDate": "2026-11-21T10:32:00Z",
    }
    fields = "".join(f"<sf:{name}>{value}</sf:{name}>" for name, value in said.items()).encode()
    raw = sample("salesforce", "xml").replace(b"</sObject>", fields + b"</sObject>")
    for body in (raw, raw, raw.replace(b"?>", b"?><!DOCTYPE x [<!ENTITY a 'b'>]>", 1), b"<broken"):
        answer = await post(api, "sf", body, "text/xml; charset=UTF-8")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/xml; charset=utf-8")
        assert b"<Ack>true</Ack>" in answer.content
    assert (await promise(api, "salesforce-006Wd00000Kq7TzIAJ"))["what"] == "Espresso"
    refused = (await api.call("GET", "/v1/rejected", params={"source": "sf"})).json()["items"]
    assert [one["reason"] for one in refused] == ["malformed_xml"] * 2


async def test_changes_of_salesforce_by_a_relay_come_one_or_many(api: Api) -> None:
    event = json.loads(sample("salesforce"))
    event["payload"]["ChangeEventHeader"]["recordIds"] = ["006A", "006B"]
    said = (await post(api, "sf", canonical([event, event]))).json()
    assert (said["accepted"], said["replayed"], said["rejected"]) == (4, 4, [])


def pipedrive(number: int, steps: Sequence[tuple[str, str]]) -> list[bytes]:
    """The webhooks of a won deal whose date is first one and then another: (date, time of change)."""
    found = []
    for place, (due, at) in enumerate(steps):
        body = copy.deepcopy(json.loads(sample("pipedrive")))
        body["data"] |= {"id": number, "expected_close_date": due, "update_time": at}
        body["previous"] = {"expected_close_date": steps[place - 1][0]} if place else {"status": "open"}
        body["meta"] |= {"entity_id": str(number), "id": f"m-{number}-{place}"}
        found.append(canonical(body))
    return found


async def test_a_deal_of_pipedrive_ends_the_same_in_every_order(api: Api) -> None:
    steps = [("2026-11-30", "2026-11-21T12:40:07Z"), ("2026-12-04", "2026-11-25T08:00:00Z")]
    seen = set()
    for place, order in enumerate([(0, 1), (1, 0), (1, 0, 1), (1, 1, 0, 0), (1,)]):
        bodies = pipedrive(4_000 + place, steps)
        for step in order:
            assert (await post(api, "pd", bodies[step])).json()["rejected"] == []
        found = await promise(api, f"pipedrive-{4_000 + place}")
        dates = ("made_at", "first_due", "held_due", "latest_due", "state")
        seen.add(tuple(found[name] for name in dates))
    assert seen == {
        ("2026-11-21T12:40:07Z", "2026-11-30T23:59:00Z", "2026-11-30T23:59:00Z", "2026-12-04T23:59:00Z", "made")
    }


async def test_a_ticket_of_zendesk_is_a_promise_and_its_customer_can_be_told(api: Api) -> None:
    said = (await post(api, "zd", sample("zendesk"))).json()
    assert (said["accepted"], said["rejected"]) == (3, [])
    assert (await promise(api, "zendesk-20418"))["customer_id"] == "551200"
    empty = await post(api, "zd", b"")
    assert (empty.status_code, empty.json()["accepted"]) == (202, 0)
