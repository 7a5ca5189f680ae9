"""A person at the board while a mass of messages is held: sees it, finds the page, and does as it says."""

from __future__ import annotations

import re
import secrets

import asyncpg
import httpx
from playwright.async_api import Page, expect

from candor.local.secret_files import add_key
from candor.ops.database_url import named
from candor.web.security.auth import Role
from candor_demo.stage import Stage
from risk_svc.web.board.menu import MENU
from tests.browser.looks import ring_is_seen
from tests.support.waiting import until


async def hold(stage: Stage, customers: int) -> None:
    """What notify-svc notes when letters to so many customers are due within an hour."""
    prefix = stage.stack.environment(stage.stack.services[0])["DATABASE_PREFIX"]
    connection = await asyncpg.connect(named(stage.stack.database_url, f"{prefix}_notify"))
    try:
        await connection.execute(
            "UPDATE mass_hold SET held_since = clock_timestamp(), customers = $1, of_customers = $1", customers
        )
    finally:
        await connection.close()


async def nothing_is_held(stage: Stage, page: Page) -> None:
    """No page links to what there is not, and the page about it says so."""
    await expect(page.get_by_role("link", name="Held messages")).to_be_hidden()
    await page.goto(f"{stage.stack.urls['risk-web']}/board/held")
    await expect(page.get_by_text("No mass of messages is held")).to_be_visible()
    await expect(page.get_by_text("candor messages")).to_have_count(0)


async def said_on_every_page(stage: Stage, page: Page) -> None:
    """The page about it notices by itself; the others say how many customers wait."""
    await expect(page.get_by_text("candor messages release", exact=True)).to_be_visible(timeout=60_000)
    for path in ("", "record", "held"):
        await page.goto(f"{stage.stack.urls['risk-web']}/board/{path}")
        await expect(page.get_by_role("alert")).to_contain_text("Messages to 412 customers are held")


async def found_by_keyboard(stage: Stage, page: Page) -> str:
    """Go to the page without a mouse; returns the decision that it says how to send."""
    board = f"{stage.stack.urls['risk-web']}/board"
    await page.goto(f"{board}/")
    await expect(page.get_by_role("link", name="Held messages")).to_be_visible()
    for _ in range(12 + len(MENU)):
        await page.keyboard.press("Tab")
        if "Held messages" in str(await page.evaluate("document.activeElement.textContent")):
            break
    assert await ring_is_seen(page) == "Held messages: what to look at, and how to decide"
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(f"{board}/held")
    said = page.get_by_text("curl").filter(has_text='"release"')
    await expect(said).to_be_visible()
    decision = re.search(r"--json '(.+)'", await said.inner_text())
    assert decision is not None
    return decision[1]


async def decided(stage: Stage, decision: str) -> None:
    """Send the decision to notify-svc with a new administrator's key, which is known within seconds."""
    key = add_key(stage.stack.secrets, f"decides-{secrets.token_hex(4)}", Role.ADMIN)
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    async with httpx.AsyncClient(base_url=stage.stack.urls["notify-svc"]) as notify:

        async def taken() -> bool:
            answer = await notify.post("/v1/mass-hold", content=decision, headers=headers)
            return answer.status_code == 200

        await until(taken, pause=0.5)
