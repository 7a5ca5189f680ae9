"""What staff at the board and a customer with a phone do in the story of one promise, and what they see of it."""

from __future__ import annotations

import re
import secrets
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from playwright.async_api import Locator, Page, expect

from candor.local.stack import Stack
from candor.ops.settings import read_secret
from candor.web.security.auth import Role
from candor.web.security.sessions import Sessions
from notify_svc.page import texts
from risk_svc.web.board.promise_bodies import NO_LABEL
from tests.browser.looks import barriers, too_pale
from tests.browser.menu import width_of
from tests.support.waiting import until

BERLIN = ZoneInfo("Europe/Berlin")
ANA, TO, CUSTOMER = "ana", "pat@customer.example", "story-cafe"
WHAT, WHY, OPTION = "Espresso machine installed", "the van broke down", "Installed on another day"
_link = re.compile(r"http://page\.localhost:\d+/p/[A-Za-z0-9_.-]+")


def in_days(days: int) -> datetime:
    """Three in the afternoon in Berlin."""
    return (datetime.now(BERLIN) + timedelta(days=days)).replace(hour=15, minute=0, second=0, microsecond=0)


@dataclass
class Story:
    """Who acts: staff at the board in `desk`, the customer with a `phone`, and systems by an API key."""

    stack: Stack
    desk: Page
    phone: Page
    systems: httpx.AsyncClient
    promise_id: str = field(default_factory=lambda: f"PR-{secrets.token_hex(3)}")
    due: datetime = field(default_factory=lambda: in_days(2))
    other: datetime = field(default_factory=lambda: in_days(4))

    async def open(self, path: str) -> None:
        await self.desk.goto(f"{self.stack.urls['risk-web']}/board{path}")

    async def call(self, method: str, path: str, body: Any = None) -> Any:
        """What promise-svc answers."""
        answer = await self.systems.request(method, path, json=body)
        assert answer.is_success, answer.text
        return answer.json()

    async def mails(self) -> list[dict[str, Any]]:
        """What the customer's mailbox got, oldest first."""
        async with httpx.AsyncClient(base_url=self.stack.urls["mailbox"]) as mailbox:
            found = (await mailbox.get("/messages", params={"recipient": TO})).json()["messages"]
        return sorted(found, key=lambda one: int(one["number"]))


async def signed_in(story: Story) -> None:
    """Ana, by the link that is printed for her key."""
    token = Sessions(read_secret(story.stack.secrets.session), secure=False).link_token(Role.OPERATOR, ANA)
    await story.desk.goto(f"{story.stack.urls['risk-web']}/signin?token={token}")
    await expect(story.desk.get_by_text("likely to slip")).to_be_visible()


async def again(page: Page, seen: Locator) -> None:
    """Load a page anew until something is seen, as who waits for it does."""

    async def found() -> bool:
        with suppress(AssertionError):
            await expect(seen).to_be_visible(timeout=2000)
            return True
        await page.reload()
        return False

    await until(found, seconds=120)


async def promised(story: Story) -> None:
    """A person makes the promise by the form; a system says where the customer is reached, and what is offered."""
    contact = {"email": TO, "name": "Pat", "zone": BERLIN.key, "language": "en"}
    await story.call("PUT", f"/v1/customers/{CUSTOMER}/contact", contact)
    await story.open(f"/new?customer={CUSTOMER}&kind=install")
    desk = story.desk
    await desk.get_by_label("What is promised, in the customer's words").fill(WHAT)
    await desk.get_by_label("Time zone of all times here").fill(BERLIN.key)
    await desk.get_by_label("Date to promise").fill(f"{story.due:%Y-%m-%dT%H:%M}")
    await desk.get_by_label("Step 1", exact=True).fill("delivered")
    await desk.get_by_role("checkbox", name="the customer knows of it").first.click()
    await desk.get_by_role("button", name="Another step").click()
    await desk.get_by_label("Step 2", exact=True).fill("installed")
    await desk.get_by_label("Its id, if it has one elsewhere").fill(story.promise_id)
    await mistyped(desk)
    await desk.get_by_label("Labels").fill("tier=key")
    await desk.get_by_role("button", name="Make this promise").click()
    await expect(desk.get_by_text(f"Made: {story.promise_id}, promised for")).to_be_visible()
    option = {"name": OPTION, "kind": "revised_terms", "due": story.other.isoformat()}
    await story.call("POST", "/v1/offers", {"promise_id": story.promise_id, "options": [option]})
    await desk.get_by_role("link", name="To the promise").click()
    await again(desk, desk.get_by_role("heading", name=WHAT, level=1))


