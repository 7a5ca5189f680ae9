"""The pages that the board's menu leads to, by keyboard and on a phone."""

from __future__ import annotations

import re

from playwright.async_api import Page, expect

from risk_svc.web.board.menu import MENU
from risk_svc.web.board.palette import DARK
from tests.browser.looks import barriers, ring_is_seen, too_pale, well_told
from tests.support.contrast import contrast


async def pages_of_menu(page: Page, base: str) -> None:
    """Every page of the menu on a phone, whatever there is to show: read, told, named, and no wider."""
    for words, path in MENU:
        await page.goto(f"{base}/board{path}")
        await expect(page.get_by_role("navigation").get_by_text(words)).to_be_in_viewport(ratio=1)
        await expect(page.get_by_role("timer")).to_have_text(re.compile("UTC"))
        assert await too_pale(page) == [], words
        await well_told(page)
        assert await width_of(page) <= 390, words


async def whole_in_sight(page: Page, base: str) -> None:
    """In a wide window every page of the menu is seen at once, without scrolling it."""
    await page.set_viewport_size({"width": 1280, "height": 800})
    await page.goto(f"{base}/board/")
    for words, _ in MENU:
        entry = page.get_by_role("navigation").get_by_role("link", name=words, exact=True)
        await expect(entry).to_be_in_viewport(ratio=1)
    assert await width_of(page) <= 1280
    await page.set_viewport_size({"width": 390, "height": 800})


async def pages_by_dark(page: Page, base: str) -> None:
    """Where the system is dark the board is, and every page of the menu is read, in a wide window."""
    await page.emulate_media(color_scheme="dark")
    await page.set_viewport_size({"width": 1280, "height": 800})
    for words, path in MENU:
        await page.goto(f"{base}/board{path}")
        await expect(page.get_by_role("timer")).to_have_text(re.compile("UTC"))
        ground = await page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert contrast(ground, DARK["paper"]) == 1, words
        assert await too_pale(page) == [], words
        assert await barriers(page) == [], words
    await page.set_viewport_size({"width": 390, "height": 800})
    await page.emulate_media(color_scheme="light")


async def figures_pages(page: Page, base: str) -> None:
    """What insight worked out of so small a day: its time, too little history in words, and a table that downloads."""
    worked_out = page.get_by_text(re.compile("^Worked out .* UTC from [0-9]+ promises?[.]$"))
    for path, said in (
        ("accounts", "no promise has both a forecast and a value"),
        ("groups", "Each group's gap"),
        ("teams", "In words"),
        ("on-time", "by the first date that was told"),
        ("surprises", "By department"),
    ):
        await page.goto(f"{base}/board/{path}")
        await expect(worked_out).to_be_visible(timeout=90_000)
        await expect(page.get_by_text(said).first).to_be_visible()
        async with page.expect_download() as download:
            await page.get_by_role("link", name="CSV").click()
        assert (await download.value).suggested_filename.endswith(".csv")
    await page.goto(f"{base}/board/accounts?search=no-such&sort=gap")
    await expect(page.get_by_text("no accounts")).to_be_visible()
    await page.get_by_label("Customer id").fill("")
    await expect(page).to_have_url(f"{base}/board/accounts?sort=gap")


async def to_page(page: Page, words: str) -> None:
    """Open a page of the menu by keyboard, from the header."""
    await page.get_by_role("link", name="Candor").focus()
    for _ in range(4 + len(MENU)):
        await page.keyboard.press("Tab")
        if await focused(page) == words:
            break
    assert await ring_is_seen(page) == words
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name=words, level=1)).to_be_visible()


async def width_of(page: Page) -> int:
    return int(await page.evaluate("document.documentElement.scrollWidth"))


async def focused(page: Page) -> str:
    return str(await page.evaluate("document.activeElement.textContent"))
