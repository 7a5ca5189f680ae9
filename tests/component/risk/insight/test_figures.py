"""The sheets of `insight`: worked out of the tables, shown with their time, and never of whom was forgotten."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
import pytest_asyncio

from candor.contracts import Message, NoticeState, Statement
from risk_svc.insight.reckoning import Reckoning
from tests.support.api import Api
from tests.support.clocks import ManualClock
from tests.support.insight import InsightDesk, gap
from tests.support.lists import ask, walk
from tests.support.matters import account
from tests.support.risk import DEPARTS, DUE, MADE, Story, erased, incident

TABLES = (
    "insight_promise, insight_state, insight_milestone, insight_redating, insight_incident, insight_erased, "
    "insight_matter"
)
LISTS = (
    "/v1/rollups",
    "/v1/accounts",
    "/v1/value-at-risk",
    "/v1/value-at-risk/renewals",
    "/v1/punctuality",
    "/v1/bias",
)


@pytest_asyncio.fixture(loop_scope="session")
async def desk(served: tuple[Api, InsightDesk]) -> InsightDesk:
    _, desk = served
    await desk.database.pool.execute(f"TRUNCATE {TABLES}, insight_erasing, insight_figure, insight_sheet")
    return desk


def reckoning(desk: InsightDesk, *, persons: bool = False, **rates: float) -> Reckoning:
    now = ManualClock(MADE).now
    return Reckoning(desk.database, lambda: True, rates=rates, loss_share=0.5, persons=persons, now=now)


def still() -> list[Message]:
    """c1 has gaps of 30 and 40 worth 1 and 3, c2 one of 60 worth 10."""
    found: list[Message] = []
    for name, customer, score, value, department in (
        ("p1", "c1", 30.0, 1.0, "sales"),
        ("p2", "c1", 40.0, 3.0, "service"),
        ("p3", "c2", 60.0, 10.0, "sales"),
    ):
        made = Story(name, customer).made(value=value, currency="EUR", department=department)
        found += [made, gap(name, customer, score=score, p_slip=0.5)]
    return found


def ended(count: int, late: int) -> list[Message]:
    """Promises that have ended, `late` of them after the first date; of those the company moved the date in time."""
    found: list[Message] = []
    for number in range(count):
        story = Story(f"e{number}", f"d{number % 3}")
        found.append(story.made(department="crew"))
        if number < late:
            found.append(story.revised(DUE + timedelta(hours=2)))
        delay = 60 if number < late else 0
        found += [story.milestone("departed", delay), story.milestone("arrived", delay)]
    return found


@pytest.mark.parametrize("path", LISTS)
async def test_before_anything_was_worked_out_there_is_nothing_and_it_is_said(
    api: Api, desk: InsightDesk, path: str
) -> None:
    found = await ask(api, path)
    assert (found["items"], found["made_at"], found["total"]) == ([], None, 0)
    await reckoning(desk).reckon()
    assert (await ask(api, path))["made_at"] is not None


async def test_gaps_are_rolled_up_by_value_with_the_worst_beside(api: Api, desk: InsightDesk) -> None:
    await desk.take(*still(), *ended(2, 0))
    await reckoning(desk).reckon()
    found = await ask(api, "/v1/rollups")
    assert found["promises"] == 3
    # sqrt((1 * 30^2 + 3 * 40^2) / 4) = sqrt(1425)
    assert [(one["name"], one["score"], one["worst"], one["value"]) for one in found["items"]] == [
        ("c2", 60.0, "p3", 10.0),
        ("c1", 37.7492, "p2", 4.0),
    ]
    departments = (await ask(api, "/v1/rollups", by="department"))["items"]
    assert [(one["name"], one["promises"], one["worst"]) for one in departments] == [
        ("sales", 2, "p3"),
        ("service", 1, "p2"),
    ]
    [total, *_] = (await ask(api, "/v1/value-at-risk"))["items"]
    assert sum(one["expected_loss"] for one in departments) == pytest.approx(total["expected_loss"]) != 0
    assert {one["value_at_risk"] for one in (await ask(api, "/v1/rollups", by="kind"))["items"]} == {None}
    begins = (await ask(api, "/v1/rollups", by="department", search=departments[0]["name"][:2].upper()))["items"]
    assert departments[0] in begins
    least = departments[0]["score"]
    assert (await ask(api, "/v1/rollups", by="department", min_score=least))["items"] == departments[:1]
    labels = (await ask(api, "/v1/rollups", by="label", name="carrier=XA"))["items"]
    assert [(one["name"], one["promises"]) for one in labels] == [("carrier=XA", 3)]


async def test_accounts_say_what_may_be_lost(api: Api, desk: InsightDesk) -> None:
    await desk.take(*still(), incident())
    await reckoning(desk).reckon()
    found = (await ask(api, "/v1/accounts"))["items"]
    # P(slip) · loss share · value: .5 · .5 · 10, and .5 · .5 · (1 + 3).
    assert [(one["customer_id"], one["expected_loss"], one["forecasts"]) for one in found] == [
        ("c2", 2.5, 1),
        ("c1", 1.0, 2),
    ]
    assert (found[0]["currency"], found[0]["value_at_risk"]["value"]) == ("EUR", 5.0)
    [total] = (await ask(api, "/v1/value-at-risk"))["items"]
    assert (total["expected_loss"], total["promises"], total["no_value"], total["loss_share"]) == (3.5, 3, 0, 0.5)
    assert total["value_at_risk"]["value"] <= total["shortfall"]["value"] <= 7.0
    assert [one["customer_id"] for one in (await ask(api, "/v1/accounts", customer="c1"))["items"]] == ["c1"]


async def test_accounts_come_in_three_orders_by_search_and_from_a_gap_on(api: Api, desk: InsightDesk) -> None:
    # Worth much and hardly in doubt: its loss is 0 in more than 95 of 100 simulations, and largest on average.
    safe = Story("p4", "Corp-1").made(value=900.0, currency="EUR")
    await desk.take(*still(), safe, gap("p4", "Corp-1", score=5.0, p_slip=0.02))
    await reckoning(desk).reckon()
    orders = {
        "loss": ["Corp-1", "c2", "c1"],
        "value_at_risk": ["c2", "c1", "Corp-1"],
        "gap": ["c2", "c1", "Corp-1"],
    }
    headers = {"authorization": f"Bearer {api.keys.keys['viewer']}"}
    for sort, names in orders.items():
        assert [one["customer_id"] for one in (await ask(api, "/v1/accounts", sort=sort))["items"]] == names
        walked = await walk(api.client, "/v1/accounts", headers, sort=sort, limit=1)
        assert [one["customer_id"] for one in walked] == names
    for asked, names in (
        ({"search": "C"}, ["Corp-1", "c2", "c1"]),
        ({"search": "cO"}, ["Corp-1"]),
        ({"min_score": 37}, ["c2", "c1"]),
    ):
        found = await ask(api, "/v1/accounts", **asked)
        assert ([one["customer_id"] for one in found["items"]], found["total"]) == (names, len(names))


async def test_an_account_says_what_was_told_last(api: Api, desk: InsightDesk) -> None:
    story = Story("p2", "c1")
    story.made()
    held = story.notice(Statement.UPDATE, NoticeState.HELD, notice_id="n2", at=MADE + timedelta(hours=15))
    await desk.take(*still(), story.notice(), held)
    await reckoning(desk).reckon()
    found = {one["customer_id"]: one for one in (await ask(api, "/v1/accounts"))["items"]}
    told = [found["c1"][name] for name in ("last_told", "last_told_at", "last_told_of", "open_gaps")]
    assert told == ["warning", DEPARTS.isoformat().replace("+00:00", "Z"), "p2", 2]
    assert (found["c2"]["last_told"], found["c2"]["last_told_at"]) == (None, None)


async def test_other_currencies_count_by_their_rate_or_are_left_out_and_said(api: Api, desk: InsightDesk) -> None:
    await desk.take(*still(), Story("p4", "c4").made(value=8.0, currency="USD"), gap("p4", "c4", p_slip=0.5))
    await reckoning(desk).reckon()
    total, dollars = (await ask(api, "/v1/value-at-risk"))["items"]
    assert (total["expected_loss"], total["no_rate"]) == (3.5, 1)
    windows = (await ask(api, "/v1/value-at-risk/renewals"))["items"]
    assert [(one["currency"], one["window"]) for one in windows] == [("EUR", "no renewal"), ("USD", "no renewal")]
    assert (dollars["name"], dollars["currency"], dollars["expected_loss"]) == ("USD", "USD", 2.0)
    [account] = (await ask(api, "/v1/accounts", customer="c4"))["items"]
    assert [(one["currency"], one["expected_loss"]) for one in account["apart"]] == [("USD", 2.0)]
    await reckoning(desk, EUR=1.0, USD=0.5).reckon()
    [total] = (await ask(api, "/v1/value-at-risk"))["items"]
    assert (total["expected_loss"], total["no_rate"]) == (4.5, 0)


async def test_accounts_say_what_is_at_stake_and_how_much_leeway_is_left(api: Api, desk: InsightDesk) -> None:
    renewal = account("c2", renews_on=(MADE + timedelta(days=30)).date(), exposure=2.0, currency="EUR")
    late = [Story(f"r{number}", "d") for number in range(24)]
    steps = [one.milestone(name, 60) for one in late for name in ("departed", "arrived")]
    await desk.take(*still(), *(one.made() for one in late), *steps, renewal)
    await reckoning(desk).reckon()
    first, second = (await ask(api, "/v1/accounts"))["items"]
    # Half a chance to lose all that can be lost of it.
    assert (first["customer_id"], first["expected_loss"], first["exposure"]) == ("c2", 1.0, 2.0)
    windows = (await ask(api, "/v1/value-at-risk/renewals"))["items"]
    assert [(one["window"], one["accounts"], one["forecasts"]) for one in windows] == [
        ("30 days", 1, 1),
        ("no renewal", 1, 2),
    ]
    assert [one["expected_loss"] for one in windows] == [1.0, second["expected_loss"]]
    for days, names in ((29, []), (30, ["c2"])):
        near = await ask(api, "/v1/accounts", renews_within=days)
        assert ([one["customer_id"] for one in near["items"]], near["total"]) == (names, len(names))
    assert (first["renews_on"], first["renewal_in_days"]) == ("2013-03-07", 29.8)
    # Each was done 45 minutes after the date that its customer held.
    assert first["leeway_days"] == {"value": 29.7, "low": 29.7, "high": 29.7, "n": 24}
    assert (second["renews_on"], second["leeway_days"]["value"], second["apart"]) == (None, None, [])
    await desk.take(erased("c2", at=MADE + timedelta(days=9)))
    await reckoning(desk).reckon()
    assert [one["customer_id"] for one in (await ask(api, "/v1/accounts"))["items"]] == ["c1"]


async def owned(api: Api) -> tuple[int, int]:
    """Of how many promises the factor "has an owner" is, and how many of them are open and overdue."""
    found = {one["name"]: one["lift"] for one in (await ask(api, "/v1/factors"))["items"]}
    return found["has an owner"]["n"], found["has an owner"]["open"]


async def test_open_promises_count_once_they_are_overdue(api: Api, desk: InsightDesk) -> None:
    moved = Story("m1", "c9")
    still = [Story(f"s{number}", "c9").made(department="crew", owner="kim") for number in range(20)]
    ahead = [moved.made(department="crew"), moved.revised(DUE + timedelta(days=9))]
    await desk.take(*ended(24, 6), *still, *ahead)
    await reckoning(desk).reckon()
    [team] = (await ask(api, "/v1/punctuality"))["items"]
    assert (team["promises"], team["open"], team["latest"]["value"]) == (24, 0, 1.0)
    assert await owned(api) == (0, 0)
    after = ManualClock(DUE + timedelta(days=1)).now
    await Reckoning(desk.database, lambda: True, rates={}, loss_share=0.5, now=after).reckon()
    page = await ask(api, "/v1/punctuality")
    assert page["promises"] == 44
    [team] = page["items"]
    # The one whose date was moved is past its first date, and neither kept by it nor late for the last.
    assert (team["promises"], team["open"]) == (45, 21)
    assert (team["first"]["n"], team["first"]["open"], team["first"]["value"]) == (45, 21, 0.4)
    assert (team["latest"]["n"], team["latest"]["open"], team["latest"]["value"]) == (44, 20, 0.5455)
    assert (team["reset"]["n"], team["reset"]["value"]) == (45, round(7 / 45, 4))
    [bias] = (await ask(api, "/v1/bias"))["items"]
    assert (bias["drift"]["n"], bias["drift"]["open"]) == (45, 21)
    standing = {one["name"]: one["standing"] for one in (await ask(api, "/v1/standings"))["items"]}["crew"]
    assert (standing["n"], standing["open"]) == (44, 20)
    assert await owned(api) == (44, 20)
    factors = await api.call("GET", "/v1/factors", role="viewer", params={"format": "csv"})
    assert {row["lift_open"] for row in csv.DictReader(io.StringIO(factors.text))} == {"0", "20"}
    answer = await api.call("GET", "/v1/punctuality", role="viewer", params={"format": "csv"})
    rows = [*csv.DictReader(io.StringIO(answer.text))]
    assert (rows[0]["open"], rows[0]["latest_open"], rows[0]["first_n"]) == ("21", "20", "45")


async def test_punctuality_three_ways_with_resets(api: Api, desk: InsightDesk) -> None:
    await desk.take(*ended(24, 6))
    await reckoning(desk).reckon()
    [team] = (await ask(api, "/v1/punctuality"))["items"]
    assert (team["name"], team["promises"]) == ("crew", 24)
    shares = {name: team[name]["value"] for name in ("first", "latest", "in_full", "reset", "requested")}
    assert shares == {"first": 0.75, "latest": 1.0, "in_full": 1.0, "reset": 0.25, "requested": None}
    assert (team["plan_complete"]["value"], team["plan_complete"]["n"]) == (0.75, 48)
    assert 0.5 < team["first"]["low"] < 0.75 < team["first"]["high"] < 0.9
    customers = (await ask(api, "/v1/punctuality", by="customer"))["items"]
    assert [(one["promises"], one["first"]["value"], one["first"]["n"]) for one in customers] == [(8, None, 8)] * 3

    assert team["reasons"] == [{"reason": "crew", "n": 6}]
    [whole] = (await ask(api, "/v1/punctuality", by="all"))["items"]
    assert {name: whole[name] for name in shares} == {name: team[name] for name in shares}
    headers = {"authorization": f"Bearer {api.keys.keys['viewer']}"}
    text = (await api.client.get("/v1/punctuality?format=csv", headers=headers)).text
    assert next(csv.DictReader(io.StringIO(text)))["reasons"] == "crew (6)"
    [month] = (await ask(api, "/v1/punctuality", by="month"))["items"]
    assert (month["name"], month["promises"]) == ("2013-02", 24)


def taken() -> list[Message]:
    """Of forty promises each, those of `sales` take twice as long as those of `service`; those of `new` are few."""
    found: list[Message] = []
    for number in range(90):
        team, late = ("sales", 14.0) if number < 40 else ("service", 0.0) if number < 80 else ("new", 7.0)
        story = Story(f"b{number}", "c1")
        found.append(story.made(department=team, deliverer=f"crew-{number % 2}", owner=f"kim-{number % 3}"))
        delay = timedelta(hours=late, minutes=number % 7)
        found += [story.milestone("departed", delay), story.milestone("arrived", delay)]
    return found


async def test_bias_in_both_directions_with_too_little_history_said(api: Api, desk: InsightDesk) -> None:
    await desk.take(*taken())
    await reckoning(desk).reckon()
    found = await ask(api, "/v1/bias")
    assert found["promises"] == 90
    assert [(one["name"], one["verdict"], one["drift"]["n"]) for one in found["items"]] == [
        ("sales", "optimistic", 40),
        ("service", "padded", 40),
        ("new", "too_little_history", 10),
    ]
    assert found["items"][2]["drift"] == {"value": None, "low": None, "high": None, "n": 10, "open": 0}
    padded = await ask(api, "/v1/bias", verdict="padded")
    assert ([one["name"] for one in padded["items"]], padded["total"]) == (["service"], 1)
    # Both crews work for all teams alike: what is the teams' is not theirs.
    crews = (await ask(api, "/v1/bias", by="deliverer"))["items"]
    assert {(one["name"], one["verdict"]) for one in crews} == {("crew-0", "unclear"), ("crew-1", "unclear")}


async def test_persons_are_hidden_until_they_are_switched_on_and_again_after_it(api: Api, desk: InsightDesk) -> None:
    await desk.take(*taken())
    for shown in (False, True, False):
        api.app.state.show_persons = shown
        await reckoning(desk, persons=shown).reckon()
        answer = await api.call("GET", "/v1/bias", role="viewer", params={"by": "person"})
        assert (answer.status_code, "kim-0" in answer.text) == ((200, True) if shown else (422, False))
        stored = await desk.rows("SELECT name FROM insight_figure WHERE sheet = 'bias:person'")
        assert len(stored) == (3 if shown else 0)
    assert answer.json()["errors"] == [{"detail": answer.json()["detail"], "parameter": "by"}]
    assert "SHOW_PERSONS" in answer.json()["detail"]


async def test_a_sheet_pages_to_its_end_and_comes_as_csv(api: Api, desk: InsightDesk) -> None:
    await desk.take(*still())
    await reckoning(desk).reckon()
    headers = {"authorization": f"Bearer {api.keys.keys['viewer']}"}
    items = await walk(api.client, "/v1/accounts", headers, limit=1)
    assert [one["customer_id"] for one in items] == ["c2", "c1"]
    answer = await api.call("GET", "/v1/accounts", role="viewer", params={"format": "csv"})
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(row["customer_id"], row["expected_loss"], row["value_at_risk_value"]) for row in rows] == [
        ("c2", "2.5", "5.0"),
        ("c1", "1.0", rows[1]["value_at_risk_value"]),
    ]


async def test_whoever_is_forgotten_is_in_no_sheet_also_of_a_run_under_way(api: Api, desk: InsightDesk) -> None:
    await desk.take(*still())
    under_way = reckoning(desk)
    await under_way.reckon()
    run = await under_way._begin()
    await desk.take(erased("c2", at=MADE + timedelta(hours=1)))
    assert [one["customer_id"] for one in (await ask(api, "/v1/accounts"))["items"]] == ["c1"]
    # As if this run had read the tables before the erasure, and shows now.
    stored = await desk.rows("SELECT sheet, run FROM insight_sheet WHERE sheet = 'account'")
    await desk.database.pool.execute(
        "INSERT INTO insight_figure VALUES ('account', $1, 'c2', 9, 'c2', '{}')", stored[0]["run"]
    )
    await under_way._show("account", run._replace(number=stored[0]["run"]), 3)
    assert [one["customer_id"] for one in (await ask(api, "/v1/accounts"))["items"]] == ["c1"]


async def test_of_earlier_runs_nothing_is_left(desk: InsightDesk) -> None:
    await desk.take(*still())
    for _ in range(3):
        await reckoning(desk).reckon()
    assert await desk.rows("SELECT FROM insight_figure JOIN insight_sheet USING (sheet, run)")
    left = "SELECT sheet, run FROM insight_figure EXCEPT SELECT sheet, run FROM insight_sheet"
    assert await desk.rows(left) == []


async def test_only_one_process_works_them_out(desk: InsightDesk) -> None:
    idle = Reckoning(desk.database, lambda: False, rates={}, loss_share=0.5)
    assert await idle.round() >= 10
    assert await desk.rows("SELECT FROM insight_sheet") == []


@pytest.mark.parametrize("path", LISTS)
async def test_what_it_does_not_know_is_refused(api: Api, path: str) -> None:
    for asked, code in (
        ("incident=i1", "unknown_parameter"),
        ("cursor=x", "invalid_field"),
        ("format=xls", "invalid_field"),
    ):
        answer = await api.call("GET", f"{path}?{asked}", role="viewer")
        assert (answer.status_code, answer.json()["code"]) == (422, code)
