"""Answer sheets: over HTTP, by webhook, as CSV; who may read them, and what the event says."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import httpx
import pytest

from candor.contracts import SheetAnswered
from promise_svc.api.matter_csv import SHEETS
from tests.component.promise.bodies import code, new, sent
from tests.component.promise.matters import begun, sheet, shown
from tests.support.api import Api
from tests.support.clocks import NOON, ManualClock

WHOLE = {
    "side": "customers",
    "people": 7,
    "well": 4,
    "well_words": "they call",
    "improve": 2,
    "improve_words": "the dates",
    "others": 3,
    "others_words": "cheaper",
    "beside": "better",
    "onward": 5,
    "onward_words": "call more",
}


async def test_a_sheet_is_kept_whole_and_its_words_are_in_no_event(promise_api: Api) -> None:
    customer = new("c")
    found = await begun(promise_api, "/v1/sheets", {**WHOLE, "customer_id": customer})
    expected = {**WHOLE, "customer_id": customer, "state": "answered", "version": 1, "at": "2013-03-08T12:00:00Z"}
    assert found == {**expected, "sheet_id": found["sheet_id"]}
    one = await shown(promise_api, f"/v1/sheets/{found['sheet_id']}")
    assert (one["well_words"], len(one["entries"])) == ("they call", 1)
    [message] = await sent(promise_api, customer)
    ratings = {"well": 4, "improve": 2, "others": 3, "onward": 5}
    about = {"sheet_id": found["sheet_id"], "side": "customers", "customer_id": customer, "people": 7}
    assert message.data == SheetAnswered(at=NOON, beside="better", **about, **ratings)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"side": "staff"}, "/well"),
        ({"side": "staff", "well_words": "good"}, "/well"),
        ({"side": "friends", "well": 3}, "/side"),
        ({"side": "staff", "well": 6}, "/well"),
        ({"side": "staff", "well": 0}, "/well"),
        ({"side": "staff", "well": 3, "people": 0}, "/people"),
        ({"side": "staff", "well": 3, "people": 100_001}, "/people"),
        ({"side": "staff", "well": 3, "customer_id": "c1"}, "/customer_id"),
        ({"side": "customers", "well": 3, "department": "sales"}, "/department"),
        ({"side": "staff", "well": 3, "beside": "same"}, "/beside"),
        ({"side": "staff", "well": 3, "person": "ada"}, "/person"),
        ({"side": "staff", "well": 3, "well_words": "x" * 2001}, "/well_words"),
        ({"side": "staff", "well": 3, "at": "2013-03-08T12:06:00Z"}, "/at"),
    ],
)
async def test_a_bad_sheet_names_its_field(promise_api: Api, body: dict[str, Any], pointer: str) -> None:
    refused = await promise_api.call("POST", "/v1/sheets", body)
    assert refused.status_code == 422
    assert [error["pointer"] for error in refused.json()["errors"]] == [pointer]


async def test_a_sheet_is_answered_once(promise_api: Api) -> None:
    name = new("s")
    await begun(promise_api, "/v1/sheets", sheet(sheet_id=name))
    again = await promise_api.call("POST", "/v1/sheets", sheet(sheet_id=name, well=1))
    assert (again.status_code, code(again)) == (409, "already_exists")
    by_webhook = await promise_api.webhook("sheet.answered", sheet(sheet_id=name, well=1))
    assert by_webhook.json()["code"] == "already_exists"
    assert (await shown(promise_api, f"/v1/sheets/{name}"))["well"] == 4


async def test_who_may_only_view_reads_no_sheet(promise_api: Api) -> None:
    found = await begun(promise_api, "/v1/sheets", sheet())
    for path in ("/v1/sheets", f"/v1/sheets/{found['sheet_id']}", "/v1/sheets?format=csv"):
        assert (await promise_api.call("GET", path, role="viewer")).status_code == 403
        assert (await promise_api.call("GET", path, role="operator")).status_code == 200
    assert (await promise_api.call("POST", "/v1/sheets", sheet(), role="viewer")).status_code == 403


async def test_lists_are_filtered_and_paged(promise_api: Api, promise_clock: ManualClock) -> None:
    customer = new("c")
    for minutes, side in ((0, "customers"), (1, "customers"), (2, "staff")):
        promise_clock.set(NOON + timedelta(days=400, minutes=minutes))
        about = {"customer_id": customer} if side == "customers" else {}
        await begun(promise_api, "/v1/sheets", sheet(side=side, well=minutes + 1, **about))
    # Other tests' sheets are of other days.
    day = {
        "said_from": (NOON + timedelta(days=400)).isoformat(),
        "said_before": (NOON + timedelta(days=401)).isoformat(),
    }
    assert [item["well"] for item in (await shown(promise_api, "/v1/sheets", **day))["items"]] == [3, 2, 1]
    ours = await shown(promise_api, "/v1/sheets", **day, side="customers", limit=1)
    assert ([item["well"] for item in ours["items"]], ours["total"]) == ([2], 2)
    until = (NOON + timedelta(days=400, minutes=1)).isoformat()
    first = await shown(promise_api, "/v1/sheets", customer_id=customer, said_before=until)
    assert [item["well"] for item in first["items"]] == [1]
    bad = await promise_api.call("GET", "/v1/sheets", params={"side": "friends"})
    assert (bad.status_code, bad.json()["errors"][0]["parameter"]) == (422, "side")


async def put(api: Api, text: str | bytes, role: str = "operator") -> httpx.Response:
    raw = text.encode() if isinstance(text, str) else text
    return await api.call("POST", "/v1/sheets/csv", raw=raw, role=role, headers={"content-type": "text/csv"})


async def test_what_is_given_as_csv_is_taken_as_csv(promise_api: Api, promise_clock: ManualClock) -> None:
    promise_clock.set(NOON + timedelta(days=500))
    words = '=cmd|"x", with, commas\nand a line'
    kept = await begun(promise_api, "/v1/sheets", {**WHOLE, "customer_id": new("c"), "well_words": words})
    day = promise_clock.now(), promise_clock.now() + timedelta(days=1)
    params = {"format": "csv", "said_from": day[0].isoformat(), "said_before": day[1].isoformat()}
    page = await promise_api.call("GET", "/v1/sheets", params=params)
    assert page.headers["content-type"] == "text/csv; charset=utf-8"
    names, row = csv.reader(io.StringIO(page.text))
    assert names == [*SHEETS.columns]
    assert row[names.index("well_words")] == f"'{words}"
    renamed = page.text.replace(kept["sheet_id"], name := new("s"))
    taken = (await put(promise_api, "\ufeff" + renamed)).json()
    assert taken == {"accepted": 1, "replayed": 0, "rejected": []}
    again = await shown(promise_api, f"/v1/sheets/{name}")
    assert {field: again[field] for field in WHOLE} == WHOLE | {"well_words": words}
    assert again["at"] == kept["at"]
    assert (await put(promise_api, renamed)).json() == {"accepted": 0, "replayed": 1, "rejected": []}


async def test_each_row_is_taken_or_refused_on_its_own(promise_api: Api) -> None:
    names = [new("s") for _ in range(4)]
    lines = [
        f"{names[0]},staff,4",
        f"{names[1]},staff,9",
        "",
        ",staff,3",
        f"{names[2]},staff",
        f"{names[3]},leadership,5",
    ]
    answer = (await put(promise_api, "\n".join(["sheet_id,side,well", *lines]))).json()
    assert answer["accepted"] == 2
    assert [(one["index"], one["code"]) for one in answer["rejected"]] == [
        (1, "invalid_field"),
        (2, "invalid_field"),
        (3, "invalid_field"),
    ]
    assert [one["detail"].partition(":")[0] for one in answer["rejected"][:2]] == ["/data/well", "/sheet_id"]
    assert (await shown(promise_api, f"/v1/sheets/{names[3]}"))["side"] == "leadership"


@pytest.mark.parametrize(
    ("text", "status", "said"),
    [
        ("", 422, "sheet_id and side"),
        ("sheet_id,well\ns,1", 422, "sheet_id and side"),
        ("sheet_id,side,mood\ns,staff,1", 422, "mood"),
        ("sheet_id,side,side\ns,staff,1", 422, "each name once"),
        ('sheet_id,side\n"s,staff', 422, "CSV"),
        (b"sheet_id,side\n\xff,staff", 422, "CSV in UTF-8"),
        ("sheet_id,side\n" + "s,staff\n" * 1001, 422, "1,000"),
    ],
)
async def test_a_file_that_cannot_be_read_says_why(promise_api: Api, text: str | bytes, status: int, said: str) -> None:
    answer = await put(promise_api, text)
    assert (answer.status_code, said in answer.text) == (status, True), answer.text


async def test_only_staff_who_may_write_send_csv_and_only_csv(promise_api: Api) -> None:
    assert (await put(promise_api, "sheet_id,side", role="viewer")).status_code == 403
    assert code(await promise_api.call("POST", "/v1/sheets/csv", {})) == "unsupported_media_type"
