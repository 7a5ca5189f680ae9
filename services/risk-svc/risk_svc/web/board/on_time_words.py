"""Kept three ways, in full and by plan: as intervals, over the months as a chart, and in rows. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from risk_svc.forecast.charts import GREY, INK, LINES
from risk_svc.web.board import plots
from risk_svc.web.board.figure_words import Body, name_of, share_words

WAYS: Final = {
    "requested": "by the date that the customer asked for",
    "first": "by the first date that was told",
    "latest": "by the last date that was told",
    "in_full": "by the last date, and in full",
    "not_in_full": "by the last date, but not in full",
    "plan_complete": "steps reached by their plan (Percent Plan Complete)",
}
SHORT: Final = {
    "requested": "requested date",
    "first": "first date",
    "latest": "last date",
    "in_full": "in full",
    "not_in_full": "in time, not in full",
    "plan_complete": "plan complete",
}
DRAWN: Final = ("requested", "first", "latest")
"""The ways that the chart over time draws."""
SCALE: Final = plots.Scale(0.0, 1.0, 0.0)
ENDS: Final = ("0%", "100%")
Options = dict[str, Any]


def overall(bodies: Sequence[Body]) -> str:
    """Each way to keep a promise, of all promises that ended or are overdue."""
    marks = [_mark(words, body[way]) for body in bodies[:1] for way, words in WAYS.items()]
    return plots.plot(marks, SCALE, "Kept, of all promises that ended or are overdue", bars=True, ends=ENDS)


def by_group(bodies: Sequence[Body]) -> str:
    """Kept by the last date that was told, of each group."""
    marks = [_mark(name_of(body), body["latest"]) for body in bodies]
    return plots.plot(marks, SCALE, "Kept by the last date, by group", bars=True, ends=ENDS)


def rows(bodies: Sequence[Body]) -> list[dict[str, Any]]:
    """The table: each way with its interval and number."""
    return [
        {"id": name_of(body), "promises": f"{body['promises']:,}"} | {way: share_words(body[way]) for way in WAYS}
        for body in bodies
    ]


def months_chart(bodies: Sequence[Body]) -> Options:
    """Kept by month of the first promised date, oldest first; a gap where too little came due."""
    months = sorted(bodies, key=lambda body: str(body["name"]))
    series = [
        {
            "name": SHORT[way],
            "type": "line",
            "color": LINES[place][0],
            "symbol": LINES[place][1],
            "symbolSize": 8,
            "data": [_percent(body[way]["value"]) for body in months],
        }
        for place, way in enumerate(DRAWN)
    ]
    return {
        "aria": {"enabled": True, "label": {"description": months_words(months)}},
        "animation": False,
        "grid": {"left": 44, "right": 16, "top": 16, "bottom": 56},
        "legend": {"bottom": 0, "textStyle": {"color": INK}},
        "tooltip": {"trigger": "axis", "confine": True},
        "xAxis": {
            "type": "category",
            "data": [str(body["name"]) for body in months],
            "axisLabel": {"color": GREY, "hideOverlap": True},
        },
        "yAxis": {"type": "value", "min": 0, "max": 100, "axisLabel": {"color": GREY, "formatter": "{value}%"}},
        "series": series,
    }


def months_words(months: Sequence[Body]) -> str:
    """The chart in words: its first and last month."""
    if not months:
        return "No promise has ended."
    said = [
        f"{body['name']}: {', '.join(f'{SHORT[way]} {share_words(body[way])}' for way in DRAWN)}." for body in months
    ]
    return " ".join(["Kept by month of the first promised date.", *dict.fromkeys((said[0], said[-1]))])


def _mark(name: str, figure: Body) -> plots.Mark:
    return plots.Mark(name, share_words(figure), figure["value"], figure["low"], figure["high"])


def _percent(share: float | None) -> float | None:
    return None if share is None else round(100 * share, 2)
