"""Draws a dashboard as SVG: its grid, its panels and what they show, much as Grafana would."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from typing import Any, Final

from tools.grafana.units import said
from tools.grafana.watch import Series

COLUMN, ROW, GAP = 54, 34, 8
WIDTH: Final = 24 * COLUMN
COLOURS: Final = ("#3274d9", "#e0752d", "#2f9e6e", "#b455c9", "#c4a000", "#d6455d", "#1f9bb5", "#7a6a5a")
NAMED: Final = {
    "green": "#2f9e6e",
    "yellow": "#c4a000",
    "red": "#d6455d",
    "text": "#1f2933",
    "blue": "#3274d9",
}
LETTER_PX: Final = 6.2
HEAD_ROWS: Final = 2
Shown = Mapping[int, Sequence[tuple[str, Series]]]
"""By panel, the series that it shows, each with its name in the legend."""


def picture(dashboard: Mapping[str, Any], shown: Shown, start: float, end: float) -> str:
    """Return the whole page."""
    panels = dashboard["panels"]
    height = (HEAD_ROWS + max(each["gridPos"]["y"] + each["gridPos"]["h"] for each in panels)) * ROW + GAP
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        'font-family="system-ui, sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{height}" fill="#f0f2f5"/>',
        _text(GAP, 28, dashboard["title"], size=20, weight=600),
        _text(GAP, 50, f"{dashboard['description']} {_time(start)} to {_time(end)} UTC.", colour="#52606d"),
    ]
    for panel in panels:
        parts += _panel(panel, shown.get(panel["id"], ()), start, end)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _panel(panel: Mapping[str, Any], series: Sequence[tuple[str, Series]], start: float, end: float) -> Iterator[str]:
    place = panel["gridPos"]
    left, top = place["x"] * COLUMN + GAP / 2, (HEAD_ROWS + place["y"]) * ROW + GAP / 2
    width, height = place["w"] * COLUMN - GAP, place["h"] * ROW - GAP
    if panel["type"] == "row":
        yield _text(left + 4, top + 20, panel["title"], size=14, weight=600)
        return
    yield f'<g transform="translate({left} {top})"><title>{escape(panel["description"])}</title>'
    yield f'<rect width="{width}" height="{height}" rx="3" fill="#fff" stroke="#d9dee3"/>'
    yield _text(10, 20, panel["title"], weight=600, size=13)
    draw = {"stat": _stat, "bargauge": _bars}.get(panel["type"])
    if draw:
        yield from draw(panel, series, width, height)
    else:
        yield from _lines(panel, series, width, height, (start, end))
    yield "</g>"


def _stat(panel: Mapping[str, Any], series: Sequence[tuple[str, Series]], width: float, height: float) -> Iterator[str]:
    value = series[0][1].points[-1][1] if series else None
    colour = _colour(panel, value)
    yield _text(width / 2, height / 2 + 24, _value(panel, value), size=34, weight=600, colour=colour, anchor="middle")


def _bars(panel: Mapping[str, Any], series: Sequence[tuple[str, Series]], width: float, height: float) -> Iterator[str]:
    rows = sorted(series, key=lambda each: each[0].partition(" ")[0])
    most = panel["fieldConfig"]["defaults"].get("max") or max((one.points[-1][1] for _, one in rows), default=1) or 1
    each = (height - 40) / max(len(rows), 1)
    for number, (name, one) in enumerate(rows):
        value, top = one.points[-1][1], 32 + number * each
        long = (width - 200) * min(value / most, 1)
        second = name.endswith("happened")
        yield _text(118, top + each * 0.7, name, anchor="end", colour="#52606d", size=11)
        yield f'<rect x="126" y="{top + 1:.1f}" width="{long:.1f}" height="{each - 3:.1f}" fill="{COLOURS[second]}"/>'
        yield _text(132 + long, top + each * 0.7, _value(panel, value), size=11)


def _lines(
    panel: Mapping[str, Any],
    series: Sequence[tuple[str, Series]],
    width: float,
    height: float,
    times: tuple[float, float],
) -> Iterator[str]:
    legend = list(_legend([name for name, _ in series], width - 20))
    box = (58.0, 32.0, width - 12, height - 24 - 16 * (legend[-1][2] + 1 if legend else 0))
    defaults = panel["fieldConfig"]["defaults"]
    stacked = defaults["custom"]["stacking"]["mode"] == "normal"
    drawn = _stacked(series) if stacked else [one.points for _, one in series]
    low, high = _range(drawn, defaults)
    steps = [step for step in defaults["thresholds"]["steps"] if step["value"] is not None]
    yield from _axes(panel, box, low, high, times)
    for number, points in enumerate(drawn):
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in _scaled(points, box, low, high, times))
        colour = COLOURS[number % len(COLOURS)]
        yield f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.8"/>'
    for step in steps:
        if low <= step["value"] <= high:
            [(_, y)] = _scaled([(times[0], step["value"])], box, low, high, times)
            yield (
                f'<line x1="{box[0]}" x2="{box[2]}" y1="{y:.1f}" y2="{y:.1f}" stroke="{NAMED[step["color"]]}" '
                'stroke-dasharray="5 4"/>'
            )
    for number, (name, x, line) in enumerate(legend):
        y = height - 10 - 16 * (legend[-1][2] - line)
        yield f'<rect x="{10 + x:.0f}" y="{y - 5}" width="12" height="3" fill="{COLOURS[number % len(COLOURS)]}"/>'
        yield _text(26 + x, y, name, size=11, colour="#52606d")


def _axes(
    panel: Mapping[str, Any], box: tuple[float, ...], low: float, high: float, times: tuple[float, float]
) -> Iterator[str]:
    left, top, right, bottom = box
    for part in range(5):
        y, value = bottom - (bottom - top) * part / 4, low + (high - low) * part / 4
        yield f'<line x1="{left}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}" stroke="#e4e8ec"/>'
        yield _text(left - 6, y + 4, said(value, panel["fieldConfig"]["defaults"]["unit"], high), size=10, anchor="end")
    for part in range(4):
        x = left + (right - left) * part / 3
        anchor = ("start", "middle", "middle", "end")[part]
        when = _time(times[0] + (times[1] - times[0]) * part / 3)
        yield _text(x, bottom + 14, when, size=10, anchor=anchor, colour="#7b8794")


def _scaled(
    points: Sequence[tuple[float, float]], box: tuple[float, ...], low: float, high: float, times: tuple[float, float]
) -> Iterator[tuple[float, float]]:
    left, top, right, bottom = box
    for when, value in points:
        share = (min(max(value, low), high) - low) / (high - low)
        yield left + (when - times[0]) / (times[1] - times[0]) * (right - left), bottom - share * (bottom - top)


def _stacked(series: Sequence[tuple[str, Series]]) -> list[list[tuple[float, float]]]:
    total: dict[float, float] = {}
    found = []
    for _, one in series:
        for when, value in one.points:
            total[when] = total.get(when, 0) + value
        found.append([(when, total[when]) for when, _ in one.points])
    return found


def _range(drawn: Sequence[Sequence[tuple[float, float]]], defaults: Mapping[str, Any]) -> tuple[float, float]:
    values = [value for points in drawn for _, value in points] or [0.0]
    low = defaults.get("min", min(values))
    high = defaults.get("max", max(values) * 1.05)
    return low, high if high > low else low + 1


def _legend(names: Sequence[str], width: float) -> Iterator[tuple[str, float, int]]:
    x, line = 0.0, 0
    for name in names:
        long = 28 + len(name) * LETTER_PX
        if x and x + long > width:
            x, line = 0.0, line + 1
        yield name, x, line
        x += long


def _value(panel: Mapping[str, Any], value: float | None) -> str:
    if value is None:
        return "no data"
    defaults = panel["fieldConfig"]["defaults"]
    for mapping in defaults.get("mappings", ()):
        if str(round(value)) in mapping["options"]:
            return str(mapping["options"][str(round(value))]["text"])
    return said(value, defaults["unit"], value, defaults.get("decimals"))


def _colour(panel: Mapping[str, Any], value: float | None) -> str:
    colour = "text"
    for step in panel["fieldConfig"]["defaults"]["thresholds"]["steps"]:
        if step["value"] is None or (value is not None and value >= step["value"]):
            colour = step["color"]
    return NAMED[colour]


def _time(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%H:%M:%S}"


def _text(
    x: float, y: float, text: str, *, size: int = 12, weight: int = 400, colour: str = "#1f2933", anchor: str = "start"
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" font-weight="{weight}" fill="{colour}" '
        f'text-anchor="{anchor}">{escape(textwrap.shorten(text, 160, placeholder="…"))}</text>'
    )
