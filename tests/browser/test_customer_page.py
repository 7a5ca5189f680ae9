"""The customer's page in Chromium: each state by the rules of WCAG 2.2 AA, on a phone, light and dark, by keys."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final
from urllib.parse import parse_qs

import pytest
from playwright.async_api import Page, Request, Route

from candor.contracts import NoticeState, Statement
from candor.web.http.form_page import ended_page, form_page
from notify_svc.compose.localize import Localizer
from notify_svc.domain.facts import Announcement, DateGiven, Reason
from notify_svc.domain.history import NoticeEntry
from notify_svc.page import texts
from notify_svc.page.answering import Fault
from notify_svc.page.forms import answered, fault_line, forms
from notify_svc.page.render import content
from notify_svc.page.sheets import questions
from notify_svc.page.view import State, View
from notify_svc.store.answers import Given
from notify_svc.store.offers import Offer, Option
from notify_svc.store.page_links import Said
from tests.browser.looks import barriers, too_pale, well_told
from tests.browser.menu import width_of
from tests.support.clocks import NOON
from tests.unit.notify.facts import DUE, HIGH, LOW, NEW_YORK, minutes

pytestmark = pytest.mark.browser
ADDRESS: Final = "http://promises.test/p/token"
CIVIL: Final = Localizer(NEW_YORK, "en_GB", NOON)
LETTER: Final = "We are probably going to be late with this: Espresso machine.\n\nWe promised: by Fri 8 Mar, 13:00."
NARROW: Final = {"width": 390, "height": 844}
WIDE: Final = {"width": 1280, "height": 900}


def shown(
    state: State, *, fault: Fault | None = None, words: str = "Espresso machine installed", civil: Localizer = CIVIL
) -> str:
    """The page as the service sends it, with everything that it can have."""
    ranged = state is State.RANGE
    view = View(
        what=words,
        first_due=DUE - minutes(60),
        due=DUE,
        dates=(DateGiven(NOON, DUE, True, "you asked for it"), DateGiven(NOON, HIGH, False)),
        state=state,
        low=LOW if ranged else None,
        high=HIGH if ranged else None,
        said_at=NOON,
        next_by=None if state is State.KEPT else DUE,
        missed=state is State.OVERDUE,
        passed=state is State.OVERDUE,
    )
    told = Announcement(Statement.WARNING, NOON, LOW, HIGH, DUE)
    entry = NoticeEntry("n1", 1, Statement.WARNING, NoticeState.UNKNOWN, Reason.SLIP_HELD, False, told)
    said = [Said(entry, NOON, "This may be late", LETTER)]
    given = [Given("a1", "readback", "wrong", "two machines", NOON)]
    parts = (
        fault_line(fault, civil) if fault is not None else "",
        content(view, said, 1, civil, "http://promises.test"),
        answered(given, civil),
        forms(view, civil, "token", {}, [Offer("OF-1", "OF-1:1", (Option("a month"), Option("later", HIGH)))]),
        questions(view, civil, "token", {}, due=True),
    )
    title = civil.say(texts.HEADING, what=view.what)
    return bytes(form_page(title, "".join(parts), 200, "Example Airlines", civil.language).body).decode()


async def open_page(page: Page, html: str) -> list[Request]:
    """Show it at an address of its own, under the headers that it has; returns what the browser asks for."""
    asked: list[Request] = []

    async def fulfil(route: Route) -> None:
        asked.append(route.request)
        headers = dict(form_page("", "", 200).headers) | {"content-type": "text/html; charset=utf-8"}
        headers.pop("content-length")
        await route.fulfill(status=200, headers=headers, body=html)

    await page.unroute_all()
    await page.route("**/*", fulfil)
    await page.goto(ADDRESS)
    return asked


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_no_state_of_the_page_breaks_a_rule_in_light_or_dark_wide_or_on_a_phone(page: Page, scheme: Any) -> None:
    await page.emulate_media(color_scheme=scheme)
    pages = {state.value: shown(state) for state in State} | {
        "fault": shown(State.RANGE, fault=Fault("readback_words", texts.WHAT_IS_DIFFERENT)),
        "long": shown(State.RANGE, words="W" * 400),
        "in Japanese": shown(State.OVERDUE, civil=replace(CIVIL, locale="ja")),
        "in German": shown(State.RANGE, civil=replace(CIVIL, locale="de")),
        "ended": bytes(ended_page().body).decode(),
    }
    for name, html in pages.items():
        await open_page(page, html)
        for size in (NARROW, WIDE):
            await page.set_viewport_size(size)  # type: ignore[arg-type]
            assert await barriers(page) == [], (name, size)
            assert await width_of(page) <= size["width"], (name, size)
        assert await too_pale(page) == [], name


async def test_the_rules_find_what_is_wrong(page: Page) -> None:
    await open_page(page, shown(State.RANGE).replace("<label for=", "<span class=").replace('lang="en"', ""))
    assert {"label", "html-has-lang"} <= {one.partition(":")[0] for one in await barriers(page)}


async def test_the_page_is_read_in_order_and_asks_nobody_for_anything(page: Page) -> None:
    asked = await open_page(page, shown(State.RANGE))
    await well_told(page)
    assert [one.url for one in asked] == [ADDRESS]
    tree = await page.locator("main").aria_snapshot()
    order = [tree.index(f'"{one}"') for one in (texts.CHANGED, texts.NOW, texts.SAID, texts.YOU_SAID, texts.ANSWER)]
    assert order == sorted(order)
    assert f'textbox "{texts.QUESTION_WORDS}"' in tree and f'radio "{texts.CHOICES["right"]}"' in tree


async def test_by_keys_alone_a_read_back_is_answered_and_its_fields_are_large_enough(page: Page) -> None:
    await page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    asked = await open_page(page, shown(State.RANGE))
    # A letter is unfolded first, whose fold is larger than a finger too.
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.tagName") == "SUMMARY"
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.id") == "OF-1:1_choice"
    for _ in range(3):
        await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.id") == "readback_choice"
    await page.keyboard.press("Space")
    await page.keyboard.press("ArrowDown")
    assert await page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    await page.keyboard.press("Tab")
    await page.keyboard.type("two machines, not one")
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.tagName") == "BUTTON"
    async with page.expect_navigation():
        await page.keyboard.press("Enter")
    sent = parse_qs(asked[-1].post_data or "")
    assert sent == {
        "form": ["token"],
        "about": ["readback"],
        "choice": ["wrong"],
        "words": ["two machines, not one"],
    }
    # Whoever it is sent to learns nothing of the address that opens the page.
    assert "referer" not in await asked[-1].all_headers()
    pressed = "[...document.querySelectorAll('label:has(input), button, summary')]"
    assert await page.evaluate(f"{pressed}.filter(one => one.offsetHeight < 44).length") == 0
