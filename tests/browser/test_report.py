"""The page of a backtest in Chromium, from a file: every chart is drawn, on a phone as well, and nothing is fetched."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from playwright.async_api import async_playwright

from risk_svc.backtest.command import charting
from risk_svc.backtest.report import Backtest, page
from risk_svc.forecast.evaluation import ScoredForecast, evaluate_all
from tests.browser.conftest import FLAGS

pytestmark = pytest.mark.browser
DRAWN = (
    "document.body.dataset.drawn === '5' && [...document.querySelectorAll('.chart')].every(c => c.querySelector('svg'))"
)


def scored(number: int) -> ScoredForecast:
    chance = number % 10 / 10
    kind = "parcel" if number % 3 else "a kind with a name that is far too long for the chart </script>"
    hours = 1.0 + number % 13
    late = int(number % 7 < 2)
    return ScoredForecast(f"p{number}", "made", kind, chance, 0.3, late, number * 43200.0, hours, (5.0, 9.0, 11.0))


async def test_it_is_drawn_without_a_network_and_fits_a_phone(tmp_path: Path) -> None:
    chromium = shutil.which("chromium")
    assert chromium, "Chromium is missing: apt-get install chromium"
    file = tmp_path / "record.html"
    file.write_text(page(Backtest(evaluate_all([scored(n) for n in range(120)]), 3), "Of <b>my</b> own", charting()))
    wrong: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS.split())
        opened = await browser.new_page(viewport={"width": 390, "height": 844})
        opened.on("console", lambda said: wrong.append(said.text))
        opened.on("pageerror", lambda error: wrong.append(str(error)))
        opened.on("request", lambda asked: None if asked.url.startswith("data:") else wrong.append(asked.url))
        await opened.goto(file.as_uri())
        await opened.wait_for_function(DRAWN)
        assert await opened.evaluate("document.documentElement.scrollWidth") <= 390
        assert await opened.title() == "Of <b>my</b> own"
        shown = await opened.inner_text("body")
        await browser.close()
    assert "120 forecasts about 120 promises" in shown
    assert wrong == [file.as_uri()]
