"""One picture of a stream: coverage of P80 and P90 and Brier skill, month by month, as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Final

import numpy as np

from bench.forecast_streams.cases import Cases
from risk_svc.forecast.charts import BLUE, GREEN, GREY, INK, ORANGE
from risk_svc.forecast.evaluation import measure

WIDE, HIGH, LEFT, RIGHT, TOP = 720, 300, 50, 30, 40
LABEL_WIDTH: Final = 70
FEW: Final = 200
"""Forecasts of a month below which it is not drawn."""
TITLES: Final = {
    "boston311": "City service requests",
    "pge2019": "Power outages",
    "oulad_cw": "Students' coursework",
    "olist": "Deliveries to shoppers",
    "flights": "Flights",
}
"""What the streams that the pages show are about, by their folders' names."""


def plot(cases: Cases, name: str, path: Path) -> None:
    """Writes the picture of a stream."""
    path.write_text(drawn(name, *monthly(cases)), encoding="utf-8")


def monthly(cases: Cases) -> tuple[list[str], dict[str, list[float]]]:
    """The months, and in each the share that P80 and P90 covered and the Brier skill, all in percent."""
    months = np.array([datetime.fromtimestamp(at, UTC).strftime("%Y-%m") for at in cases.at.tolist()])
    names: list[str] = []
    found: dict[str, list[float]] = {"P80 covers": [], "P90 covers": [], "Brier skill": []}
    for month in np.unique(months):
        chosen = measure(cases.table.where(months == month))
        covered = {one.level: one.covered for one in chosen.coverage}
        if chosen.n < FEW or chosen.skill is None or 0.8 not in covered:
            continue
        names.append(str(month))
        for line, value in zip(found.values(), (covered[0.8], covered[0.9], chosen.skill), strict=True):
            line.append(100 * value)
    return names, found


def drawn(name: str, months: Sequence[str], lines: dict[str, list[float]]) -> str:
    """The SVG of lines over months, apart where months are not drawn; values below −20 are drawn there."""
    title = escape(TITLES.get(name, name))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE} {HIGH}" font-family="sans-serif" font-size="11">',
        f'<rect width="{WIDE}" height="{HIGH}" fill="#fff"/>',
        f'<text x="{LEFT}" y="16" font-weight="bold" fill="{INK}">{title}: percent, by month asked</text>',
    ]
    for mark in (0, 20, 40, 60, 80, 90, 100):
        dash = ' stroke-dasharray="4 3"' if mark in (80, 90) else ""
        parts.append(f'<path d="M{LEFT} {_y(mark)}H{WIDE - RIGHT}" stroke="{GREY}" stroke-opacity=".4"{dash}/>')
        parts.append(f'<text x="{LEFT - 6}" y="{_y(mark) + 4}" text-anchor="end" fill="{INK}">{mark}</text>')
    numbers = [12 * int(month[:4]) + int(month[5:7]) for month in months]
    step = (WIDE - LEFT - RIGHT) / max(1, numbers[-1] - numbers[0]) if numbers else 0.0
    across = [LEFT + step * (number - numbers[0]) for number in numbers]
    free = 0.0
    for month, at in zip(months, across, strict=True):
        if at >= free:
            free = at + LABEL_WIDTH
            parts.append(f'<text x="{at:.0f}" y="{HIGH - 6}" text-anchor="middle" fill="{INK}">{month}</text>')
    for number, ((label, values), colour) in enumerate(zip(lines.items(), (BLUE, ORANGE, GREEN), strict=True)):
        parts.append(f'<path d="{_course(numbers, across, values)}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts.append(f'<text x="{LEFT + 130 * number}" y="32" fill="{colour}">{label}</text>')
    return "\n".join([*parts, "</svg>\n"])


def _course(numbers: Sequence[int], across: Sequence[float], values: Sequence[float]) -> str:
    """A line through the months; one that has no neighbour is a dash of its own."""
    parts, before = [], -1
    for number, at, value in zip(numbers, across, values, strict=True):
        follows = number == before + 1
        parts.append(f"{'L' if follows else 'M'}{at:.1f} {_y(value)}" + ("" if follows else "h3"))
        before = number
    return "".join(parts)


def _y(value: float) -> float:
    return round(HIGH - 24 - (max(-20.0, value) + 20) * (HIGH - 24 - TOP) / 120, 1)
