"""A person at the board, in Chromium: signs in with a printed link and watches a score move during a replay."""

from __future__ import annotations

import asyncio
import json
import os
import re
import secrets
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from playwright.async_api import Page, expect

from candor.local.stack import Stack
from candor.ops.settings import read_secret
from candor.replay.engine import Outcome
from candor.replay.live import send_stream
from candor.replay.where import webhook_secret
from candor.web.security.auth import Role
from candor.web.security.sessions import Sessions
from candor.web.security.signatures import signed_headers
from candor_demo.stage import SOURCE, Stage, clock_setting
from risk_svc.web.board.menu import MENU
from tests.browser.held import decided, found_by_keyboard, hold, nothing_is_held, said_on_every_page
from tests.browser.looks import ring_is_seen, too_pale, well_told
from tests.browser.matters import (
    claims_page,
    handoffs_page,
    market_page,
    offers_and_challenges,
    path_page,
    plans_page,
    tell,
)
from tests.browser.menu import figures_pages, focused, pages_by_dark, pages_of_menu, to_page, whole_in_sight, width_of
from tests.support.servers import own_folder
from tests.support.tiny_day import tiny_day

pytestmark = pytest.mark.browser
expect.set_options(timeout=20_000)
SPEED = 3600.0


def link(stage: Stage) -> str:
    """What `candor token` prints."""
    token = Sessions(read_secret(stage.stack.secrets.session), secure=False).link_token(Role.VIEWER)
    return f"{stage.stack.urls['risk-web']}/signin?token={token}"


@pytest.fixture(scope="module")
def stage(kafka: str, postgres: str) -> Iterator[Stage]:
    """All services on the session's servers; business time stands still until a test lets it begin."""
    stamp = secrets.token_hex(4)
    before = {name: os.environ.get(name) for name in ("KAFKA_BOOTSTRAP_SERVERS", "DATABASE_URL")}
    os.environ.update({"KAFKA_BOOTSTRAP_SERVERS": kafka, "DATABASE_URL": postgres})
    start = min(event.time for event in tiny_day().live)
    try:
        with own_folder("board") as folder:
            origin = folder.run / "clock-origin"
            times = {"CLOCK": clock_setting(start, SPEED), "CLOCK_ORIGIN_FILE": str(origin)}
            names = {"TOPIC_PREFIX": f"board-{stamp}", "DATABASE_PREFIX": f"board_{stamp}"}
            stack = Stack(folder, env=names | times, usual_ports=False)
            stack.start()
            try:
                yield Stage(stack, "", SPEED, start, origin)
            finally:
                stack.stop()
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


async def replay(stage: Stage) -> Outcome:
    """The tiny day, sent as signed webhooks."""
    pace = stage.begin(SPEED)
    secret = webhook_secret(stage.stack.secrets.webhooks, SOURCE)
    return await send_stream(tiny_day().live, stage.endpoints, SOURCE, secret, pace, lambda _outcome: None)


async def record_page(page: Page, board: str) -> None:
    """What the record says of so small a day, and that its class stands in the address."""
    await page.get_by_role("link", name="Forecast accuracy").click()
    await expect(page.get_by_role("heading", name="Forecast accuracy")).to_be_visible()
    # So small a day settles too few promises for any claim.
    await expect(page.get_by_text("Too little history")).to_be_visible()
    await expect(page.get_by_role("heading", name="Accuracy by time remaining")).to_be_hidden()
    await page.goto(f"{board}record?class=flight")
    await expect(page.get_by_text("flight", exact=True)).to_be_visible()
    await page.get_by_role("combobox", name="Promise type").click()
    await page.get_by_role("option", name="all promise types").click()
    await expect(page).to_have_url(f"{board}record")


async def dates_page(page: Page, board: str) -> None:
    """A type and a date that lies ahead get an answer, if only that there is no history."""
    await page.goto(f"{board}dates?kind=flight&due=2099-01-01T12:00")
    answer = re.compile(r"^(No history yet|Too little history|Do not promise|Tight|Padded|Sound)")
    await expect(page.get_by_text(answer).first).to_be_visible()


async def nothing_yet(page: Page) -> None:
    """An empty board explains the next step, and warns of nothing."""
    await expect(page.get_by_role("heading", name="No promises match")).to_be_visible()
    await expect(page.get_by_text("A first promise by hand")).to_be_visible()
    await expect(page.get_by_text("candor import")).to_be_visible()
    await expect(page.get_by_text("No data available")).to_have_count(0)
    await expect(page.get_by_text("warning", exact=True)).to_have_count(0)


