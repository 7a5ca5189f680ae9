"""Lead times that sources state of competitors: over HTTP, by webhook, as CSV; said anew, and withdrawn."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from candor.contracts import LeadTimeChanged
from candor.contracts.market import LeadTimeState
from promise_svc.api.matter_csv import LEAD_TIMES
from tests.component.promise.bodies import code, new, sent
from tests.component.promise.matters import begun, lead_time, shown
from tests.support.api import Api
from tests.support.clocks import NOON


async def test_what_a_source_states_is_kept_with_who_states_it(promise_api: Api) -> None:
    body = lead_time(low=7, high=14, labels={"place": "berlin"}, url="https://brew.example/x", words="ten days")
    found = await begun(promise_api, "/v1/lead-times", body)
    assert found == {
        **body,
        **{"lead_time_id": found["lead_time_id"], "unit": "days", "state": "stated", "version": 1},
    }
    [message] = await sent(promise_api, found["lead_time_id"])
    assert isinstance(message.data, LeadTimeChanged)
    assert (message.data.state, message.data.typical, message.data.unit) == (LeadTimeState.STATED, 10.0, "days")
    assert (message.data.source, message.data.url) == ("their delivery page", "https://brew.example/x")
    assert message.data.at < NOON
    assert not hasattr(message.data, "words")


async def test_it_is_said_anew_under_its_id_and_withdrawn(promise_api: Api) -> None:
    body = lead_time(lead_time_id=new("lt"))
    path = f"/v1/lead-times/{body['lead_time_id']}"
    await begun(promise_api, "/v1/lead-times", body)
    assert (await begun(promise_api, "/v1/lead-times", body))["version"] == 1
    newer = await begun(promise_api, "/v1/lead-times", body | {"typical": 8, "at": "2013-03-08T11:30:00Z"})
    assert (newer["version"], newer["typical"]) == (2, 8.0)
    gone = await promise_api.call("POST", f"{path}/withdraw", {"reason": "the page is gone"})
    assert (gone.status_code, gone.json()["state"]) == (200, "withdrawn")
    twice = await promise_api.call("POST", f"{path}/withdraw", {"reason": "again"})
    assert (twice.status_code, code(twice)) == (409, "not_now")
    assert [one["action"] for one in (await shown(promise_api, path))["entries"]] == ["stated", "stated", "withdrawn"]


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"low": 11}, "/low"),
        ({"high": 9}, "/high"),
        ({"typical": 0}, "/typical"),
        ({"unit": "weeks"}, "/unit"),
        ({"url": "ftp://x"}, "/url"),
        ({"source": ""}, "/source"),
        ({"at": "2013-03-08T12:06:00Z"}, "/at"),
    ],
)
async def test_a_bad_one_names_its_field(promise_api: Api, changes: dict[str, Any], pointer: str) -> None:
    refused = await promise_api.call("POST", "/v1/lead-times", lead_time(**changes))
    assert refused.status_code == 422
    assert [error["pointer"] for error in refused.json()["errors"]] == [pointer]


async def test_lists_are_filtered_and_what_is_given_as_csv_is_taken_as_csv(promise_api: Api) -> None:
    competitor = new("brew")
    body = lead_time(competitor=competitor, lead_time_id=new("lt"), low=7.5, labels={"place": "berlin"})
    found = await begun(promise_api, "/v1/lead-times", body)
    listed = await shown(promise_api, "/v1/lead-times", competitor=competitor, state="stated")
    assert [one["lead_time_id"] for one in listed["items"]] == [found["lead_time_id"]]
    asked = {"competitor": competitor, "format": "csv"}
    page = await promise_api.call("GET", "/v1/lead-times", role="viewer", params=asked)
    names, row = csv.reader(io.StringIO(page.text))
    assert names == [*LEAD_TIMES.columns]
    assert row[names.index("labels")] == "place=berlin"
    renamed = page.text.replace(found["lead_time_id"], new("lt"))
    headers = {"content-type": "text/csv"}
    taken = await promise_api.call("POST", "/v1/lead-times/csv", raw=renamed.encode(), headers=headers)
    assert taken.json() == {"accepted": 1, "replayed": 0, "rejected": []}
    first, second = (await shown(promise_api, "/v1/lead-times", competitor=competitor))["items"]
    assert {**first, "lead_time_id": ""} == {**second, "lead_time_id": ""}
    bad = await promise_api.call("GET", "/v1/lead-times", params={"kind": "install"})
    assert (bad.status_code, code(bad)) == (422, "unknown_parameter")


async def test_a_signed_webhook_brings_and_withdraws_them(promise_api: Api) -> None:
    name = new("lt")
    taken = await promise_api.webhook("lead_time.stated", lead_time(lead_time_id=name))
    assert taken.json() == {"state": "accepted", "lead_time_id": name, "version": 1, "in_effect": True}
    gone = await promise_api.webhook("lead_time.withdrawn", {"lead_time_id": name, "reason": "r"})
    assert (gone.json()["version"], gone.json()["in_effect"]) == (2, True)
