"""Lists of gaps, with ten thousand promises: how many, by page to the end, by search, in every order."""

from __future__ import annotations

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