async def test_sign_in_and_watch_a_score_move(stage: Stage, page: Page) -> None:
    board = f"{stage.stack.urls['risk-web']}/board/"
    refused = await page.goto(board)
    assert refused is not None
    assert refused.status == 401

    opened = await page.goto(link(stage))
    assert opened is not None
    assert page.url == board
    assert "frame-ancestors 'none'" in opened.headers["content-security-policy"]
    await expect(page.get_by_text("likely to slip")).to_be_visible()
    await nothing_yet(page)

    replaying = asyncio.create_task(replay(stage))
    foggy = page.locator("tr", has_text="from JFK").first
    await expect(foggy).to_be_visible(timeout=90_000)
    await foggy.get_by_role("link").click()
    score = page.get_by_label("gap", exact=True)
    await expect(score).to_be_visible()
    before = await score.inner_text()
    await expect(score).not_to_have_text(before, timeout=90_000)
    await expect(page.get_by_text("Promised", exact=True)).to_be_visible()
    await expect(page.get_by_label("Gap and risk of delay over time")).to_be_visible()
    await expect(page.get_by_text(re.compile(r"; [\d,]+ similar promises$"))).to_be_visible()

    await page.get_by_role("link", name="Candor").click()
    await expect(page.get_by_text("open, customer notified")).to_be_visible()
    outcome = await replaying
    assert outcome.refused == []

    await record_page(page, board)
    await dates_page(page, board)
    await page.get_by_role("link", name="Candor").click()
    await page.get_by_label("Status").click()
    await page.get_by_role("option", name="Broken").click()
    broken = page.locator("tr", has_text="Broken").first
    await expect(broken).to_be_visible(timeout=30_000)
    await expect(page).to_have_url(f"{board}?standing=broken")
    await page.reload()
    await expect(broken).to_be_visible(timeout=30_000)
    await broken.get_by_role("link").click()
    fan = page.get_by_label("When it was expected to complete")
    await expect(fan.or_(page.get_by_text("No forecast of it was ever stated"))).to_be_visible()

    await page.get_by_role("button", name="Sign out", exact=True).click()
    await expect(page.get_by_text("You are signed out")).to_be_visible()
    gone = await page.goto(board)
    assert gone is not None
    assert gone.status == 401


async def another_tab(stage: Stage, page: Page) -> Page:
    """A second tab of somebody who is signed in, with a page that shows something."""
    await page.goto(link(stage))
    other = await page.context.new_page()
    await other.goto(f"{stage.stack.urls['risk-web']}/board/")
    await expect(other.get_by_text("likely to slip")).to_be_visible()
    return other


async def test_signing_out_empties_the_pages_in_other_tabs(stage: Stage, page: Page) -> None:
    other = await another_tab(stage, page)
    await page.get_by_role("button", name="Sign out", exact=True).click()
    await expect(other.get_by_role("heading", name="Sign in to see the board")).to_be_visible()
    await expect(other.get_by_text("likely to slip")).to_have_count(0)


async def test_a_page_that_hears_nothing_is_emptied_when_its_session_is_over(stage: Stage, page: Page) -> None:
    other = await another_tab(stage, page)
    await other.clock.install()
    await other.reload()
    await expect(other.get_by_text("likely to slip")).to_be_visible()
    await other.context.route("**/*", lambda route: route.abort())
    await other.evaluate("window.socket.disconnect()")
    await other.clock.fast_forward("25:00")
    await expect(other.get_by_text("likely to slip")).to_be_visible()
    await other.clock.fast_forward("06:00")
    await expect(other.get_by_text("likely to slip")).to_have_count(0)


