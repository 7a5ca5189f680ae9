"""One story through everything: promised by a form, late, approved, told, answered on a phone, kept, and on record."""

from __future__ import annotations

import re
import secrets
from collections.abc import AsyncIterator, Iterator
from datetime import datetime

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from candor.local.secret_files import add_key, ensure_secrets
from candor.local.stack import Stack
from candor.web.security.auth import Role
from notify_svc.page import texts
from risk_svc.web.board.style import clock_text
from tests.browser.story import (
    ANA,
    BERLIN,
    CUSTOMER,
    OPTION,
    WHAT,
    WHY,
    Story,
    again,
    answered,
    approved,
    link_in,
    promised,
    recorded,
    reported,
    signed_in,
)
from tests.support.servers import own_folder
from tests.support.waiting import until

pytestmark = pytest.mark.browser
expect.set_options(timeout=30_000)


@pytest.fixture
def keys() -> dict[str, str]:
    """Ana's key, made before the services start."""
    return {}


@pytest.fixture
def stack(kafka: str, postgres: str, keys: dict[str, str]) -> Iterator[Stack]:
    """All services in real time; what is said to key accounts waits for a person."""
    stamp = secrets.token_hex(4)
    names = {"TOPIC_PREFIX": f"story-{stamp}", "DATABASE_PREFIX": f"story_{stamp}"}
    rules = {"APPROVE_LABELS": '{"tier": ["key"]}', "JOINT_SECONDS": "0"}
    with own_folder("story") as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("KAFKA_BOOTSTRAP_SERVERS", kafka)
        patch.setenv("DATABASE_URL", postgres)
        keys[ANA] = add_key(ensure_secrets(folder), ANA, Role.OPERATOR)
        made = Stack(folder, env=names | rules, usual_ports=False)
        made.start()
        try:
            yield made
        finally:
            made.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def story(stack: Stack, keys: dict[str, str], page: Page, phone: Page) -> AsyncIterator[Story]:
    """Ana at the board, a customer with a phone, and nothing promised yet."""
    headers = {"authorization": f"Bearer {keys[ANA]}"}
    async with httpx.AsyncClient(base_url=stack.urls["promise-svc"], headers=headers) as systems:
        made = Story(stack, page, phone, systems)
        await page.set_viewport_size({"width": 1280, "height": 900})
        await signed_in(made)
        yield made


async def test_a_late_promise_is_told_answered_kept_and_on_record(story: Story) -> None:
    desk, phone = story.desk, story.phone
    await promised(story)

    await reported(story, "delivered", "missed", why=WHY)
    mail = await approved(story, 1, "a step that the customer was told of did not come")
    for part in ("text", "html"):
        assert WHAT in mail[part] and WHY in mail[part] and OPTION in mail[part]
        assert link_in(mail) in mail[part]

    await phone.goto(link_in(mail))
    await expect(phone.get_by_role("heading", name=WHAT, level=1)).to_be_visible()
    letter = phone.locator("details", has_text=mail["subject"])
    await expect(letter.get_by_text(WHY)).to_be_hidden()
    await letter.locator("summary").tap()
    await expect(letter.get_by_text(WHY)).to_be_visible()
    await answered(story, phone.get_by_label(re.compile(f"{OPTION}: by")), texts.SAID_OF["option"])

    await expect(phone.get_by_text(f"{OPTION}: by")).to_be_visible()

    async def held() -> bool:
        found = await story.call("GET", f"/v1/promises/{story.promise_id}")
        return datetime.fromisoformat(found["held_due"]) == story.other

    await until(held)
    await story.open(f"/promises/{story.promise_id}")
    await again(desk, desk.get_by_text(f"promised date {clock_text(story.other, BERLIN.key)}"))
    mail = await approved(story, 2, "the company set another date")
    assert mail["subject"].startswith("New date") and "As agreed with you" in mail["text"]
    await phone.reload()
    await expect(phone.get_by_role("heading", name=mail["subject"])).to_be_visible()

    await reported(story, "installed", "reached", final=True)
    await answered(story, phone.get_by_label(texts.CHOICES["kept"], exact=True), texts.SAID_OF["verdict"])
    await story.open(f"/promises/{story.promise_id}")
    await again(desk, desk.get_by_text(f"{CUSTOMER} · Kept"))
    found = await story.call("GET", f"/v1/promises/{story.promise_id}")
    assert found["state"] == "kept"
    by = f"Approved by key:{ANA} by board."
    await recorded(
        story,
        [
            ("we: offer", OPTION, ""),
            ("we by email: warning", WHY, by),
            ("they on the page: option", OPTION, ""),
            ("we by email: all clear", WHAT, by),
            ("they on the page: verdict", "kept", ""),
        ],
    )
    assert len(await story.mails()) == 2
