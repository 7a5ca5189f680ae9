"""Where messages change: along a promise's path, by kind of hop, and the statements that changed most."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from candor.contracts import Message
from candor.contracts.matters import HandoffState
from risk_svc.insight import paths
from risk_svc.insight.reckoning import Reckoning
from risk_svc.web.api import hop_examples, hop_responses
from tests.component.risk.insight.test_figures import reckoning
from tests.support.api import Api
from tests.support.insight import InsightDesk, gap
from tests.support.lists import ask, walk
from tests.support.matters import handoff, path_of, said
from tests.support.risk import DUE, MADE, Story, erased

TABLES = "insight_promise, insight_state, insight_milestone, insight_statement, insight_erased, insight_erasing"
LISTS = ("/v1/hops", "/v1/hops/statements")


@pytest_asyncio.fixture(loop_scope="session")
async def desk(served: tuple[Api, InsightDesk]) -> InsightDesk:
    _, desk = served
    await desk.database.pool.execute(f"TRUNCATE {TABLES}, insight_figure, insight_sheet")
    return desk


def flights(count: int) -> list[Message]:
    """Promises whose date product makes 9 days earlier, and sales leaves as it is but for every second one."""
    found: list[Message] = []
    for number in range(count):
        name, customer = f"p{number}", f"c{number % 3}"
        found.append(Story(name, customer).made(kind="flight" if number % 2 else "train"))
        found += path_of(name, customer, 20, 11, 11 - 3 * (number % 2))
    return found


async def test_quantities_in_units_that_cannot_be_compared_are_said_and_change_nothing(
    api: Api, desk: InsightDesk
) -> None:
    await desk.take(
        said("u1", "engineering", "product", 1, promise_id="pu", quantity=2.0, unit="weeks"),
        said("u2", "product", "sales", 2, promise_id="pu", quantity=14.0, unit="days"),
        said("v1", "engineering", "product", 1, promise_id="pv", quantity=3.0, unit="dozen"),
        said("v2", "product", "sales", 2, promise_id="pv", quantity=40.0, unit="kg"),
    )
    alike, unlike = [await ask(api, f"/v1/promises/{name}/path") for name in ("pu", "pv")]
    assert (alike["hops"][0]["drift_quantity"], alike["unlike_units"]) == (0.0, [])
    assert (unlike["hops"][0]["drift_quantity"], unlike["unlike_units"]) == (None, ["3 dozen", "40 kg"])
    listed = {one["statement_id"]: one for one in (await ask(api, "/v1/hops/statements"))["items"]}
    assert (listed["u2"]["unlike_units"], listed["v2"]["unlike_units"]) == (False, True)


async def test_the_path_of_a_promise_names_the_first_hop_past_its_threshold(api: Api, desk: InsightDesk) -> None:
    slots: dict[str, Any] = {
        "scope": ["ramp", "crew"],
        "quantity": 100.0,
        "certainty": 2,
        "conditions": ["parts arrive"],
    }
    sold: dict[str, Any] = {"scope": ["ramp", "crew", "meal"], "quantity": 125.0, "certainty": 4, "conditions": []}
    await desk.take(
        Story().made(),
        said("a", "engineering", "product", 1, due=DUE, **slots),
        said("b", "product", "sales", 2, due=DUE - timedelta(days=9), **slots),
        said("c", "sales", "customer", 3, due=DUE - timedelta(days=15), **sold),
    )
    found = await ask(api, "/v1/promises/p1/path")
    product, sales = found["hops"]
    # The case that the measure's own test computes by hand.
    assert product["distortion"] == pytest.approx(0.105)
    assert sales["distortion"] == pytest.approx(0.35 * 0.2 + 0.25 / 3 + 0.15 * 0.2 + 0.15 * 0.5 + 0.10, abs=1e-4)
    assert (found["first_past"], sales["past_threshold"], product["past_threshold"]) == ("sales>customer", True, False)
    assert (product["days"], sales["days"], sales["heard"], sales["heard_from"]) == (-9.0, -6.0, "b", "product")
    assert found["distortion_sum"] == pytest.approx(product["distortion"] + sales["distortion"], abs=2e-4)
    assert found["net_distortion"] == pytest.approx(found["distortion_sum"], abs=2e-4)
    assert found["net"]["drift_date"] == pytest.approx(0.5)
    assert (sales["drift_scope"], sales["drift_conditions"]) == (pytest.approx(1 / 3, abs=1e-4), 1.0)
    assert (found["kind"], found["customer_id"], found["statements"], found["waits"]) == ("flight", "c1", 3, False)
    stored = {one["statement_id"]: one for one in (await ask(api, "/v1/hops/statements"))["items"]}
    assert [stored["b"], stored["c"]] == [product, sales]


async def test_a_path_without_its_promise_waits_in_sight(api: Api, desk: InsightDesk) -> None:
    await desk.take(*path_of("p1", "c1", 9, 0))
    found = await ask(api, "/v1/promises/p1/path")
    assert (found["waits"], found["kind"], len(found["hops"])) == (True, None, 1)
    assert [one["waits"] for one in (await ask(api, "/v1/hops/statements"))["items"]] == [True]
    await desk.take(Story().made())
    assert (await ask(api, "/v1/promises/p1/path"))["waits"] is False


async def test_a_promise_of_which_nothing_was_passed_on_has_an_empty_path(api: Api, desk: InsightDesk) -> None:
    await desk.take(Story().made(), said("a", "engineering", "product"))
    found = await ask(api, "/v1/promises/p1/path")
    assert (found["hops"], found["first_past"], found["distortion_sum"], found["statements"]) == ([], None, 0, 1)


async def test_kinds_of_hops_have_their_mean_interval_and_ratio(api: Api, desk: InsightDesk) -> None:
    await desk.take(*flights(40))
    found = await ask(api, "/v1/hops")
    assert (found["messages"], found["messages_exact"], found["total"]) == (80, True, 2)
    product, sales = found["items"]
    assert (product["name"], product["distortion"]) == (
        "product>sales",
        {"value": pytest.approx(0.3), "low": pytest.approx(0.3), "high": pytest.approx(0.3), "n": 40},
    )
    assert sales["drift_date"]["value"] == pytest.approx(0.05)
    # t(39; .975) = 2.0227, s = .05·√(40/39).
    half = 2.0227 * 0.05 * (40 / 39) ** 0.5 / 40**0.5
    assert (sales["drift_date"]["low"], sales["drift_date"]["high"]) == pytest.approx(
        (0.05 - half, 0.05 + half), abs=1e-4
    )
    assert (sales["days"]["value"], sales["too_little_history"]) == (pytest.approx(-1.5), None)
    # All were told the same date by product, so there is nothing to divide by.
    assert sales["variance_ratio"] == {"value": None, "low": None, "high": None, "n": 40}


async def test_dates_that_swing_more_than_those_heard_have_a_ratio_above_one(api: Api, desk: InsightDesk) -> None:
    for number in range(30):
        heard = number % 5
        await desk.take(Story(f"p{number}").made(), *path_of(f"p{number}", "c1", 9, heard, 2 * heard))
    sales = next(one for one in (await ask(api, "/v1/hops"))["items"] if one["name"] == "sales>customer")
    assert sales["variance_ratio"]["value"] == pytest.approx(4.0)


async def test_of_few_it_is_said_in_words_that_there_is_too_little_history(api: Api, desk: InsightDesk) -> None:
    await desk.take(*flights(7))
    for one in (await ask(api, "/v1/hops"))["items"]:
        assert one["too_little_history"] == "too little history: 7 of at least 20 messages"
        assert (one["distortion"]["value"], one["distortion"]["n"]) == (None, 7)


@pytest.mark.parametrize(
    ("filters", "kinds", "statements"),
    [
        ({"kind": "train"}, {"product>sales", "sales>customer"}, 20),
        ({"department": "sales"}, {"sales>customer"}, 20),
        ({"department": "sales", "kind": "flight"}, {"sales>customer"}, 10),
        ({"promise": "p3"}, {"product>sales", "sales>customer"}, 2),
        ({"min_distortion": 0.2}, {"product>sales"}, 20),
        ({"kind": "boat"}, set(), 0),
    ],
)
async def test_filters(api: Api, desk: InsightDesk, filters: dict[str, Any], kinds: set[str], statements: int) -> None:
    await desk.take(*flights(20))
    assert {one["name"] for one in (await ask(api, "/v1/hops", **filters))["items"]} == kinds
    found = await ask(api, "/v1/hops/statements", **filters)
    assert (found["total"], len(found["items"])) == (statements, statements)


async def test_lists_page_to_their_end_with_the_largest_distortion_first(api: Api, desk: InsightDesk) -> None:
    await desk.take(*flights(20))
    headers = {"authorization": f"Bearer {api.keys.keys['viewer']}"}
    items = await walk(api.client, "/v1/hops/statements", headers, limit=7)
    assert len({one["statement_id"] for one in items}) == 40
    assert [one["distortion"] for one in items] == sorted((one["distortion"] for one in items), reverse=True)
    hops = await walk(api.client, "/v1/hops", headers, limit=1)
    assert [one["name"] for one in hops] == ["product>sales", "sales>customer"]


async def test_as_csv_they_are_the_same_page(api: Api, desk: InsightDesk) -> None:
    await desk.take(*flights(20))
    for path, column, value in (
        ("/v1/hops", "distortion_n", "20"),
        ("/v1/hops/statements", "said_by", "product"),
        ("/v1/promises/p1/path", "heard_from", "engineering"),
    ):
        answer = await api.call("GET", path, role="viewer", params={"format": "csv"})
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        rows = list(csv.DictReader(io.StringIO(answer.text)))
        assert rows[0][column] == value


async def test_open_gaps_are_rolled_up_by_the_hop_that_changed_the_message(api: Api, desk: InsightDesk) -> None:
    await desk.take(*flights(4), *(gap(f"p{number}", f"c{number % 3}", score=40.0) for number in range(4)))
    await reckoning(desk).reckon()
    found = await ask(api, "/v1/rollups", by="hop")
    assert [(one["name"], one["promises"], one["score"]) for one in found["items"]] == [("product>sales", 4, 40.0)]


OWN = {"product>sales": 0.31, "sales>customer": 0.1}


@pytest.fixture
def thresholds(api: Api) -> Iterator[dict[str, float]]:
    before = api.app.state.hop_thresholds
    api.app.state.hop_thresholds = OWN
    yield OWN
    api.app.state.hop_thresholds = before


async def test_a_kind_of_hop_may_have_a_threshold_of_its_own(
    api: Api, desk: InsightDesk, thresholds: dict[str, float]
) -> None:
    # Product changes .3 of each message, sales .1 of every second one.
    await desk.take(*flights(4), *(gap(f"p{number}", f"c{number % 3}", score=40.0) for number in range(4)))
    first = {name: (await ask(api, f"/v1/promises/{name}/path"))["first_past"] for name in ("p0", "p1")}
    assert first == {"p0": None, "p1": "sales>customer"}
    past = {one["statement_id"]: one["past_threshold"] for one in (await ask(api, "/v1/hops/statements"))["items"]}
    assert (past["p1-1-0"], past["p1-2-0"], past["p0-2-0"]) == (False, True, False)
    assert {one["name"]: one["threshold"] for one in (await ask(api, "/v1/hops"))["items"]} == thresholds
    await Reckoning(desk.database, lambda: True, rates={}, loss_share=0.5, thresholds=thresholds).reckon()
    found = await ask(api, "/v1/rollups", by="hop")
    assert [(one["name"], one["promises"]) for one in found["items"]] == [("sales>customer", 2)]


async def test_what_is_said_of_anothers_work_before_it_accepted_is_an_imposition(api: Api, desk: InsightDesk) -> None:
    def made(name: str, **fields: Any) -> list[Message]:
        return [Story(name).made(department="sales", **fields), *path_of(name, "c1", 9, 3, 0)]

    await desk.take(
        *made("never", deliverer="crew-7", accepted=False),
        # Product speaks an hour after engineering, sales two hours: the crew accepts in between.
        *made("between", deliverer="crew-7", accepted=True),
        handoff("h1", HandoffState.ACCEPTED, 2, promise_id="between", at=MADE + timedelta(minutes=30)),
        *made("own", deliverer="sales", accepted=False),
        *made("from-the-start", deliverer="crew-7", accepted=True),
        *made("nobody", deliverer=None, accepted=True),
    )
    items = (await ask(api, "/v1/hops/statements", limit=200))["items"]
    found = {(one["promise_id"], one["said_by"]): one["imposed"] for one in items}
    assert [found[name, "product"] for name in ("never", "between", "own", "from-the-start", "nobody")] == [
        True,
        True,
        True,
        False,
        None,
    ]
    assert [found[name, "sales"] for name in ("never", "between", "own")] == [True, False, None]
    for one in (await ask(api, "/v1/hops"))["items"]:
        assert (one["imposed"]["value"], one["imposed"]["n"]) == (
            None,
            {"product>sales": 4, "sales>customer": 3}[one["name"]],
        )


async def test_impositions_are_a_share_of_what_is_said_of_anothers_work(api: Api, desk: InsightDesk) -> None:
    for number in range(20):
        made = Story(f"p{number}").made(deliverer="crew-7", accepted=number % 4 > 0)
        await desk.take(made, *path_of(f"p{number}", "c1", 9, 3))
    [one] = (await ask(api, "/v1/hops"))["items"]
    # Wilson's interval of 5 in 20.
    assert one["imposed"] == {"value": 0.25, "low": 0.1119, "high": 0.4687, "n": 20}


async def test_of_very_many_statements_the_newest_count(
    api: Api, desk: InsightDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.take(*flights(6))
    monkeypatch.setattr(paths, "_RECORDS", paths._RECORDS.replace(f"LIMIT {paths.NEWEST}", "LIMIT 5"))
    monkeypatch.setattr(paths, "NEWEST", 5)
    found = await ask(api, "/v1/hops")
    assert (found["messages"], found["messages_exact"]) == (5, False)


async def test_whoever_is_forgotten_is_in_none_of_them_from_that_moment_on(api: Api, desk: InsightDesk) -> None:
    await desk.take(*flights(6), erased("c1", at=MADE + timedelta(days=9)))
    assert (await ask(api, "/v1/hops/statements"))["total"] == 8
    assert (await ask(api, "/v1/hops"))["messages"] == 8
    answer = await api.call("GET", "/v1/promises/p1/path", role="viewer")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("path", [*LISTS, "/v1/promises/p1/path"])
async def test_what_it_does_not_know_is_refused(api: Api, path: str) -> None:
    for asked, code in (("incident=i1", "unknown_parameter"), ("format=xls", "invalid_field")):
        answer = await api.call("GET", f"{path}?{asked}", role="viewer")
        assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert (await api.call("GET", path, role=None)).status_code == 401


@pytest.mark.parametrize("path", LISTS)
async def test_filters_out_of_range_are_refused(api: Api, path: str) -> None:
    for asked in ("min_distortion=1.1", "cursor=x", "promise=a%20b", "limit=0"):
        answer = await api.call("GET", f"{path}?{asked}", role="viewer")
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_field"), asked


def test_the_examples_are_answers() -> None:
    for model, example in (
        (hop_responses.PathOut, hop_examples.PATH),
        (hop_responses.HopPage, hop_examples.HOPS),
        (hop_responses.PassedPage, hop_examples.STATEMENTS),
    ):
        assert model.model_validate(example).model_dump(mode="json") == example


async def test_who_had_accepted_is_looked_up_once_for_each_message(desk: InsightDesk) -> None:
    # Looked up for its count and again for its filter, /v1/hops took twice as long: 347 ms at 1,000,000 promises.
    rows = await desk.database.pool.fetch(f"EXPLAIN {paths._RECORDS.format(where='')}")
    plan = [row[0] for row in rows]
    assert len([line for line in plan if " on insight_promise " in line]) == 1, "\n".join(plan)