async def mistyped(desk: Page) -> None:
    """What is wrong with a field is read beside it, by dark as well."""
    labels = desk.get_by_label("Labels")
    await labels.fill("tier")
    await desk.get_by_role("button", name="Make this promise").click()
    await expect(desk.get_by_text(NO_LABEL)).to_be_visible()
    await desk.emulate_media(color_scheme="dark")
    await expect(desk.locator("body")).to_have_css("color-scheme", "dark")
    assert await too_pale(desk) == []
    await desk.emulate_media(color_scheme="light")


async def reported(story: Story, step: str, was: str, *, why: str = "", final: bool = False) -> None:
    """A person reports a step by the form behind the promise's page."""
    desk = story.desk
    await story.open(f"/promises/{story.promise_id}")
    await desk.get_by_role("link", name="Change it, report a step, or settle it").click()
    await expect(desk.get_by_text(f"{WHAT} · {CUSTOMER} · Open")).to_be_visible()
    await desk.get_by_label("Step", exact=True).fill(step)
    await desk.get_by_role("combobox", name="It was").first.click()
    await desk.get_by_role("option", name=was, exact=True).click()
    await desk.get_by_label("Reason for the customer, word for word").last.fill(why)
    if final:
        await desk.get_by_role("checkbox", name="with it the promise is done").click()
    await desk.get_by_role("button", name="Report this step").click()
    await expect(desk.get_by_text(re.compile(f"^(Noted: )?{step} {was}"))).to_be_visible()


async def approved(story: Story, number: int, because: str) -> dict[str, Any]:
    """A person reads what waits in the inbox and approves it; returns the customer's mail, the `number`th."""
    desk = story.desk
    await story.open("/inbox")
    row = desk.locator("tr", has_text=f"to {CUSTOMER} about {story.promise_id}")
    await expect(row).to_contain_text("key account", timeout=60_000)
    # Nothing goes before somebody has read it.
    assert len(await story.mails()) == number - 1
    await row.get_by_role("link").click()
    await expect(desk.get_by_text(because)).to_be_visible()
    await expect(desk.get_by_text("It waits for: key account")).to_be_visible()
    assert await barriers(desk) == []
    await desk.get_by_role("button", name="Approve").click()
    await expect(desk.get_by_text("Approved: it goes out after a last look at the facts.")).to_be_in_viewport()

    async def reached() -> bool:
        return len(await story.mails()) >= number

    await until(reached)
    return (await story.mails())[-1]


def link_in(mail: dict[str, Any]) -> str:
    """The address of the customer's page that a mail names."""
    return str(_link.findall(mail["text"])[0])


async def answered(story: Story, choice: Locator, said: str) -> None:
    """The customer chooses on their page, by a form that fits their hand, and reads what they said."""
    phone = story.phone
    await again(phone, choice)
    assert await barriers(phone) == []
    assert await too_pale(phone) == []
    assert await width_of(phone) <= 390
    await choice.tap()
    form = phone.locator("form").filter(has=choice)
    await form.get_by_role("button", name=texts.SEND).tap()
    # Sending leads to what was said, not to the top of the page.
    await expect(phone.get_by_role("heading", name=re.compile(f": {said}$")).first).to_be_in_viewport()


async def recorded(story: Story, said: list[tuple[str, str, str]]) -> None:
    """The customer's record shows all of it in its order: who spoke how, some of the words, and what stands beside."""
    await story.open(f"/said?customer={CUSTOMER}")
    entries = story.desk.locator("main ol > li")
    await expect(entries).to_have_count(len(said), timeout=60_000)
    for number, (head, words, beside) in enumerate(said):
        entry = entries.nth(number)
        await expect(entry).to_contain_text(f"{head}, about {story.promise_id}")
        await expect(entry).to_contain_text(words)
        await expect(entry).to_contain_text(beside)
