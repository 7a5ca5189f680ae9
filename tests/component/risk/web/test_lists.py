"""Lists of gaps, with ten thousand promises: how many, by page to the end, by search, in every order."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
import pytest_asyncio

from candor.store.db import Database
from risk_svc.store.queries import GapFilter, Sort, listing
from risk_svc.web.board.live_data import ListQuery, LiveData, Overview
from risk_svc.web.board.style import PAGE
from risk_svc.worker.handlers import RiskHandler
from tests.support.api import Api
from tests.support.clocks import ManualClock
from tests.support.lists import MANY, walk
from tests.support.risk import DEPARTS, MADE, Desk, M, Story, opened, taught_by
from tests.support.risk_web import risk_web
from tests.support.servers import Databases

pytestmark = pytest.mark.asyncio(loop_scope="session")
BATCH = 500


def name(number: int) -> str:
    return f"PR-{number:05d}"


async def fill(database: Database, clock: ManualClock) -> None:
    """Ten thousand open promises of 1,000 customers, some of them late, one in ten kept."""
    desk = Desk(database, RiskHandler(taught_by(), clock, system=clock))
    await desk.load()
    stories = [Story(name(n), f"Cust_{n % 1000}", start=MADE - n % 500 * M) for n in range(MANY)]
    for begin in range(0, MANY, BATCH):
        await desk.take(*(story.made() for story in stories[begin : begin + BATCH]))
    clock.set(DEPARTS + timedelta(hours=2))
    for begin in range(0, 2000, BATCH):
        late = enumerate(stories[begin : begin + BATCH], begin)
        await desk.take(*(story.milestone("departed", n % 90) for n, story in late))
    for begin in range(0, 1000, BATCH):
        await desk.take(*(story.milestone("arrived", -30.0) for story in stories[begin : begin + BATCH]))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def api(
    postgres: str, kafka: str, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[Api, Database]]:
    clock = ManualClock(MADE)
    folder = tmp_path_factory.mktemp("lists")
    async with risk_web(postgres, kafka, databases, folder, clock) as (made, url), opened(url) as database:
        await fill(database, clock)
        yield made, database


async def walked(api: Api, **params: Any) -> list[str]:
    headers = {"authorization": f"Bearer {api.keys.keys['viewer']}"}
    return [item["promise_id"] for item in await walk(api.client, "/v1/gaps", headers, **params)]


@pytest.mark.parametrize("sort", ["score", "due"])
async def test_the_api_pages_to_the_end(api: tuple[Api, Database], sort: str) -> None:
    assert sorted(await walked(api[0], sort=sort)) == [name(n) for n in range(MANY)]
    still = await walked(api[0], sort=sort, standing="open")
    assert len(set(still)) == MANY - 1000


@pytest.mark.parametrize(
    ("typed", "count"),
    [("pr-0012", 10), ("Pr-00123", 1), ("PR-00123", 1), ("cust_99", 110), ("CUST_999", 10), ("usts", 0), ("prx", 0)],
)
async def test_a_search_is_for_how_an_id_begins_in_any_case(api: tuple[Api, Database], typed: str, count: int) -> None:
    assert len(await walked(api[0], search=typed)) == count


async def known(database: Database) -> None:
    """Insight's rows of the first hundred: an owner each tenth, a place each fifth; it also knows one that is gone."""
    places = '["site:LEJ", "crew:7"]'
    rows = [(name(n), None if n % 10 else "ada", "[]" if n % 5 else places, n >= 50) for n in range(100)]
    await database.pool.executemany(INSIGHT, [*rows, ("PR-gone", "ada", places, True)])


INSIGHT = """
INSERT INTO insight_promise (promise_id, customer_id, owner, places, standing, shown)
VALUES ($1, 'c', $2, $3::jsonb, CASE WHEN $4 THEN 'open' ELSE 'kept' END, true) ON CONFLICT DO NOTHING"""


async def test_promises_of_an_owner_or_a_place_are_found_as_insight_knows_them(api: tuple[Api, Database]) -> None:
    await known(api[1])
    assert sorted(await walked(api[0], owner="ada", limit=3)) == [name(n) for n in range(0, 100, 10)]
    assert await walked(api[0], owner="Ada") == []
    assert sorted(await walked(api[0], place="site:LEJ", sort="due")) == [name(n) for n in range(50, 100, 5)]
    assert sorted(await walked(api[0], place="crew:7", owner="ada")) == [name(n) for n in range(50, 100, 10)]
    assert await walked(api[0], place="site:EWR") == []


