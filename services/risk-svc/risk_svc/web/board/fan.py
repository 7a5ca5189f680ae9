"""The fan chart: when a promise was expected to complete, as forecast at each moment of its life. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from risk_svc.domain.chance import chance_words
from risk_svc.web.api import responses
from risk_svc.web.board import style
from risk_svc.web.board.forecast_history import (
    ForecastPeriod,
    forecast_periods,
    late_words,
    lateness,
    movements,
    time_axis,
    until_now,
    wall_ms,
)

INK: Final = "#16404f"
BANDS: Final = (("P80", "#1f6f8b", 0.45), ("P90", "#1f6f8b", 0.2))
HELD, LATE, PRESENT = "#1f2a37", "#a3203a", "#5b6776"
STEPS, INCIDENTS, TOLD = "step", "incident", "notified"
LANE: Final = {
    "reached": STEPS,
    "started": STEPS,
    "missed": STEPS,
    "cancelled": STEPS,
    "incident": INCIDENTS,
    "resolved": INCIDENTS,
    "notice": TOLD,
}
MARKS: Final = {STEPS: ("circle", "#2e7d5b"), INCIDENTS: ("triangle", "#c4572b"), TOLD: ("diamond", "#6a3d9a")}
UNITS: Final = ((4 * 86400.0, 86400.0, "days"), (3 * 3600.0, 3600.0, "hours"), (0.0, 60.0, "minutes"))
Options = dict[str, Any]


class Scale(NamedTuple):
    """The vertical axis: its unit in seconds, the unit's name, and its ends in units after the promised date."""

    unit: float
    name: str
    low: float
    high: float
    step: float

    def place(self, seconds: float | None) -> float:
        """Where to draw a time after the promised date; None (may never complete) and later times at the upper end."""
        if seconds is None:
            return self.high
        return round(min(self.high, max(self.low, seconds / self.unit)), 4)


def fan_chart(detail: responses.GapDetail, now: datetime) -> Options:
    """Completion relative to the promised date over time: P50 line, bands to P80 and P90, and events below."""
    held = until_now(detail, forecast_periods(detail), now)
    scale = scale_of(detail, held)
    start, due = (wall_ms(at, detail.zone) for at in (detail.dates.made_at, detail.dates.held_due))
    end = wall_ms(max(held[-1].at, detail.dates.made_at), detail.zone)
    return {
        "aria": {"enabled": True, "label": {"description": fan_words(detail, held)}},
        "useUTC": True,
        "animation": False,
        "grid": {"left": 48, "right": 24, "top": 40, "bottom": 88},
        # Below the chart, where a second row on a phone covers nothing.
        "legend": {"bottom": 0, "itemGap": 8, "itemWidth": 16, "textStyle": {"color": style.GREY}},
        "tooltip": {
            "trigger": "axis",
            "confine": True,
            # A point's text is its name because ECharts escapes names.
            "formatter": "{b0}",
            "extraCssText": "white-space: pre-line; max-width: 290px;",
        },
        "xAxis": time_axis(detail.zone) | {"min": start, "max": max(end, due), "axisLine": {"onZero": False}},
        "yAxis": {
            "type": "value",
            "min": scale.low,
            "max": scale.high,
            "interval": scale.step,
            "name": f"{scale.name} late (−: early)",
            "nameTextStyle": {"align": "left", "padding": [0, 0, 0, -40], "color": style.GREY},
        },
        "series": [*_bands(detail, held, scale), *_lanes(detail, now, scale)],
    }


def scale_of(detail: responses.GapDetail, held: Sequence[ForecastPeriod]) -> Scale:
    """An axis that fits P50, P80, the real completion, the promised date and, while it is late, the present.

    P90 may at most double its span.
    """
    due = detail.dates.held_due
    known = [due, detail.dates.deadline, *(at for item in held for at in (item.p50, item.p80) if at)]
    # What is late and open cannot be done before now: without the present, "never" would look like an early time.
    known += [detail.completed_at] if detail.completed_at else [item.at for item in held[-1:] if item.at > due]
    low, high = min(known), max(known)
    span = max((high - low).total_seconds(), 0.02 * (due - detail.dates.made_at).total_seconds(), 600.0)
    top = (high - due).total_seconds()
    outer = [(item.p90 - due).total_seconds() for item in held if item.p90]
    top = max([top, *(min(late, top + span) for late in outer)])
    bottom = (low - due).total_seconds()
    unit, name = next((unit, name) for least, unit, name in UNITS if top - bottom >= least)
    step = nice((top - bottom or span) / unit / 4)
    # Room below for events, and above for times beyond the axis.
    lowest = math.floor(bottom / unit / step - 0.4) * step
    return Scale(unit, name, lowest, math.ceil(top / unit / step + 0.2) * step, step)


def nice(step: float) -> float:
    """The smallest 1, 2 or 5 times a power of ten that is at least `step`; for step > 0."""
    power = 10.0 ** math.floor(math.log10(step))
    return next(round(factor * power, 9) for factor in (1, 2, 5, 10) if factor * power >= step * (1 - 1e-9))


