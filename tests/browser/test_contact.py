"""What customers see and say, in Chromium: whom the overview names first, and what each page about it shows."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from bench.ground import Ground
from bench.scale.promises import live
from bench.scale.site import Site
from candor.contracts import Component, Fact, FactKind, Level, Message
from candor.web.security.auth import Role
from candor.web.security.sessions import Sessions
from risk_svc.insight.reckoning import Reckoning
from tests.browser.looks import too_pale, well_told
from tests.browser.menu import width_of
from tests.support.insight import InsightDesk, gap
from tests.support.matters import capability, claim
from tests.support.risk import ARRIVES, DUE, Story, opened
from tools import pictures

pytestmark = pytest.mark.browser
expect.set_options(timeout=30_000)
NOW = datetime.now(UTC).replace(microsecond=0)
DAY = timedelta(days=1)
H = timedelta(hours=1)
STORM = Fact(kind=FactKind.INCIDENT_OPEN, event_id="w1", name="storm", at=NOW)
STRUCK = {Component.INCIDENTS: 0.5}
PAGES = ("/", "/accounts", "/teams", "/surprises", "/claims", "/promises/live-1")


def silent(customer: str = "quiet", promise: str = "live-1") -> list[Message]:
    """A customer who asked for something every ten days until thirty days ago, with a gap that a storm left."""
    asked = [Story(f"asked-{day}", customer, start=NOW - day * DAY) for day in range(80, 29, -10)]
    story = Story(promise, customer, start=NOW - 2 * DAY)
    parts = {Component.LATENESS: 0.5}
    return [
        *(one.made(requested_due=NOW + 9 * DAY, department="sales") for one in asked),
        story.made(value=9000.0, currency="EUR", department="sales"),
        gap(promise, customer, score=40.0, p_slip=0.6, at=NOW - 30 * H, parts=parts),
        gap(promise, customer, version=2, score=60.0, at=NOW - 9 * H, parts={**parts, **STRUCK}, facts=[STORM]),
        gap(promise, customer, version=3, score=40.0, at=NOW - 2 * H, parts=parts),
    ]


def ended(name: str, late: timedelta, number: int = 1) -> list[Message]:
    story = Story(name, "steady", start=NOW - (20 + number) * DAY)
    arrived = late + (DUE - ARRIVES)
    return [story.made(department="sales"), story.milestone("departed"), story.milestone("arrived", arrived)]


@pytest_asyncio.fixture(loop_scope="session")
async def board(kafka: str, postgres: str, tmp_path: Path, page: Page) -> AsyncIterator[str]:
    """The address of a board about a silent customer, surprises and an unmet claim; `page` is signed in."""
    site = Site(Ground(kafka, postgres, tmp_path, psutil.Process()), "contact")
    try:
        await live(site, 5)
        await site.feed()
        async with opened(await site.database("risk-svc")) as database:
            desk = InsightDesk(database)
            for one in silent():
                await desk.take(one)
            usual = [one for number in range(20) for one in ended(f"usual-{number}", timedelta(0), number)]
            await desk.take(*usual, *ended("late-1", 7 * H), *ended("early-1", -3 * H))
            told = claim("k1", customer="quiet", at=NOW - DAY, recipients=7)
            await desk.take(capability(Level.PLANNED, at=NOW - 60 * DAY), told)
            reckoning = Reckoning(database, lambda: True, rates={}, loss_share=0.5, now=lambda: NOW)
            await reckoning.reckon()
        web = await site.start("risk-web")
        token = Sessions(site.session_secret, secure=False).link_token(Role.VIEWER)
        await page.goto(f"{web.url}/signin?token={token}")
        await expect(page).to_have_url(re.compile("/board/"))
        yield f"{web.url}/board"
        # Else its pages say that the server is gone.
        await page.goto("about:blank")
    finally:
        await site.close()


async def test_a_person_sees_whom_to_call_and_what_lies_behind_it(board: str, page: Page) -> None:
    await page.goto(f"{board}/")
    await expect(page.get_by_text("Customers first")).to_be_visible()
    await expect(page.get_by_text("Call them: silent: 3.0 usual intervals")).to_be_visible()
    await page.get_by_role("link", name="quiet", exact=True).click()
    await expect(page).to_have_url(f"{board}/accounts?search=quiet")
    await expect(page.get_by_text("silent: 3.0 usual intervals").first).to_be_visible()
    await page.goto(f"{board}/promises/live-1")
    await expect(page.get_by_text("an incident ended: storm")).to_be_visible()
    await expect(page.get_by_text("an incident began: storm")).to_be_visible()
    await page.goto(f"{board}/surprises?ended=worse")
    await expect(page.get_by_role("link", name="late-1")).to_be_visible()
    await expect(page.get_by_role("link", name="early-1")).to_have_count(0)
    async with page.expect_download() as download:
        await page.get_by_role("link", name="CSV").click()
    assert "late-1" in (await (await download.value).path()).read_text()
    await page.goto(f"{board}/teams")
    await expect(page.get_by_role("cell", name=re.compile(r"^7[0-9]% .*n.29.\(7.overdue\)$")).first).to_be_visible()
    await page.goto(f"{board}/claims")
    await expect(page.get_by_text("7 in 1 claim")).to_be_visible()


async def test_pictures_for_the_readme_are_taken_and_small(board: str, page: Page, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        # Nobody has passed on a message here.
        patch.setattr(pictures, "HEIGHTS", {"accounts": 800, "teams": 830})
        made = await pictures.take(page, board, tmp_path)
        assert [one.name for one in made] == ["accounts.png", "teams.png"]
        assert all(one.read_bytes().startswith(b"\x89PNG") for one in made)
        patch.setattr(pictures, "LARGEST", 100)
        with pytest.raises(ValueError, match=r"accounts.png has [0-9,]+ bytes, more than 100"):
            await pictures.take(page, board, tmp_path)


async def test_its_pages_are_read_by_dark_on_a_phone_and_with_a_reader(board: str, page: Page) -> None:
    for colours in ("light", "dark"):
        await page.emulate_media(color_scheme=colours)
        for width in (1280, 390):
            await page.set_viewport_size({"width": width, "height": 900})
            for path in PAGES:
                await page.goto(f"{board}{path}")
                await expect(page.get_by_role("timer")).to_have_text(re.compile("UTC"))
                assert await too_pale(page) == [], (path, width, colours)
                assert await width_of(page) <= width, (path, width)
                await well_told(page)
