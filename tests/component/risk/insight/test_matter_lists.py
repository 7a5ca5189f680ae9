"""Hand-offs, claims and the register as the API lists them: filters, orders, pages, and never of whom was forgotten."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from candor.contracts import Claimed, Level, Message
from candor.contracts.matters import Availability, HandoffState
from risk_svc.web.api import matter_examples, matter_responses
from tests.support.api import Api
from tests.support.insight import InsightDesk, gap
from tests.support.lists import ask, names, walk
from tests.support.matters import capability, claim, handoff
from tests.support.risk import DUE, MADE, Story, erased

TABLES = "insight_promise, insight_state, insight_milestone, insight_matter, insight_capability, insight_erased"
LISTS = ("/v1/handoffs", "/v1/claims", "/v1/claims/recall?capability=telemetry", "/v1/capabilities")
H = timedelta(hours=1)
DAY = timedelta(days=1)
NOW = MADE + 9 * H


@pytest_asyncio.fixture(loop_scope="session")
async def desk(served: tuple[Api, InsightDesk]) -> InsightDesk:
    _, desk = served
    await desk.database.pool.execute(f"TRUNCATE {TABLES}, insight_erasing")
    return desk


def handed() -> list[Message]:
    """Five hand-offs: two open, one of them countered, one expired, one declined, one accepted."""
    return [
        Story("p1", "c1").made(),
        gap("p1", "c1", score=41.0),
        handoff("asked", at=MADE + H, due=DUE + 3 * DAY, expires_at=MADE + 30 * DAY, scope=["ramp", "crew"]),
        handoff("undated", HandoffState.COUNTERED, 2, customer="c2", promise_id="p2", department="success"),
        handoff("expired", at=MADE + 2 * H, expires_at=MADE + 3 * H),
        handoff("declined", HandoffState.DECLINED, 2, deliverer="crew-8"),
        handoff("accepted", HandoffState.ACCEPTED, 2, due=DUE),
    ]


async def test_a_hand_off_says_what_both_sides_know(api: Api, desk: InsightDesk) -> None:
    await desk.take(*handed())
    first, second = (await ask(api, "/v1/handoffs", state="open"))["items"]
    assert (first["handoff_id"], first["promise_kind"], first["promise_standing"]) == ("asked", "flight", "open")
    assert (first["days_apart"], first["score"], first["scope"]) == (3.0, 41.0, ["ramp", "crew"])
    assert (first["department"], first["deliverer"], first["deliverer_open"]) == ("sales", "crew-7", 2)
    # Its promise is not known here yet.
    assert (second["handoff_id"], second["state"], second["promise_standing"], second["due"]) == (
        "undated",
        "countered",
        None,
        None,
    )


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, ["accepted", "asked", "declined", "expired", "undated"]),
        ({"state": "all"}, ["accepted", "asked", "declined", "expired", "undated"]),
        ({"state": "open"}, ["asked", "undated"]),
        ({"state": "requested"}, ["asked"]),
        ({"state": "countered"}, ["undated"]),
        ({"state": "expired"}, ["expired"]),
        ({"state": "declined"}, ["declined"]),
        ({"state": "accepted"}, ["accepted"]),
        ({"state": "withdrawn"}, []),
        ({"sort": "age", "state": "open"}, ["undated", "asked"]),
        ({"sort": "newest", "state": "open"}, ["asked", "undated"]),
        ({"customer": "c2"}, ["undated"]),
        ({"department": "sales", "state": "open"}, ["asked"]),
        ({"promise": "p1", "state": "open"}, ["asked"]),
        ({"deliverer": "crew-8", "state": "declined"}, ["declined"]),
        ({"deliverer": "crew-8"}, ["declined"]),
    ],
)
async def test_hand_offs_are_filtered_and_sorted(
    api: Api, desk: InsightDesk, filters: dict[str, Any], expected: list[str]
) -> None:
    await desk.take(*handed())
    assert await names(api, "/v1/handoffs", "handoff_id", **filters) == expected


async def test_an_expired_hand_off_changed_when_its_time_was_over(api: Api, desk: InsightDesk) -> None:
    await desk.take(*handed())
    [expired] = (await ask(api, "/v1/handoffs", state="expired"))["items"]
    assert expired["changed_at"] == expired["expires_at"] != expired["at"]
    answer = await api.call("GET", "/v1/handoffs", role="viewer", params={"state": "expired", "format": "csv"})
    [line] = csv.DictReader(io.StringIO(answer.text))
    assert line["changed_at"] == line["expires_at"]
    [asked] = (await ask(api, "/v1/handoffs", state="requested"))["items"]
    assert asked["changed_at"] < asked["expires_at"]


@pytest.mark.parametrize("sort", ["due", "age", "newest"])
async def test_hand_offs_page_to_the_end_also_those_without_a_date(api: Api, desk: InsightDesk, sort: str) -> None:
    dated = [handoff(f"h{number}", due=DUE + number % 3 * DAY) for number in range(7)]
    await desk.take(*dated, *(handoff(f"n{number}", at=MADE + number * H) for number in range(4)))
    headers = {"authorization": f"Bearer {api.keys.keys['viewer']}"}
    items = await walk(api.client, "/v1/handoffs", headers, sort=sort, limit=2)
    whole = (await ask(api, "/v1/handoffs", sort=sort, limit=200))["items"]
    assert [item["handoff_id"] for item in items] == [item["handoff_id"] for item in whole]
    assert len({item["handoff_id"] for item in items}) == 11


def claimed() -> list[Message]:
    """Telemetry is planned, and available in the EU: two false claims, one of them to prospects, and two true ones."""
    eu = Availability(Level.AVAILABLE, "4.2", region="eu")
    return [
        capability(Level.PLANNED, eu),
        capability(Level.AVAILABLE, name="export"),
        claim("over", recipients=240, customer=None),
        claim("over", version=2, recipients=240, reached=200, customer=None),
        claim("under", claimed=Claimed.NONE, recipients=9, department="success"),
        claim("true", region="eu", recipients=500),
        claim("other", "export", Claimed.AVAILABLE, customer="c2"),
    ]


async def test_false_claims_come_with_what_there_was_and_whom_they_reached(api: Api, desk: InsightDesk) -> None:
    await desk.take(*claimed())
    over, under = (await ask(api, "/v1/claims", verdict="false"))["items"]
    assert (over["claim_id"], over["verdict"], over["said"], over["there"]) == (
        "over",
        "over_claim",
        "available",
        "planned",
    )
    assert (over["recipients"], over["reached"], over["left_over"], over["customer_id"]) == (240, 200, 40, None)
    assert (under["claim_id"], under["verdict"], under["left_over"]) == ("under", "under_claim", 9)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, ["true", "over", "under", "other"]),
        ({"verdict": "supported"}, ["true", "other"]),
        ({"verdict": "over_claim"}, ["over"]),
        ({"capability": "export"}, ["other"]),
        ({"customer": "c1"}, ["true", "under"]),
        ({"department": "success"}, ["under"]),
        ({"verdict": "false", "left_over": True}, ["over", "under"]),
        # Of a claim that was true nobody is to be corrected.
        ({"left_over": True}, ["over", "under"]),
        ({"verdict": "supported", "left_over": True}, []),
        ({"verdict": "unregistered"}, []),
    ],
)
async def test_claims_are_filtered(api: Api, desk: InsightDesk, filters: dict[str, Any], expected: list[str]) -> None:
    await desk.take(*claimed())
    assert await names(api, "/v1/claims", "claim_id", **filters) == expected


async def test_a_recall_says_who_was_told_who_was_corrected_and_who_is_left(api: Api, desk: InsightDesk) -> None:
    await desk.take(*claimed())
    found = await ask(api, "/v1/claims/recall", capability="telemetry")
    people = {name: found[name] for name in ("claims", "customers", "told", "corrected", "left_over", "exact")}
    assert people == {"claims": 2, "customers": 1, "told": 249, "corrected": 200, "left_over": 49, "exact": True}
    assert [one["claim_id"] for one in found["items"]] == ["over", "under"]
    assert (await ask(api, "/v1/claims/recall", capability="export"))["told"] == 0
    answer = await api.call("GET", "/v1/claims/recall", role="viewer", params={"capability": "telemetri"})
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_capability")
    assert (answer.json()["near"], answer.json()["detail"]) == (
        ["telemetry"],
        "the register has no capability telemetri; near names: telemetry",
    )


async def test_the_register_says_what_is_there_and_what_was_claimed_of_it(api: Api, desk: InsightDesk) -> None:
    await desk.take(*claimed(), capability(Level.BETA, name="export", version=2, at=MADE + 3 * H))
    export, telemetry = (await ask(api, "/v1/capabilities"))["items"]
    assert (export["capability_id"], export["version"], export["statuses"][0]["status"]) == ("export", 2, "beta")
    assert [(one["status"], one["region"], one["since_version"]) for one in telemetry["statuses"]] == [
        ("planned", None, None),
        ("available", "eu", "4.2"),
    ]
    figures = ("claims", "over_claims", "under_claims", "told", "corrected", "left_over", "claims_exact")
    assert [telemetry[name] for name in figures] == [3, 1, 1, 249, 200, 49, True]
    assert await names(api, "/v1/capabilities", "capability_id", search="tele") == ["telemetry"]


@pytest.mark.parametrize(("path", "key"), [("/v1/claims", "claim_id"), ("/v1/capabilities", "capability_id")])
async def test_claims_and_the_register_page_to_the_end(api: Api, desk: InsightDesk, path: str, key: str) -> None:
    await desk.take(*(capability(Level.NONE, name=f"k{number}") for number in range(5)))
    await desk.take(*(claim(f"c{number}", f"k{number}", recipients=1 + number % 2) for number in range(5)))
    headers = {"authorization": f"Bearer {api.keys.keys['viewer']}"}
    items = await walk(api.client, path, headers, limit=2)
    assert len({item[key] for item in items}) == len(items) == 5


@pytest.mark.parametrize("path", LISTS)
async def test_as_csv_they_are_the_same_page(api: Api, desk: InsightDesk, path: str) -> None:
    await desk.take(*claimed(), *handed())
    asked = f"{path}{'&' if '?' in path else '?'}format=csv"
    answer = await api.call("GET", asked, role="viewer")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    items = (await ask(api, path))["items"]
    assert [*rows[0]] == [*items[0]]
    assert len(rows) == len(items) > 0


async def test_whoever_is_forgotten_is_in_none_of_them_from_that_moment_on(api: Api, desk: InsightDesk) -> None:
    await desk.take(*claimed(), *handed(), erased("c1", at=MADE + 9 * DAY))
    assert await names(api, "/v1/handoffs", "handoff_id") == ["undated"]
    assert await names(api, "/v1/claims", "claim_id") == ["over", "other"]
    recalled = await ask(api, "/v1/claims/recall", capability="telemetry")
    assert (recalled["told"], recalled["customers"]) == (240, 0)
    assert (await ask(api, "/v1/capabilities", search="tele"))["items"][0]["claims"] == 1


@pytest.mark.parametrize("path", LISTS)
async def test_what_it_does_not_know_is_refused(api: Api, path: str) -> None:
    for asked, code in (
        ("incident=i1", "unknown_parameter"),
        ("cursor=x", "invalid_field"),
        ("format=xls", "invalid_field"),
        ("limit=0", "invalid_field"),
    ):
        answer = await api.call("GET", f"{path}{'&' if '?' in path else '?'}{asked}", role="viewer")
        assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert (await api.call("GET", path, role=None)).status_code == 401


async def test_a_recall_names_its_capability_and_a_verdict_is_one_of_ours(api: Api) -> None:
    for path in ("/v1/claims/recall", "/v1/claims?verdict=wrong", "/v1/handoffs?state=gone", "/v1/handoffs?sort=x"):
        answer = await api.call("GET", path, role="viewer")
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_field"), path


def test_the_examples_are_answers() -> None:
    for model, example in (
        (matter_responses.HandoffPage, matter_examples.HANDOFFS),
        (matter_responses.ClaimPage, matter_examples.CLAIMS),
        (matter_responses.RecallOut, matter_examples.RECALL),
        (matter_responses.CapabilityPage, matter_examples.CAPABILITIES),
        (matter_responses.OfferPage, matter_examples.OFFERS),
        (matter_responses.ChallengePage, matter_examples.CHALLENGES),
    ):
        assert model.model_validate(example).model_dump(mode="json") == example