async def test_the_board_fits_a_phone_and_a_keyboard(stage: Stage, page: Page) -> None:
    await page.set_viewport_size({"width": 390, "height": 800})
    await page.goto(link(stage))
    await expect(page.get_by_text("likely to slip")).to_be_visible()
    assert await width_of(page) <= 390
    # A phone is what is at hand when another device is lost.
    everywhere = page.get_by_role("button", name="Sign out everywhere")
    await expect(everywhere).to_be_in_viewport(ratio=1)
    await page.keyboard.press("Tab")
    assert await ring_is_seen(page) == "Skip to content"
    await page.keyboard.press("Tab")
    assert "Candor" in await focused(page)
    # One key leads past the menu, which is the same on every page.
    await page.keyboard.press("Shift+Tab")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    assert not await page.evaluate("document.querySelector('header').contains(document.activeElement)")
    assert await page.evaluate("document.activeElement !== document.body")
    await to_page(page, "Forecast accuracy")
    await expect(page.get_by_text("forecasts scored")).to_be_visible()
    assert await width_of(page) <= 390
    # The menu is wider than a phone: what is shown stays in sight, and what has the focus comes into it.
    await expect(page.get_by_role("navigation").get_by_text("Forecast accuracy")).to_be_in_viewport(ratio=1)
    await to_page(page, MENU[-1].words)
    await expect(page.get_by_role("navigation").get_by_text(MENU[-1].words)).to_be_in_viewport(ratio=1)
    assert await width_of(page) <= 390


async def test_every_page_is_seen_and_told_well(stage: Stage, page: Page) -> None:
    base = stage.stack.urls["risk-web"]
    if not stage.origin_file.exists():
        await replay(stage)
    signed_in = link(stage)
    await page.set_viewport_size({"width": 390, "height": 800})
    await page.goto(f"{base}/board/")
    assert await too_pale(page) == []
    assert (await well_told(page))["h1"] == ["Sign in to see the board"]

    await page.goto(signed_in)
    await expect(page.get_by_text("likely to slip")).to_be_visible()
    await page.get_by_label("Status").click()
    await page.get_by_role("option", name="all").click()
    row = page.locator("a[href*='/promises/']").first
    await expect(row).to_be_visible(timeout=60_000)
    assert await too_pale(page) == []
    assert (await well_told(page))["title"] == "Board · Candor"
    await page.get_by_role("link", name=MENU[0].words).focus()
    await page.keyboard.press("Tab")
    assert await ring_is_seen(page) == MENU[1].words

    await promise_page(page, str(await row.get_attribute("href")), base)
    await page.goto(f"{base}/board/record")
    await expect(page.get_by_text("forecasts scored")).to_be_visible()
    assert await too_pale(page) == []
    await well_told(page)
    await pages_of_menu(page, base)
    await whole_in_sight(page, base)
    await figures_pages(page, base)
    await pages_by_dark(page, base)
    for address, status, title in (
        ("promises/no-such", 404, "There is no such promise"),
        ("nowhere", 404, "There is no such page"),
    ):
        answer = await page.goto(f"{base}/board/{address}")
        assert answer is not None
        assert answer.status == status
        assert (await well_told(page))["h1"] == [title]
        assert await too_pale(page) == []
        await page.get_by_role("link", name="To the board").click()
        await expect(page.get_by_text("likely to slip")).to_be_visible()
    await page.goto(signed_in)
    assert (await well_told(page))["h1"] == ["This link has expired"]
    assert await too_pale(page) == []
    assert await width_of(page) <= 390


async def promise_page(page: Page, address: str, base: str) -> None:
    """A promise on a phone: told well, a few screens long, the newest on top in each of its lists."""
    await page.goto(f"{base}{address}")
    await expect(page.get_by_label("gap", exact=True)).to_be_visible()
    assert await too_pale(page) == []
    told = await well_told(page)
    name = address.rpartition("/")[2]
    assert told["title"] == f"{told['h1'][0]} · {name} · Candor"
    for title in ("What moved the forecast, newest first", "What happened, newest first"):
        await expect(page.get_by_role("heading", name=title)).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollHeight") < 3000
    assert await width_of(page) <= 390


async def make_promises(stage: Stage, number: int) -> None:
    """So many promises of two customers, as signed webhooks of a CRM."""
    secret = webhook_secret(stage.stack.secrets.webhooks, SOURCE)
    due = stage.start + timedelta(days=300)
    async with httpx.AsyncClient(base_url=stage.endpoints.promise) as crm:
        for n in range(number):
            named = {
                "promise_id": f"Bulk-{n:03d}",
                "customer_id": f"Shop-{n % 2}",
                "kind": "bulk",
                "what": f"Crate {n}",
            }
            said = {"type": "promise.made", "timestamp": stage.start.isoformat()}
            raw = json.dumps({**said, "data": {**named, "due": due.isoformat()}}).encode()
            signed = signed_headers(secret, f"bulk-{n}", datetime.now(UTC), raw)
            answer = await crm.post(
                f"/v1/webhooks/{SOURCE}", content=raw, headers={**signed, "content-type": "application/json"}
            )
            assert answer.json()["state"] == "accepted", answer.text


