"""Forecast accuracy as ECharts options, for the board and for the page that `candor backtest` writes. Pure.

Colours are those of Okabe and Ito, safe for colour-blind readers; every line has its own symbol as well.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, Final

from risk_svc.forecast.evaluation import LEVELS, Evaluation, Group, Measures, Span

BLUE, ORANGE, GREEN, GREY, INK = "#0072b2", "#d55e00", "#007a5a", "#5b6776", "#1f2a37"
LINES: Final = ((BLUE, "circle"), (ORANGE, "rect"), (GREEN, "triangle"))
WIDEST: Final = 34.0
NARROWEST: Final = 7.0
X_GAP, Y_GAP = 30, 42
Options = dict[str, Any]


def reliability(record: Evaluation) -> Options:
    """Share that slipped against the stated probability: one bubble per tenth, its area the number of forecasts."""
    bins = record.overall.reliability
    most = max((item.n for item in bins), default=1)
    points = [
        {
            "name": f"{item.n:,} forecasts",
            "value": [_percent(item.predicted), _percent(item.observed)],
            "symbolSize": round(max(NARROWEST, WIDEST * math.sqrt(item.n / most)), 1),
        }
        for item in bins
    ]
    diagonal = [{"coord": [0, 0]}, {"coord": [100, 100]}]
    options = _base(_axis("stated, %"), _axis("slipped, %", Y_GAP))
    options["tooltip"] = {"trigger": "item", "confine": True, "formatter": "{b}<br>stated and slipped, %: {c}"}
    options["series"] = [
        {
            "name": "forecasts",
            "type": "scatter",
            "data": points,
            "itemStyle": {"color": BLUE, "opacity": 0.75, "borderColor": "#fff"},
            "markLine": _reference([diagonal], "as stated"),
        }
    ]
    return options


def skill_over_time(record: Evaluation) -> Options:
    """Skill over the usual share late, by period of settlement; a gap where too little was settled."""
    options = _over_time(record, "skill, %")
    options["yAxis"]["max"] = 100
    if any(span.track.skill is not None and span.track.skill < -1 for span in record.over_time):
        # The forecasts of an untrained model would otherwise flatten the line of all later ones.
        options["yAxis"]["min"] = -100
    options["series"] = [
        {
            **_line("skill", 0, [_percent(span.track.skill) for span in record.over_time]),
            "markLine": _reference([{"yAxis": 0}], "usual share late"),
        }
    ]
    return options


def coverage_over_time(record: Evaluation) -> Options:
    """The share completed by P50, P80 and P90, one line each, with the stated shares dashed."""
    options = _over_time(record, "came by then, %")
    options["yAxis"] |= {"min": 0, "max": 100}
    options["legend"] = {"top": 0, "textStyle": {"color": INK}}
    options["series"] = [
        {
            **_line(f"P{level * 100:.0f}", place, [_percent(_covered(span.track, level)) for span in record.over_time]),
            "markLine": _reference([{"yAxis": level * 100}], "", LINES[place][0]),
        }
        for place, level in enumerate(LEVELS)
    ]
    return options


def skill_by(groups: Sequence[Group], title: str) -> Options:
    """One bar per group with its skill and number of forecasts, the first group on top."""
    rows = list(reversed(groups))
    options = _base(
        _axis("skill, %", bounded=False), _category([f"{group.name} ({group.track.n:,})" for group in rows])
    )
    options["title"] = {"text": title, "left": 0, "top": 0, "textStyle": {"fontSize": 13, "color": INK}}
    options["yAxis"]["axisLabel"] |= {"width": 130, "overflow": "truncate"}
    options["grid"] |= {"right": 64}
    options["tooltip"] = {"trigger": "item", "confine": True, "formatter": "{b}: {c}%"}
    options["series"] = [
        {
            "name": "skill",
            "type": "bar",
            "barMaxWidth": 22,
            "data": [_bar(group.track) for group in rows],
            "label": {"show": True, "position": "right", "formatter": "{c}%", "color": INK},
        }
    ]
    return options


def _bar(found: Measures) -> Any:
    if found.skill is None:
        # In words, because an empty row would look like zero skill.
        return {"value": 0, "label": {"formatter": "too little history", "color": GREY}}
    return {"value": _percent(found.skill), "itemStyle": {"color": BLUE if found.skill >= 0 else ORANGE}}


def _base(x: Options, y: Options) -> Options:
    return {
        "aria": {"enabled": True},
        # The chart is refreshed every few seconds and would animate each time.
        "animation": False,
        "textStyle": {"fontSize": 12},
        "grid": {"left": 34, "right": 30, "top": 34, "bottom": 30, "containLabel": True},
        "tooltip": {"trigger": "axis", "confine": True},
        "xAxis": x,
        "yAxis": y,
    }


def _axis(name: str, gap: int = X_GAP, *, bounded: bool = True) -> Options:
    limits: Options = {"min": 0, "max": 100} if bounded else {}
    return {
        "type": "value",
        **_named(name, gap),
        "nameTextStyle": {"color": GREY},
        "axisLabel": {"color": INK, "hideOverlap": True},
        **limits,
    }


def _category(names: Iterable[str]) -> Options:
    return {"type": "category", "data": list(names), "axisLabel": {"color": INK, "hideOverlap": True}}


def _named(name: str, gap: int) -> Options:
    return {"name": name, "nameLocation": "middle", "nameGap": gap}


def _over_time(record: Evaluation, name: str) -> Options:
    x = _category(_when(record, span) for span in record.over_time) | _named(f"settled, by {record.period}", X_GAP)
    x["axisLabel"] |= {"alignMinLabel": "left", "showMinLabel": True}
    return _base(x, _axis(name, Y_GAP, bounded=False))


def _when(record: Evaluation, span: Span) -> str:
    """E.g. `8 Mar 2013`, `Mar 2013` or `2013`."""
    shown = {"month": f"{span.start:%b %Y}", "year": f"{span.start:%Y}"}
    return shown.get(record.period, f"{span.start.day} {span.start:%b %Y}")


def _line(name: str, place: int, values: list[float | None]) -> Options:
    colour, symbol = LINES[place]
    return {
        "name": name,
        "type": "line",
        "symbol": symbol,
        "symbolSize": 7,
        "color": colour,
        "lineStyle": {"width": 2},
        "data": values,
    }


def _reference(data: list[Any], text: str, colour: str = GREY) -> Options:
    return {
        "symbol": "none",
        "silent": True,
        "data": data,
        "lineStyle": {"type": "dashed", "color": colour, "width": 1},
        "label": {"show": bool(text), "formatter": text, "color": GREY, "position": "insideEndTop"},
    }


def _covered(found: Measures, level: float) -> float | None:
    return next((item.covered for item in found.coverage if item.level == level), None)


def _percent(share: float | None) -> float | None:
    return None if share is None else round(100 * share, 1)
