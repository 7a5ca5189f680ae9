"""What is wrong with how a page is told and seen: contrast, headings, names, WCAG 2.2 AA; measured in the browser."""

from __future__ import annotations

from typing import Any, Final

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

from tests.support.contrast import SIGN, TEXT, contrast

RULES: Final = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
MEASURE = """() => {
  const opaque = colour => !/^rgba\\(.*, 0\\)$|^transparent$/.test(colour);
  const rgb = colour => {
    const canvas = document.createElement('canvas').getContext('2d');
    canvas.fillStyle = '#fff'; canvas.fillRect(0, 0, 1, 1);
    canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    const [r, g, b] = canvas.getImageData(0, 0, 1, 1).data;
    return `rgb(${r}, ${g}, ${b})`;
  };
  const behind = element => {
    for (let one = element; one; one = one.parentElement) {
      const colour = getComputedStyle(one).backgroundColor;
      if (opaque(colour)) return colour;
    }
    return 'rgb(255, 255, 255)';
  };
  const found = [];
  for (const element of document.querySelectorAll('body *')) {
    const own = [...element.childNodes].filter(node => node.nodeType === 3).map(node => node.data.trim()).join('');
    const style = getComputedStyle(element), box = element.getBoundingClientRect();
    if (!own || style.visibility === 'hidden' || box.width < 2 || box.height < 2) continue;
    if (element.closest('.q-icon, [aria-hidden=true], .disabled, style, script')) continue;
    found.push([own.slice(0, 40), rgb(style.color), rgb(behind(element))]);
  }
  return found;
}"""
TOLD = """() => ({
  lang: document.documentElement.lang,
  title: document.title,
  icon: document.querySelector('link[rel~=icon]')?.href ?? '',
  h1: [...document.querySelectorAll('h1')].map(one => one.textContent),
  levels: [...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map(one => +one.tagName[1]),
  unnamed: [...document.querySelectorAll('input, select, textarea, button, a[href]')].filter(one => {
    const label = one.labels?.[0]?.textContent || one.getAttribute('aria-label') || one.textContent || one.title;
    return !label.trim() && one.getBoundingClientRect().width > 1;
  }).map(one => one.outerHTML.slice(0, 120)),
})"""
RING = """() => {
  const element = document.activeElement, style = getComputedStyle(element);
  let behind = element.parentElement;
  const through = one => /, 0\\)$|^transparent$/.test(getComputedStyle(one).backgroundColor);
  while (behind && through(behind)) behind = behind.parentElement;
  return [element.textContent, style.outlineStyle, style.outlineColor, getComputedStyle(behind).backgroundColor];
}"""


async def too_pale(page: Page) -> list[Any]:
    """Every text of the page that is read too hard, with its colours."""
    found = await page.evaluate(MEASURE)
    assert found, "no text at all"
    return [(*one, round(contrast(one[1], one[2]), 2)) for one in found if contrast(one[1], one[2]) < TEXT]


async def barriers(page: Page) -> list[str]:
    """What axe-core finds against WCAG 2.2 AA and good practice."""
    found = await Axe().run(page, options=RULES)
    assert found.response["passes"], "it looked at nothing"
    return [f"{one['id']}: {node['html'][:200]}" for one in found.response["violations"] for node in one["nodes"]]


async def well_told(page: Page) -> dict[str, Any]:
    """Asserts language, icon, headings and names, and no barrier; returns what the page says of itself."""
    assert await barriers(page) == []
    told: dict[str, Any] = await page.evaluate(TOLD)
    assert told["lang"].startswith("en")
    assert told["icon"].startswith("data:image/svg+xml")
    assert len(told["h1"]) == 1
    steps = zip([0, *told["levels"]], told["levels"], strict=False)
    assert all(later - earlier <= 1 for earlier, later in steps), told["levels"]
    assert told["unnamed"] == []
    return told


async def ring_is_seen(page: Page) -> str:
    """Asserts that what has the focus shows it; returns its text."""
    words, style, colour, behind = await page.evaluate(RING)
    assert style == "solid"
    assert contrast(colour, behind) >= SIGN, (words, colour, behind)
    return str(words)