def fan_words(detail: responses.GapDetail, held: Sequence[ForecastPeriod]) -> str:
    """The chart in words for readers who cannot see it; the table below it has the rest."""
    zone = detail.zone
    due = style.clock_text(detail.dates.held_due, zone)
    said = f"When it was expected to complete, over time. Promised date {due}."
    if detail.completed_at is not None:
        return f"{said} Completed {style.clock_text(detail.completed_at, zone)}."
    return f"{said} At present {movements(detail, None, held[-1])}." if held else said


def _bands(detail: responses.GapDetail, held: Sequence[ForecastPeriod], scale: Scale) -> list[Options]:
    due = detail.dates.held_due
    stamps = [wall_ms(item.at, detail.zone) for item in held]
    rows = [[_place(scale, item, at, due) for at in (item.p50, item.p80, item.p90)] for item in held]
    # Stacked on one another; completion before the promised date is negative and is stacked too.
    line = {"type": "line", "step": "end", "stack": "fan", "stackStrategy": "all"}
    tips = [_tip(detail, item) for item in held]
    middle = line | {
        "name": "P50",
        "symbol": "circle",
        "symbolSize": 5,
        "color": INK,
        "lineStyle": {"width": 2},
        "z": 4,
        "data": [{"name": tip, "value": [at, row[0]]} for tip, at, row in zip(tips, stamps, rows, strict=True)],
        "markLine": _lines(detail, held, scale),
    }
    bands = [
        line
        | {
            "name": name,
            "symbol": "none",
            "color": colour,
            "lineStyle": {"opacity": 0},
            "areaStyle": {"opacity": opacity},
            "itemStyle": {"opacity": opacity},
            "tooltip": {"show": False},
            "data": [[at, _above(row[place], row[place + 1])] for at, row in zip(stamps, rows, strict=True)],
        }
        for place, (name, colour, opacity) in enumerate(BANDS)
    ]
    return [middle, *bands]


def _place(scale: Scale, item: ForecastPeriod, at: datetime | None, due: datetime) -> float | None:
    return scale.place((at - due).total_seconds() if at else None) if item.enough else None


def _above(below: float | None, here: float | None) -> float | None:
    return None if below is None or here is None else round(max(0.0, here - below), 4)


def _lines(detail: responses.GapDetail, held: Sequence[ForecastPeriod], scale: Scale) -> Options:
    due = detail.dates.held_due

    def line(at: dict[str, float], words: str, colour: str, dash: str, place: str) -> Options:
        label = {"formatter": words, "position": place, "color": colour, "rotate": 0}
        return {**at, "lineStyle": {"color": colour, "type": dash}, "label": label}

    lines = [line({"yAxis": 0}, "promised date", HELD, "solid", "insideEndTop")]
    tolerated = (detail.dates.deadline - due).total_seconds()
    if tolerated > 0:
        lines.append(line({"yAxis": scale.place(tolerated)}, "tolerated", HELD, "dashed", "insideMiddleTop"))
    if detail.completed_at is not None:
        late = detail.completed_at > detail.dates.deadline
        place = scale.place((detail.completed_at - due).total_seconds())
        lines.append(line({"yAxis": place}, "completed", LATE if late else "#2e7d5b", "solid", "insideStartBottom"))
    if any(item.enough and item.p50 is None and not item.over for item in held):
        lines.append(
            line({"yAxis": scale.high}, "up here: may never be completed", PRESENT, "dotted", "insideStartBottom")
        )
    if detail.forecast is not None and held:
        lines.append(line({"xAxis": wall_ms(held[-1].at, detail.zone)}, "now", PRESENT, "dotted", "end"))
    return {"symbol": "none", "silent": True, "animation": False, "data": lines}


def _lanes(detail: responses.GapDetail, now: datetime, scale: Scale) -> list[Options]:
    happened: dict[str, list[Options]] = {name: [] for name in MARKS}
    for entry in style.timeline(detail):
        lane = LANE.get(entry.kind)
        if lane is None or entry.at > now:
            continue
        words = "\n".join(part for part in (style.clock_text(entry.at, detail.zone), entry.title, entry.detail) if part)
        happened[lane].append({"name": words, "value": [wall_ms(entry.at, detail.zone), scale.low]})
    return [
        {
            "name": name,
            "type": "scatter",
            "symbol": symbol,
            "symbolSize": 12,
            "symbolOffset": [0, -8],
            "color": colour,
            "itemStyle": {"borderColor": "#fff", "borderWidth": 1},
            "z": 6,
            "data": happened[name],
        }
        for name, (symbol, colour) in MARKS.items()
    ]


def _tip(detail: responses.GapDetail, item: ForecastPeriod) -> str:
    """A point's tooltip: its forecast, what happened before it, and the model version."""
    when, due = style.clock_text(item.at, detail.zone), detail.dates.held_due
    if item.over or item.p_slip is None:
        return "\n".join([when, movements(detail, None, item), *item.happened])
    lines = [when, f"risk of delay {chance_words(item.p_slip)}"]
    if item.p50 is None:
        lines.append(lateness(detail, item))
    else:
        for name, at in item.named:
            clock = f" {style.clock_text(at, detail.zone)}," if at else ""
            lines.append(f"{name}{clock} {late_words(at, due)}")
    model = [f"model version {item.model:,}"] if item.model else []
    return "\n".join([*lines, *item.happened, *model])
