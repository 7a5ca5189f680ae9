"""Surprises, silences, standings and how far claims spread, over HTTP: worked out of what customers see and say."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from candor.contracts import AskedBy, Claimed, Level, Message, PromiseRevised, Side
from candor.contracts.matters import OfferState
from risk_svc.insight.reckoning import Reckoning
from tests.support.api import Api
from tests.support.clocks import ManualClock
from tests.support.insight import InsightDesk, gap
from tests.support.lists import ask, names, walk
from tests.support.matters import capability, claim, offer, said, sheet
from tests.support.risk import ARRIVES, DUE, MADE, Story, erased

DAY = timedelta(days=1)
H = timedelta(hours=1)
NOW = MADE + 100 * DAY
TABLES = (
    "insight_promise, insight_state, insight_milestone, insight_redating, insight_score, insight_erased, "
    "insight_matter, insight_statement, insight_capability"
)
LISTS = ("/v1/surprises", "/v1/surprises/departments", "/v1/silences", "/v1/standings", "/v1/claims/spread")


@pytest_asyncio.fixture(loop_scope="session")
async def desk(served: tuple[Api, InsightDesk]) -> InsightDesk:
    _, desk = served
    await desk.database.pool.execute(f"TRUNCATE {TABLES}, insight_erasing, insight_figure, insight_sheet")
    return desk


def reckoning(desk: InsightDesk, *, persons: bool = False) -> Reckoning:
    now = ManualClock(NOW).now
    return Reckoning(desk.database, lambda: True, rates={}, loss_share=0.5, persons=persons, now=now)


def done(name: str, late: timedelta, customer: str = "c1", department: str = "sales", **made: Any) -> list[Message]:
    """A promise that is due at DUE and comes so much later, of which nobody was told anything."""
    story = Story(name, customer)
    arrived = late + (DUE - ARRIVES)
    return [story.made(department=department, **made), story.milestone("departed"), story.milestone("arrived", arrived)]


async def test_surprises_of_both_signs_come_with_what_was_told(api: Api, desk: InsightDesk) -> None:
    told = Story("told", "c2")
    warned = told.made(department="crew"), told.notice(at=DUE - H)
    came = told.milestone("departed"), told.milestone("arrived", DUE - ARRIVES + 2 * H)
    early = done("early", -2 * H, department="service")
    await desk.take(*done("late", 3 * H), *early, *done("usual", 10 * timedelta(minutes=1)), *warned, *came)
    await reckoning(desk).reckon()
    found = {one["promise_id"]: one for one in (await ask(api, "/v1/surprises"))["items"]}
    assert {name: (one["verdict"], one["days"], one["announced"]) for name, one in found.items()} == {
        "late": ("worse", -0.125, False),
        "early": ("better", 0.0833, False),
        # They were told of half an hour after the date, and it took two hours.
        "told": ("worse", -0.0625, True),
    }
    assert (found["told"]["told_before"], found["told"]["expected_from"], found["told"]["size"]) == (
        "warning",
        DUE.isoformat().replace("+00:00", "Z"),
        -1.0,
    )
    for filters, expected in (
        ({"verdict": "better"}, ["early"]),
        ({"announced": "true"}, ["told"]),
        ({"announced": "false", "sort": "size"}, ["late", "early"]),
        ({"customer": "c2"}, ["told"]),
        ({"department": "service"}, ["early"]),
        ({"promise": "late"}, ["late"]),
    ):
        assert sorted(await names(api, "/v1/surprises", "promise_id", **filters)) == sorted(expected)
    headers = {"authorization": f"Bearer {api.keys.keys['viewer']}"}
    for sort in ("newest", "size"):
        walked = await walk(api.client, "/v1/surprises", headers, sort=sort, limit=1)
        assert len({one["promise_id"] for one in walked}) == 3
    ends = [one["ended_at"] for one in (await ask(api, "/v1/surprises"))["items"]]
    assert ends == sorted(ends, reverse=True)


async def test_departments_count_their_surprises(api: Api, desk: InsightDesk) -> None:
    late = [one for number in range(4) for one in done(f"l{number}", 3 * H)]
    usual = [one for number in range(16) for one in done(f"u{number}", timedelta(0))]
    await desk.take(*late, *usual, *done("e", -3 * H, department="service"))
    await reckoning(desk).reckon()
    sales, service = (await ask(api, "/v1/surprises/departments"))["items"]
    assert (sales["name"], sales["promises"], sales["worse_n"], sales["unannounced"]) == ("sales", 20, 4, 4)
    assert (sales["worse"]["value"], sales["better"]["value"]) == (0.2, 0.0)
    assert (service["better_n"], service["better"]["value"], service["better"]["n"]) == (1, None, 1)
    [alone] = (await ask(api, "/v1/surprises/departments", name="service"))["items"]
    assert alone == service


async def test_history_and_what_the_customer_called_off_are_no_surprise(api: Api, desk: InsightDesk) -> None:
    old, off = Story("old"), Story("off")
    past = old.milestone("departed", historical=True), old.milestone("arrived", 5 * H, historical=True)
    await desk.take(old.made(historical=True), *past, off.made(), off.withdrawn())
    await reckoning(desk).reckon()
    assert await names(api, "/v1/surprises", "promise_id") == []
    assert (await ask(api, "/v1/surprises/departments"))["items"] == []


def wide(customer: str, score: float = 60.0) -> list[Message]:
    """An open promise of a customer, with a gap."""
    name = f"open-{customer}"
    return [Story(name, customer).made(value=10.0, currency="EUR"), gap(name, customer, score=score, p_slip=0.5)]


def words(customer: str, *days: float) -> list[Message]:
    """Promises with the date that the customer asked for, made so many days after MADE."""
    found = []
    for day in days:
        story = Story(f"{customer}-{day:g}", customer, start=MADE + day * DAY)
        found.append(story.made(requested_due=MADE + (day + 9) * DAY))
    return found


async def test_who_is_silent_over_an_open_gap_comes_first_and_too_little_history_last(
    api: Api, desk: InsightDesk
) -> None:
    tens = [*range(20, 71, 10)]
    await desk.take(*wide("c1"), *words("c1", *tens), *wide("c2"), *words("c2", *(day + 15 for day in tens)))
    await desk.take(*wide("c3"), *words("c3", 90.0), *wide("c4", 24.0), *words("c4", *tens))
    await reckoning(desk).reckon()
    found = (await ask(api, "/v1/silences"))["items"]
    assert [(one["customer_id"], one["verdict"], one["silence"]["value"], one["days"]) for one in found] == [
        ("c1", "silent", 3.0, 30.0),
        ("c2", "not_silent", 1.5, 15.0),
        ("c3", "too_little_history", None, 10.0),
    ]
    assert (found[0]["worst"], found[0]["score"], found[0]["silence"]["n"]) == ("open-c1", 60.0, 5)
    for filters, expected in (
        ({"verdict": "silent"}, ["c1"]),
        ({"verdict": "too_little_history"}, ["c3"]),
        ({"customer": "c2"}, ["c2"]),
        ({"search": "C"}, ["c1", "c2", "c3"]),
        ({"min_score": 61}, []),
    ):
        assert await names(api, "/v1/silences", "customer_id", **filters) == expected
    # And their accounts are marked.
    marked = {one["customer_id"]: one for one in (await ask(api, "/v1/accounts"))["items"]}
    assert {name: one["contact"] for name, one in marked.items()} == {
        "c1": "silent",
        "c2": "not_silent",
        "c3": "too_little_history",
        "c4": None,
    }
    assert (marked["c1"]["silence"]["value"], marked["c4"]["silence"]) == (3.0, None)
    assert await names(api, "/v1/accounts", "customer_id", contact="silent") == ["c1"]


def spoken(customer: str) -> list[Message]:
    """One word of each sort that there is, ten days apart."""
    asks, agrees = Story("asks", customer), Story("agrees", customer, start=MADE + 30 * DAY)
    wish = PromiseRevised("asks", customer, DUE + DAY, DUE + DAY, AskedBy.CUSTOMER, True, "later")
    return [
        *words(customer, 10),
        asks.made(),
        asks._next(wish, MADE + 20 * DAY),
        agrees.made(),
        agrees.revised(DUE + 40 * DAY),
        offer("taken", OfferState.TAKEN, 2, customer=customer, answered=MADE + 40 * DAY, taken="half price"),
        offer("no", OfferState.DECLINED, 2, customer=customer, answered=MADE + 50 * DAY),
        sheet("s1", Side.CUSTOMERS, 3, customer=customer, day=60),
        said("st1", "customer", "sales", 70 * 24, customer=customer, promise_id="asks"),
    ]


async def test_every_sort_of_word_counts(api: Api, desk: InsightDesk) -> None:
    await desk.take(*wide("c1"), *spoken("c1"))
    await reckoning(desk).reckon()
    [one] = (await ask(api, "/v1/silences"))["items"]
    # Seven words, ten days apart, the last thirty days ago.
    assert (one["silence"]["n"], one["silence"]["value"], one["days"]) == (6, 3.0, 30.0)


async def test_what_the_company_says_is_no_word_and_a_day_counts_once(api: Api, desk: InsightDesk) -> None:
    story = Story("moved", "c1")
    ours = [
        story.made(),
        story.revised(DUE + DAY, held=False),
        story.notice(),
        claim("k1", customer="c1", at=MADE + 3 * DAY),
        offer("open", OfferState.OFFERED, 2, customer="c1", answered=MADE + 4 * DAY),
        said("st2", "sales", "customer", 5 * 24, customer="c1", promise_id="moved"),
    ]
    await desk.take(*wide("c1"), *ours)
    await reckoning(desk).reckon()
    [one] = (await ask(api, "/v1/silences"))["items"]
    assert (one["silence"]["n"], one["days"], one["last_word_at"]) == (0, None, None)
    await desk.take(*words("c1", 10, 10.01, 10.02, 20))
    await reckoning(desk).reckon()
    [one] = (await ask(api, "/v1/silences"))["items"]
    assert (one["silence"]["n"], one["days"]) == (1, 80.0)


async def test_standings_are_ranked_by_their_lower_end(api: Api, desk: InsightDesk) -> None:
    good = [one for number in range(20) for one in done(f"g{number}", timedelta(0), owner="kim")]
    lucky = done("l", timedelta(0), customer="c2", department="new", deliverer="crew-7")
    bad = [one for number in range(3) for one in done(f"b{number}", 9 * H, "c2", "crew")]
    await desk.take(*good, *lucky, *bad)
    await reckoning(desk).reckon()
    found = (await ask(api, "/v1/standings"))["items"]
    assert [(one["name"], one["standing"]["n"], one["too_little_history"]) for one in found] == [
        ("sales", 20, False),
        ("new", 1, True),
        ("crew", 3, True),
    ]
    # What ended about a hundred days ago counts 2^(−100/180) = .68: (13.6 + 1) / (13.6 + 2), and (1 / (2.04 + 2)).
    assert [round(one["standing"]["value"], 2) for one in found] == [0.94, 0.63, 0.25]
    lows = [one["standing"]["low"] for one in found]
    assert lows == sorted(lows, reverse=True)
    assert await names(api, "/v1/standings", "name", by="customer") == ["c1", "c2"]
    assert await names(api, "/v1/standings", "name", by="deliverer") == ["crew-7"]
    hidden = await api.call("GET", "/v1/standings", role="viewer", params={"by": "person"})
    assert (hidden.status_code, "SHOW_PERSONS" in hidden.json()["detail"]) == (422, True)
    assert await desk.rows("SELECT FROM insight_figure WHERE sheet = 'standing:person'") == []


def claimed() -> list[Message]:
    """Telemetry is planned: c1 was told twice, c2 and 40 prospects once; of ten of these six were corrected."""
    return [
        capability(Level.PLANNED),
        capability(Level.AVAILABLE, name="export"),
        capability(Level.PLANNED, name="alerts"),
        claim("k1", customer="c1", at=NOW - DAY),
        claim("k2", customer="c1", at=NOW - 2 * DAY, recipients=2),
        claim("k3", customer="c2", at=NOW - 9 * DAY, recipients=10, reached=6),
        claim("k4", customer=None, at=NOW - DAY, recipients=40),
        claim("k5", customer="c3", at=NOW - DAY, recipients=5, reached=5),
        claim("k6", "export", customer="c3", at=NOW - DAY),
        claim("k7", claimed=Claimed.NONE, customer="c3", at=NOW - DAY, recipients=99),
        claim("k8", "alerts", customer="c2", at=NOW - DAY),
    ]


async def test_an_unmet_claim_says_how_far_it_spreads_and_what_it_may_cost(api: Api, desk: InsightDesk) -> None:
    await desk.take(*wide("c1"), *wide("c2"), *wide("c3"), *claimed())
    await reckoning(desk).reckon()
    telemetry, alerts = (await ask(api, "/v1/claims/spread"))["items"]
    assert (telemetry["capability_id"], telemetry["claims"], telemetry["accounts"], telemetry["prospects"]) == (
        "telemetry",
        4,
        2,
        40,
    )
    # 3 of c1, 4 of c2 and 40 prospects: 47² / (9 + 16 + 40).
    assert (telemetry["reach"], telemetry["effective"], telemetry["growth"]["value"]) == (47.0, 33.98, None)
    # A slip loses 5 of 10, of both accounts that were told: 2 · .5 · 5.
    assert (telemetry["expected_loss"], telemetry["forecasts"], telemetry["currency"]) == (5.0, 2, "EUR")
    assert telemetry["value_at_risk"]["value"] == 10.0
    assert (alerts["capability_id"], alerts["reach"], alerts["effective"], alerts["expected_loss"]) == (
        "alerts",
        1.0,
        1.0,
        2.5,
    )
    assert await names(api, "/v1/claims/spread", "capability_id", capability="alerts") == ["alerts"]
    assert await names(api, "/v1/claims/spread", "capability_id", search="TELE") == ["telemetry"]
    # Once the capability is there, the claim is met.
    await desk.take(capability(Level.AVAILABLE, version=2, at=NOW - H))
    await reckoning(desk).reckon()
    assert await names(api, "/v1/claims/spread", "capability_id") == ["alerts"]


@pytest.mark.parametrize("path", LISTS)
async def test_before_anything_was_worked_out_there_is_nothing_and_what_is_unknown_is_refused(
    api: Api, desk: InsightDesk, path: str
) -> None:
    found = await ask(api, path)
    assert (found["items"], found["made_at"], found["total"]) == ([], None, 0)
    await reckoning(desk).reckon()
    assert (await ask(api, path))["made_at"] is not None
    for asked, code in (
        ("incident=i1", "unknown_parameter"),
        ("cursor=x", "invalid_field"),
        ("limit=0", "invalid_field"),
    ):
        answer = await api.call("GET", f"{path}?{asked}", role="viewer")
        assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert (await api.call("GET", path, role=None)).status_code == 401


async def test_they_come_as_csv(api: Api, desk: InsightDesk) -> None:
    await desk.take(*done("late", 3 * H), *wide("c1"), *claimed())
    await reckoning(desk).reckon()
    for path, name in (("/v1/surprises", "promise_id"), ("/v1/silences", "silence_n"), ("/v1/claims/spread", "reach")):
        answer = await api.call("GET", path, role="viewer", params={"format": "csv"})
        row = next(csv.DictReader(io.StringIO(answer.text)))
        assert row[name] == {"promise_id": "late", "silence_n": "0", "reach": "47.0"}[name]


async def test_whoever_is_forgotten_is_in_none_of_them(api: Api, desk: InsightDesk) -> None:
    await desk.take(*done("late", 3 * H), *wide("c1"), *wide("c2"), *claimed())
    await reckoning(desk).reckon()
    await desk.take(erased("c1", at=NOW))
    for path in ("/v1/surprises", "/v1/silences", "/v1/standings?by=customer"):
        assert "c1" not in {one.get("customer_id", one.get("name")) for one in (await ask(api, path))["items"]}
    await reckoning(desk).reckon()
    assert "c1" not in str([(await ask(api, path))["items"] for path in LISTS])
    [telemetry] = (await ask(api, "/v1/claims/spread", capability="telemetry"))["items"]
    assert (telemetry["accounts"], telemetry["claims"]) == (1, 2)
