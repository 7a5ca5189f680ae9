"""A fresh browser for each test, and a customer's phone beside it."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest_asyncio
from playwright.async_api import ConsoleMessage, Page, async_playwright

REFUSED = ("/board/", "/board/promises/no-such", "/board/nowhere", "/signin")
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}


@pytest_asyncio.fixture(loop_scope="session")
async def page(tmp_path: Path) -> AsyncIterator[Page]:
    """A fresh browser; what its console says as an error fails the test."""
    async with browser(tmp_path / "profile") as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def phone(tmp_path: Path) -> AsyncIterator[Page]:
    """The same on a phone, of somebody else: it has no session of the board."""
    async with browser(tmp_path / "phone", **PHONE) as opened:
        yield opened


@asynccontextmanager
async def browser(profile: Path, **how: Any) -> AsyncIterator[Page]:
    """A page of a browser of its own; two pages of one would slow each other: one of them is behind."""
    chromium = shutil.which("chromium")
    assert chromium, "Chromium is missing: apt-get install chromium"
    errors: list[str] = []

    def note(said: ConsoleMessage) -> None:
        # A page that is refused or missing is an error of its own address.
        if said.type == "error" and not said.location["url"].partition("?token")[0].endswith(REFUSED):
            errors.append(said.text)

    async with async_playwright() as playwright:
        context = await playwright.chromium.launch_persistent_context(
            str(profile), executable_path=chromium, headless=True, args=FLAGS.split(), **how
        )
        opened = await context.new_page()
        opened.on("console", note)
        yield opened
        await context.close()
    assert errors == []
