"""The board as its own process: a page is drawn in memory only for a browser that comes for it."""

from __future__ import annotations

import html
import json
import re
import time
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import aiohttp
import psutil
import pytest
import pytest_asyncio

from bench.ground import Ground
from bench.scale.insight import INCIDENT
from bench.scale.process import Process
from bench.scale.promises import live
from bench.scale.site import Site
from bench.viewer import Viewer
from risk_svc.web.board.menu import MENU

pytestmark = pytest.mark.asyncio(loop_scope="module")
ELEMENTS = re.compile(r"parseElements\(String\.raw`(.*?)`\)", re.DOTALL)
PAGES = (
    *(f"/board{page.path}" for page in MENU),
    "/board/?search=live-1&standing=",
    "/board/promises/live-1",
    "/board/held",
    "/board/incidents/i1?sort=value",
)
DOWNLOADS = {
    "accounts": "min_score=wide",
    "bias": "by=person",
    "on-time": "by=mood",
    "plans": "driver=mood",
    "promises": "sort=mood",
    "surprises": "announced=maybe",
}
"""Tables, each with an address that is refused."""


class Board(NamedTuple):
    """The process, and two people who are signed in."""

    web: Process
    ada: Viewer
    bo: Viewer


async def struck(site: Site) -> None:
    """An incident, and a promise that it hits."""
    connection = await site.connect("risk-svc")
    try:
        await connection.execute(INCIDENT)
        await connection.execute(INCIDENT.replace("i1", "i2").replace("Grid down", "Storm"))
        await connection.execute(
            "INSERT INTO insight_promise (promise_id, customer_id, standing, shown, places, held_due, made_at) "
            "VALUES ('hit-1', 'acme', 'open', true, '[\"grid:all\"]', now(), now())"
        )
    finally:
        await connection.close()


A_SESSION = 40
"""Pages that a session may have open: more than the menu has."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def board(kafka: str, postgres: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Board]:
    site = Site(Ground(kafka, postgres, tmp_path_factory.mktemp("board"), psutil.Process()), "board")
    try:
        await live(site, 30)
        await struck(site)
        await site.feed()
        web = await site.start("risk-web", MAX_PAGES_PER_SESSION=str(A_SESSION))
        async with Viewer(web.url) as ada, Viewer(web.url) as bo:
            for person in (ada, bo):
                await person.sign_in(site.session_secret)
            yield Board(web, ada, bo)
    finally:
        await site.close()


async def in_memory(board: Board) -> int:
    """Pages that are there, with a socket or waiting for one."""
    metrics = (await board.ada.page("/metrics")).decode()
    found = re.search(r"^candor_board_pages ([0-9.]+)$", metrics, re.MULTILINE)
    assert found
    return int(float(found[1]))


def elements(page: bytes) -> dict[str, dict[str, Any]]:
    """What a page's HTML says of its elements."""
    found = ELEMENTS.search(page.decode())
    assert found
    return dict(json.loads(html.unescape(found[1])))


@pytest.mark.parametrize("path", PAGES)
async def test_a_browser_that_comes_gets_the_figures_of_its_page(board: Board, path: str) -> None:
    async with board.ada.opened(path) as socket:
        assert [kind for kind, _ in await socket.until("update")][-1] == "update"


@pytest.mark.parametrize(("name", "refused"), [*DOWNLOADS.items()])
async def test_a_table_is_downloaded_by_who_is_signed_in_alone(board: Board, name: str, refused: str) -> None:
    address = f"/board/{name}.csv"
    assert b"," in await board.ada.page(f"{address}?utm_source=mail")
    async with Viewer(board.web.url) as nobody:
        for viewer, asked, status in ((nobody, address, 401), (board.ada, f"{address}?{refused}", 422)):
            with pytest.raises(aiohttp.ClientResponseError) as answer:
                await viewer.page(asked)
            assert answer.value.status == status


async def test_what_an_incident_hits_is_shown_and_downloaded(board: Board) -> None:
    rows = (await board.ada.page("/board/incidents/i1/promises.csv?sort=value&customer=acme")).decode().splitlines()
    assert rows[0].startswith("promise_id,customer_id,kind")
    assert [row.split(",")[:2] for row in rows[1:]] == [["hit-1", "acme"]]
    async with board.ada.opened("/board/incidents/i1") as socket:
        assert "It hits 1 open promise of 1 customer" in json.dumps(await socket.until("update", "It hits"))
    async with board.ada.opened("/board/") as socket:
        await socket.until("update", "Grid down: 1 open promise")
    for path, status in (("no-such", 404), ("i1/promises.csv?sort=mood", 422), ("no-such/promises.csv", 404)):
        with pytest.raises(aiohttp.ClientResponseError) as answer:
            await board.ada.page(f"/board/incidents/{path}")
        assert answer.value.status == status


async def test_a_promise_that_was_made_a_moment_ago_is_looked_for_again_until_it_is_there(board: Board) -> None:
    for path, status in (("no-such", 404), ("no-such?made=1", 404)):
        with pytest.raises(aiohttp.ClientResponseError) as answer:
            await board.ada.page(f"/board/promises/{path}")
        assert answer.value.status == status
    now = int(time.time())
    assert b'http-equiv="refresh" content="2"' in await board.ada.page(f"/board/promises/no-such?made={now}")
    assert b'http-equiv="refresh"' not in await board.ada.page(f"/board/promises/live-1?made={now}")


@pytest.mark.parametrize(("one", "other"), [("promises/live-1", "promises/live-2"), ("incidents/i1", "incidents/i2")])
async def test_the_html_of_a_page_has_nothing_of_another_that_was_asked_for_before(
    board: Board, one: str, other: str
) -> None:
    name = one.rpartition("/")[2]
    assert name in (await board.ada.page(f"/board/{one}")).decode()
    assert not re.search(rf"\b{name}\b", (await board.ada.page(f"/board/{other}")).decode())


async def test_no_bar_of_progress_is_shown_to_browsers_that_ask_all_the_time(board: Board) -> None:
    assert re.search(rb'"loadingBar":\s*\{[^}]*"skipHijack":\s*true', await board.ada.page("/board/"))


async def test_what_a_browser_reports_reaches_the_page_that_was_drawn_for_it(board: Board) -> None:
    async with board.ada.opened("/board/") as socket:
        [(number, search)] = [
            (number, one)
            for number, one in elements(socket.page).items()
            if one.get("props", {}).get("label") == "Search"
        ]
        [listener] = [one["listener_id"] for one in search["events"] if one["type"] == "update:value"]
        await socket.until("update", "live-11")
        await socket.send("event", id=int(number), listener_id=listener, args=[json.dumps("live-2")])
        assert "search=live-2" in json.dumps(await socket.until("run_javascript"))


async def test_a_page_opens_for_the_session_that_asked_for_it_alone(board: Board) -> None:
    page = await board.ada.page("/board/")
    with pytest.raises((aiohttp.ClientError, ValueError)):
        async with board.bo.socket(page) as socket:
            await socket.until("update")
    async with board.ada.socket(page) as socket:
        await socket.until("update")


async def test_pages_whose_browser_never_comes_make_room(board: Board) -> None:
    for number in range(100):
        await board.bo.page(f"/board/?search={number % 3}")
    assert await in_memory(board) <= 2 * A_SESSION
    async with board.bo.opened("/board/") as socket:
        await socket.until("update")