REFUSED: list[dict[str, str]] = [
    {"place": "LEJ"},
    {"owner": "a\0"},
    {"place": "site:LEJ", "standing": "kept"},
    {"site": "LEJ"},
]


@pytest.mark.parametrize("params", REFUSED)
async def test_a_filter_that_cannot_be_is_refused(api: tuple[Api, Database], params: dict[str, str]) -> None:
    refused = await api[0].call("GET", "/v1/gaps", params=params)
    assert refused.status_code == 422
    assert next(iter(params)) in refused.text or "NUL" in refused.text


@pytest.mark.parametrize(
    ("params", "detail"),
    [
        ({"place": "LEJ"}, "must be kind:id, such as site:LEJ"),
        ({"search": "a b"}, "must be 1 to 128 of letters, digits, dot, underscore, colon, hyphen"),
    ],
)
async def test_what_a_parameter_must_be_is_said_in_words(
    api: tuple[Api, Database], params: dict[str, str], detail: str
) -> None:
    refused = (await api[0].call("GET", "/v1/gaps", params=params)).json()
    assert refused["errors"] == [{"detail": detail, "parameter": next(iter(params))}]


async def test_a_list_for_a_spreadsheet_has_a_row_each_and_no_formula(api: tuple[Api, Database]) -> None:
    params = {"format": "csv", "search": "PR-0000", "sort": "due"}
    page = await api[0].call("GET", "/v1/gaps", params=params)
    assert page.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(page.text)))
    listed = (await api[0].call("GET", "/v1/gaps", params={**params, "format": "json"})).json()["items"]
    assert sorted(row["promise_id"] for row in rows) == [name(n) for n in range(10)]
    for row, item in zip(rows, listed, strict=True):
        worst = max(item["contributions"], key=lambda one: one["share"], default={"evidence": ""})
        assert (row["promise_id"], row["why"]) == (item["promise_id"], worst["evidence"])
        assert row["next_words"] == item["next_words"]


@pytest.fixture
def reading(api: tuple[Api, Database]) -> LiveData:
    return LiveData(api[1], cast(Any, SimpleNamespace()), ManualClock(MADE))


async def pages(reading: LiveData, wanted: GapFilter, sort: Sort) -> list[Overview]:
    found = [await reading.overview(ListQuery(wanted, sort))]
    found += [await reading.overview(ListQuery(wanted, sort, page)) for page in range(2, found[0].pages + 1)]
    return found


@pytest.mark.parametrize("sort", ["score", "chance", "due"])
async def test_the_board_pages_to_the_end_in_every_order(reading: LiveData, sort: Sort) -> None:
    found = await pages(reading, GapFilter(standing="open", search="PR-01"), sort)
    items = [item for page in found for item in page.items]
    assert {page.number for page in found} == {(1000, True)}
    assert len({item.promise_id for item in items}) == len(items) == 1000
    assert [len(page.items) for page in found] == [PAGE] * (1000 // PAGE)
    match sort:
        case "score":
            assert [item.score for item in items] == sorted((item.score for item in items), reverse=True)
        case "due":
            assert [item.held_due for item in items] == sorted(item.held_due for item in items)
        case _:
            chances = [-1 if item.p_slip is None else item.p_slip for item in items]
            assert chances == pytest.approx(sorted(chances, reverse=True))


async def test_the_board_knows_its_last_page_and_shows_it_for_any_after_it(reading: LiveData) -> None:
    for wanted, count in ((GapFilter(), MANY), (GapFilter(standing="open"), MANY - 1000)):
        last = await reading.overview(ListQuery(wanted, "score", 999_999))
        assert (last.number, last.page, last.pages) == ((count, True), count // PAGE, count // PAGE)
        assert len(last.items) == PAGE
    nothing = await reading.overview(ListQuery(GapFilter(search="no such")))
    assert (nothing.items, nothing.number, nothing.page, nothing.pages) == ([], (0, True), 1, 1)


@pytest.mark.parametrize("standing", [None, "open"])
async def test_a_page_reads_the_rows_of_an_index_and_not_the_table(
    api: tuple[Api, Database], standing: str | None
) -> None:
    await api[1].pool.execute("ANALYZE promise_state")
    query = listing(GapFilter(standing=standing), "score", limit=PAGE, skip=100)
    text = str(query.compile(compile_kwargs={"literal_binds": True}))
    plan = "\n".join(row[0] for row in await api[1].pool.fetch(f"EXPLAIN {text}"))
    assert "Seq Scan" not in plan, plan
    assert "promise_state_standing" in plan, plan
