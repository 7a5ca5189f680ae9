"""A fresh browser for each test."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from playwright.async_api import ConsoleMessage, Page, async_playwright

REFUSED = ("/board/", "/board/promises/no-such", "/board/nowhere", "/signin")
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)


@pytest_asyncio.fixture(loop_scope="session")
async def page(tmp_path: Path) -> AsyncIterator[Page]:
    """A fresh browser; what its console says as an error fails the test."""
    chromium = shutil.which("chromium")
    assert chromium, "Chromium is missing: apt-get install chromium"
    errors: list[str] = []

    def note(said: ConsoleMessage) -> None:
        # A page that is refused or missing is an error of its own address.
        if said.type == "error" and not said.location["url"].partition("?token")[0].endswith(REFUSED):
            errors.append(said.text)

    async with async_playwright() as playwright:
        context = await playwright.chromium.launch_persistent_context(
            str(tmp_path / "profile"), executable_path=chromium, headless=True, args=FLAGS.split()
        )
        opened = await context.new_page()
        opened.on("console", note)
        yield opened
        await context.close()
    assert errors == []