async def test_the_board_pages_to_the_end_and_another_filter_begins_at_the_first_page(stage: Stage, page: Page) -> None:
    board = f"{stage.stack.urls['risk-web']}/board/"
    await make_promises(stage, 60)
    await page.goto(link(stage))
    await page.get_by_label("Search", exact=True).fill("BULK-")
    await expect(page.get_by_text("1–25 of 60 promises")).to_be_visible()
    await expect(page).to_have_url(f"{board}?search=BULK-")
    await page.get_by_label("Pages").get_by_text("3", exact=True).click()
    await expect(page.get_by_text("51–60 of 60 promises")).to_be_visible()
    await expect(page).to_have_url(f"{board}?search=BULK-&page=3")
    await page.reload()
    await expect(page.get_by_text("51–60 of 60 promises")).to_be_visible()
    await page.get_by_label("Search", exact=True).fill("shop-1")
    await expect(page.get_by_text("1–25 of 30 promises")).to_be_visible()
    await expect(page).to_have_url(f"{board}?search=shop-1")
    await expect(page.get_by_text("Bulk-001 · Shop-1").or_(page.get_by_text("Bulk-059 · Shop-1")).first).to_be_visible()
    # Beyond the last page is the last one; what nobody knows is no reason to refuse a page.
    await page.goto(f"{board}?search=bulk-&page=99&utm_source=mail")
    await expect(page.get_by_text("51–60 of 60 promises")).to_be_visible()


async def test_a_worker_that_stands_still_is_said_on_every_page_until_it_goes_on(stage: Stage, page: Page) -> None:
    board = f"{stage.stack.urls['risk-web']}/board/"
    await make_promises(stage, 1)
    await page.goto(link(stage))
    await page.goto(f"{board}?search=bulk-000")
    await expect(page.get_by_text("1–1 of 1 promise")).to_be_visible()
    said = page.get_by_role("alert").filter(has_text="Data is not updating")
    await expect(page.get_by_text("likely to slip")).to_be_visible()
    await expect(said).to_be_hidden(timeout=60_000)
    worker = stage.stack.processes["risk-worker"]
    for stop, go_on in ((signal.SIGSTOP, signal.SIGCONT), (signal.SIGKILL, None)):
        os.kill(worker.pid, stop)
        try:
            for path in ("", "record", "promises/Bulk-000"):
                await page.goto(f"{board}{path}")
                await expect(said).to_contain_text("risk-svc worker", timeout=60_000)
                await expect(said).to_contain_text("since")
        finally:
            if go_on is not None:
                os.kill(worker.pid, go_on)
        if go_on is None:
            await asyncio.to_thread(worker.stop)
            await asyncio.to_thread(stage.stack.start_service, "risk-worker")
        await expect(said).to_be_hidden(timeout=90_000)


async def test_held_messages_are_said_everywhere_and_end_as_the_page_says(stage: Stage, page: Page) -> None:
    await page.set_viewport_size({"width": 390, "height": 800})
    await page.goto(link(stage))
    await expect(page.get_by_text("likely to slip")).to_be_visible()
    await nothing_is_held(stage, page)
    await hold(stage, 412)
    await said_on_every_page(stage, page)
    decision = await found_by_keyboard(stage, page)
    assert await width_of(page) <= 390
    assert await too_pale(page) == []
    assert (await well_told(page))["h1"] == ["Held messages"]
    await decided(stage, decision)
    await expect(page.get_by_text("No mass of messages is held")).to_be_visible(timeout=60_000)


async def test_what_was_said_is_seen_hop_by_hop_with_claims_hand_offs_and_plans(stage: Stage, page: Page) -> None:
    board = f"{stage.stack.urls['risk-web']}/board/"
    await tell(stage)
    await page.set_viewport_size({"width": 390, "height": 800})
    await page.goto(link(stage))
    await path_page(page, board)
    await claims_page(page, board)
    await handoffs_page(page, board)
    await plans_page(page, board)
    await market_page(page, board)
    await offers_and_challenges(page, board)
