"""Takes the pictures of the board that the README shows, of the running installation.

candor up --detach && candor replay fieldservice --ending today && python -m tools.pictures
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import tempfile
from pathlib import Path
from typing import Final

from playwright.async_api import Page, async_playwright

from candor.installation.running import at_work
from candor.local.commands.token import board
from candor.local.secret_files import ensure_secrets
from candor.ops.settings import read_secret
from candor.web.security.auth import Role
from candor.web.security.sessions import Sessions

WIDTH: Final = 1280
HEIGHTS: Final = {"accounts": 1030, "teams": 830, "path": 800}
"""How much of each page is taken, by the last part of its address, in pixels."""
LARGEST: Final = 150_000
"""Bytes of a picture, so that the README opens fast."""
SHOWN: Final = {"accounts": ".plot li", "teams": ".plot li", "path": ".flow svg"}
"""What is drawn once the page has its figures."""
PATIENCE_MS: Final = 120_000


async def take(page: Page, address: str, to: Path) -> list[Path]:
    """Write a picture of each page to a folder; `page` is signed in to the board at this address.

    Raises ValueError for a picture of more than LARGEST bytes.
    """
    await page.emulate_media(color_scheme="light", reduced_motion="reduce")
    made = []
    for name, height in HEIGHTS.items():
        await page.set_viewport_size({"width": WIDTH, "height": height})
        await page.goto(f"{address}/{name}")
        await page.locator(SHOWN[name]).first.wait_for(timeout=PATIENCE_MS)
        await page.evaluate("document.fonts.ready")
        picture = await page.screenshot()
        if len(picture) > LARGEST:
            raise ValueError(f"{name}.png has {len(picture):,} bytes, more than {LARGEST:,}")
        made.append(to / f"{name}.png")
        made[-1].write_bytes(picture)
    return made


async def signed_in(to: Path) -> list[Path]:
    """Sign in to the running board with a browser of our own, and take its pictures."""
    folder = at_work()
    address, chromium = board(folder), shutil.which("chromium")
    if address is None or chromium is None:
        raise SystemExit("the board must run (candor up --detach), and Chromium be there (apt-get install chromium)")
    token = Sessions(read_secret(ensure_secrets(folder).session), secure=False).link_token(Role.VIEWER)
    with tempfile.TemporaryDirectory() as profile:
        async with async_playwright() as playwright:
            context = await playwright.chromium.launch_persistent_context(
                profile, executable_path=chromium, headless=True, args=["--no-sandbox", "--disable-gpu"]
            )
            page = await context.new_page()
            await page.goto(f"{address}/signin?token={token}")
            made = await take(page, f"{address}/board", to)
            await context.close()
    return made


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--to", type=Path, default=Path("docs"), help="Folder of the pictures.")
    for path in asyncio.run(signed_in(parser.parse_args().to)):
        print(f"{path}: {path.stat().st_size:,} bytes")
