"""The query API: lists by gap and date, what explains one, roll-ups, the summary and the forecasts' record."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec
import pytest
import pytest_asyncio
from prometheus_client import generate_latest

from candor.contracts import Message, ProcessAlive, ScopeItem
from candor.ops.metrics import REGISTRY
from candor.store.db import Database
from risk_svc import metrics
from risk_svc.store import queries
from risk_svc.web.api import presenters
from risk_svc.web.figures import Figures
from risk_svc.worker.handlers import RiskHandler
from tests.support.api import Api
from tests.support.clocks import ManualClock
from tests.support.risk import ARRIVES, DEPARTS, DUE, MADE, Desk, M, Story, incident, opened, taught_by
from tests.support.risk_web import risk_web
from tests.support.servers import Databases

pytestmark = pytest.mark.asyncio(loop_scope="session")
NOW = DEPARTS + timedelta(hours=2)


def story_of(number: int) -> Story:
    return Story(f"p{number}", f"c{number // 2}", start=MADE - number * 5 * M)


def the_day() -> list[Message]:
    """Eight open promises that left later and later, one kept, one broken, one withdrawn, one of history."""
    found: list[Message] = [incident(opened=DEPARTS - timedelta(hours=1))]
    for number in range(8):
        story = story_of(number)
        found += [story.made(value=100.0 * (number + 1)), story.milestone("departed", number * 12.0)]
    for number, late in ((8, 5.0), (9, 50.0)):
        story = story_of(number)
        found += [
            story.made(
                kind="charter", scope=[ScopeItem("seat", 3.0), ScopeItem("meal"), ScopeItem("lounge", 1.0, False)]
            ),
            story.milestone("departed", late, delivered={"seat": 1.0}),
            story.milestone("arrived", late - 30),
        ]
    gone = story_of(10)
    return [*found, gone.made(), gone.withdrawn(), story_of(11).made(historical=True)]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def api(
    postgres: str, kafka: str, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Api]:
    clock = ManualClock(MADE)
    async with risk_web(postgres, kafka, databases, tmp_path_factory.mktemp("risk"), clock) as (made, url):
        async with opened(url) as database:
            await fill(database, clock)
        yield made


async def fill(database: Database, clock: ManualClock) -> None:
    desk = Desk(database, RiskHandler(taught_by(), clock, system=clock))
    await desk.load()
    messages = the_day()
    await desk.take(*(item for item in messages if item.data.TOPIC == "promises"))
    clock.set(NOW)
    await desk.take(*(item for item in messages if item.data.TOPIC != "promises"))
    await desk.take(story_of(7).notice(at=NOW))


async def get(api: Api, path: str, **params: Any) -> Any:
    answer = await api.call("GET", path, role="viewer", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def ids(api: Api, **params: Any) -> list[str]:
    return [item["promise_id"] for item in (await get(api, "/v1/gaps", **params))["items"]]


async def test_the_widest_gap_comes_first(api: Api) -> None:
    items = (await get(api, "/v1/gaps"))["items"]
    scores = [item["score"] for item in items]
    assert scores == sorted(scores, reverse=True)
    assert len(items) == 11
    assert "p11" not in [item["promise_id"] for item in items]
    assert items[0]["band"] == "severe"
    assert sum(part["share"] for part in items[0]["contributions"]) == pytest.approx(1.0)


@pytest.mark.parametrize("sort", ["score", "due"])
async def test_pages_by_cursor_are_the_whole_list_once(api: Api, sort: str) -> None:
    whole = await ids(api, sort=sort, limit=200)
    found: list[str] = []
    params: dict[str, Any] = {"sort": sort, "limit": 3}
    for _ in range(9):
        answer = await api.call("GET", "/v1/gaps", role="viewer", params=params)
        found += [item["promise_id"] for item in answer.json()["items"]]
        link = answer.headers.get("link")
        if link is None:
            break
        params = dict(_query(answer.links["next"]["url"]))
    assert found == whole


def _query(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query))


async def test_the_earliest_date_comes_first_when_asked(api: Api) -> None:
    items = (await get(api, "/v1/gaps", sort="due"))["items"]
    dates = [item["held_due"] for item in items]
    assert dates == sorted(dates)


async def test_filters_narrow_the_list(api: Api) -> None:
    assert await ids(api, customer="c2", standing="open") == ["p5", "p4"]
    assert await ids(api, standing="kept") == ["p8"]
    assert sorted(await ids(api, kind="charter")) == ["p8", "p9"]
    severe = await ids(api, band="severe")
    assert severe == await ids(api, min_score=75)
    assert 0 < len(severe) < 8
    assert await ids(api, customer="nobody") == []


async def test_bands_share_all_gaps_among_them(api: Api) -> None:
    bands = ("none", "low", "medium", "high", "severe")
    found = [name for band in bands for name in await ids(api, band=band)]
    assert sorted(found) == sorted(await ids(api, limit=200))


async def test_one_promise_is_explained(api: Api) -> None:
    found = await get(api, "/v1/gaps/p7")
    assert (found["promise_id"], found["customer_id"], found["told"]) == ("p7", "c3", True)
    assert found["forecast"]["p_slip"] > 0.8
    assert found["forecast"]["basis"].startswith("flight, after departed")
    assert {fact["kind"] for fact in found["facts"]} == {"milestone_late", "incident_open"}
    assert [step["status"] for step in found["milestones"]] == ["reached", "pending"]
    assert found["incidents"][0]["title"] == "Snow at EWR"
    assert (found["notices"][0]["statement"], found["notices"][0]["reason"]) == ("warning", "p_slip")
    assert len(found["history"]) >= 2
    assert found["history"][-1]["score"] == pytest.approx(found["score"], abs=0.1)
    assert datetime.fromisoformat(found["dates"]["held_due"]) == DUE - 35 * M
    assert (found["value"], found["zone"], found["completed_at"]) == (800.0, "UTC", None)


async def test_a_settled_promise_says_how_it_ended(api: Api) -> None:
    found = await get(api, "/v1/gaps/p9")
    assert (found["standing"], found["forecast"]) == ("broken", None)
    assert datetime.fromisoformat(found["completed_at"]) == ARRIVES - 45 * M + 20 * M


async def test_kept_in_time_but_not_in_full_shows_what_is_missing(api: Api) -> None:
    found = await get(api, "/v1/gaps/p8")
    assert found["standing"] == "kept"
    assert found["score"] == pytest.approx(36.0)
    [part] = found["contributions"]
    assert (part["component"], part["x"]) == ("scope", pytest.approx(0.4))
    assert part["evidence"] == "1 of 3 items delivered; not supported: lounge"
    left = DEPARTS + 5 * M - 40 * M
    assert [(item["item"], item["weight"], item["supported"], item["delivered"]) for item in found["scope"]] == [
        ("seat", pytest.approx(0.6), True, 1.0),
        ("meal", pytest.approx(0.2), True, None),
        ("lounge", pytest.approx(0.2), False, None),
    ]
    assert [item["at"] and datetime.fromisoformat(item["at"]) for item in found["scope"]] == [left, None, None]
    assert (await get(api, "/v1/gaps/p7"))["scope"] == []


async def test_a_customers_gap_weighs_by_value_and_names_the_worst(api: Api) -> None:
    found = await get(api, "/v1/customers/c3/gap")
    p6, p7 = [(await get(api, f"/v1/gaps/{name}"))["score"] for name in ("p6", "p7")]
    assert found["worst"]["promise_id"] == "p7"
    assert found["score"] == pytest.approx(((700 * p6**2 + 800 * p7**2) / 1500) ** 0.5, abs=0.05)
    assert (found["promises"], found["open"], found["assumed_values"]) == (2, 2, 0)


async def test_a_promise_without_a_value_weighs_as_the_median_of_its_kind(desk: Desk) -> None:
    for number, value in enumerate((100.0, 300.0, 900.0)):
        await desk.take(Story(f"p{number}", f"other{number}").made(value=value))
    await desk.take(Story("p8", "c8").made(value=None), Story("p9", "c8").made(value=None, kind="ferry"))
    async with desk.database.reading() as session:
        usual = await queries.usual_values(session, ["flight", "ferry"])
    assert usual == {"flight": 300.0}
    theirs = [queries.OpenPromise(40.0, "p8", "flight", None), queries.OpenPromise(80.0, "p9", "ferry", None)]
    found = presenters.customer("c8", 2, theirs, usual)
    # Nothing is known of ferries: one weighs 1.
    assert found.score == pytest.approx(((300 * 40**2 + 80**2) / 301) ** 0.5, abs=0.01)
    assert (found.assumed_values, found.open) == (2, 2)
    assert presenters.customer("c8", 2, theirs).score == pytest.approx(((40**2 + 80**2) / 2) ** 0.5, abs=0.01)


async def test_a_customer_with_nothing_open_has_no_gap(api: Api) -> None:
    found = await get(api, "/v1/customers/c4/gap")
    assert (found["score"], found["open"], found["worst"]) == (0.0, 0, None)


async def test_the_summary_adds_up(api: Api) -> None:
    found = await get(api, "/v1/summary")
    assert found["open"] == 8 == sum(found["bands"].values())
    assert found["settled"] == {"kept": 1, "broken": 1, "cancelled": 0, "withdrawn": 1}
    assert found["warned"] == 1
    assert 0 < found["slipping"] < 8
    assert datetime.fromisoformat(found["as_of"]) == NOW


async def test_the_record_shows_what_was_said_and_claims_no_skill_yet(api: Api) -> None:
    found = await get(api, "/v1/track-record")
    assert found["n"] >= 2
    assert found["skill"] is None
    assert not found["enough"]
    assert sum(item["n"] for item in found["reliability"]) == found["n"]
    assert (await get(api, "/v1/track-record", lead="made", kind="charter"))["n"] == 2
    assert (await get(api, "/v1/track-record", kind="flight"))["n"] == 0


@pytest.mark.parametrize("path", ["/v1/gaps/p11", "/v1/gaps/nobody", "/v1/customers/nobody/gap"])
async def test_what_is_not_there_is_not_found(api: Api, path: str) -> None:
    answer = await api.call("GET", path, role="viewer")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    "params",
    [
        {"sort": "name"},
        {"band": "purple"},
        {"limit": 0},
        {"limit": 9999},
        {"min_score": 101},
        {"customer": "a b"},
        {"cursor": "???"},
        {"cursor": "WyJhIl0"},
        {"kind": "a\x00b"},
        {"standing": "lost"},
    ],
)
async def test_bad_questions_are_refused_by_parameter(api: Api, params: dict[str, Any]) -> None:
    answer = await api.call("GET", "/v1/gaps", role="viewer", params=params)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_field")


@pytest.mark.parametrize("path", ["/v1/gaps", "/v1/gaps/p1", "/v1/customers/c1/gap", "/v1/summary", "/v1/track-record"])
async def test_nobody_looks_without_a_key(api: Api, path: str) -> None:
    assert (await api.call("GET", path, role=None)).status_code == 401


async def test_the_cursor_of_another_sort_is_refused(api: Api) -> None:
    answer = await api.call("GET", "/v1/gaps", role="viewer", params={"limit": 1})
    cursor = _query(answer.links["next"]["url"])["cursor"]
    answer = await api.call("GET", "/v1/gaps", role="viewer", params={"sort": "due", "cursor": cursor})
    assert answer.status_code == 422


def cursor_of(*position: Any) -> str:
    """A cursor as somebody makes it up."""
    return urlsafe_b64encode(msgspec.json.encode(position)).rstrip(b"=").decode()


TAMPERED = [
    ("score", "WzU0LjEsInAx"),
    ("score", cursor_of("p1", 54.1)),
    ("score", cursor_of(True, "p1")),
    ("score", cursor_of(54.1)),
    ("score", cursor_of(54.1, "p1", 1)),
    ("score", cursor_of(54.1, "p\0")),
    ("due", cursor_of("2013-02-05T12:00:00", "p1")),
    ("due", cursor_of("2013-02-05", "p1")),
    ("due", cursor_of("0001-01-01T00:00:00+14:00", "p1")),
    ("due", cursor_of("9999-12-31T23:59:59-14:00", "p1")),
    ("due", cursor_of(1360065600, "p1")),
]


@pytest.mark.parametrize(("sort", "cursor"), TAMPERED)
async def test_a_cursor_that_was_tampered_with_is_refused(api: Api, sort: str, cursor: str) -> None:
    answer = await api.call("GET", "/v1/gaps", role="viewer", params={"sort": sort, "cursor": cursor})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_field")
    assert [error["parameter"] for error in answer.json()["errors"]] == ["cursor"]


async def page_of(api: Api, **params: Any) -> tuple[list[str], str | None]:
    """The ids of one page, and the cursor of the next."""
    answer = await api.call("GET", "/v1/gaps", role="viewer", params=params)
    assert answer.status_code == 200, answer.text
    following = _query(answer.links["next"]["url"])["cursor"] if "next" in answer.links else None
    return [item["promise_id"] for item in answer.json()["items"]], following


@pytest.mark.parametrize("sort", ["score", "due"])
async def test_a_page_that_is_just_full_is_the_last_and_one_more_item_is_another(api: Api, sort: str) -> None:
    whole = await ids(api, sort=sort, limit=200)
    assert await page_of(api, sort=sort, limit=len(whole)) == (whole, None)
    first, cursor = await page_of(api, sort=sort, limit=len(whole) - 1)
    assert first == whole[:-1]
    assert await page_of(api, sort=sort, limit=len(whole) - 1, cursor=cursor) == (whole[-1:], None)


@pytest.mark.parametrize(("limit", "status"), [(0, 422), (-1, 422), (1, 200), (200, 200), (201, 422), ("2.5", 422)])
async def test_a_page_holds_from_one_to_two_hundred(api: Api, limit: Any, status: int) -> None:
    answer = await api.call("GET", "/v1/gaps", role="viewer", params={"limit": limit})
    assert answer.status_code == status


async def test_a_cursor_is_a_place_in_the_order_so_another_filter_goes_on_from_there(api: Api) -> None:
    whole = await ids(api, limit=200)
    first, cursor = await page_of(api, limit=4)
    assert first == whole[:4]
    charter = [name for name in whole[4:] if name in ("p8", "p9")]
    assert (await page_of(api, kind="charter", cursor=cursor))[0] == charter
    assert await page_of(api, customer="nobody", cursor=cursor) == ([], None)


async def test_beyond_the_last_place_there_is_an_empty_page(api: Api) -> None:
    assert await page_of(api, cursor=cursor_of(-1.0, "a")) == ([], None)
    assert await page_of(api, sort="due", cursor=cursor_of("2199-01-01T00:00:00Z", "z")) == ([], None)


async def test_a_link_keeps_the_filters_it_was_asked_with(api: Api) -> None:
    answer = await api.call("GET", "/v1/gaps", role="viewer", params={"limit": 1, "kind": "charter", "min_score": 0})
    asked = _query(answer.links["next"]["url"])
    assert {name: asked[name] for name in ("limit", "kind", "min_score")} == {
        "limit": "1",
        "kind": "charter",
        "min_score": "0",
    }


async def test_settled_forecasts_are_counted_by_bin_as_the_record_has_them(api: Api) -> None:
    metrics.FORECASTS_SETTLED.labels("0.9").set(77)
    await Figures(api.app.state.database).measure()
    found = await get(api, "/v1/track-record")
    expected = {f"{item['low']:.1f}": item["n"] for item in found["reliability"]}
    lines = [line for line in generate_latest(REGISTRY).decode().splitlines() if not line.startswith("#")]
    shown = {
        line.split('"')[1]: float(line.rpartition(" ")[2])
        for line in lines
        if line.startswith("candor_forecasts_settled{")
    }
    assert shown == expected
    assert sum(shown.values()) == found["n"] > 0


async def test_figures_become_metrics(api: Api) -> None:
    await Figures(api.app.state.database).measure()
    text = generate_latest(REGISTRY).decode()
    bands = [line for line in text.splitlines() if line.startswith("candor_promises_open{")]
    assert sum(float(line.rpartition(" ")[2]) for line in bands) == 8
    assert "candor_forecast_brier_ratio" in text


async def test_a_promise_says_which_of_those_that_report_it_are_silent(api: Api) -> None:
    since = {"field": DEPARTS.timestamp(), "odoo": DEPARTS.timestamp()}
    sign = ProcessAlive("delivery-1", "delivery-svc", silent=since)
    said = {"source": "field", "since": DEPARTS.isoformat().replace("+00:00", "Z")}
    api.app.state.watch.heard(sign)
    found = await get(api, "/v1/gaps/p3")
    assert (found["reported_by"], found["silent"]) == (["field"], [said])
    # One that is over is not waited for.
    api.app.state.watch.heard(sign)
    over = await get(api, "/v1/gaps/p8")
    assert (over["reported_by"], over["silent"]) == (["field"], [])
    api.app.state.watch.heard(sign)
    assert (await get(api, "/v1/summary"))["silent"] == [said, {**said, "source": "odoo"}]
    api.app.state.watch.heard(ProcessAlive("delivery-1", "delivery-svc"))
    assert (await get(api, "/v1/gaps/p3"))["silent"] == []
    assert (await get(api, "/v1/summary"))["silent"] == []
