"""Before promising, as a picture: the share of similar promises kept by each date, and the model's chance. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from risk_svc.domain.chance import chance_words
from risk_svc.web.api.check_responses import CheckOut
from risk_svc.web.board import style

COUNTED, CHANCE, ASKED = "#16404f", "#c4572b", "#1f2a37"
FAR: Final = 0.25
"""The model knows more of a promise than its type, and may well differ from the count; by more than this it guesses."""
ZONE: Final = "UTC"


def dates_chart(found: CheckOut, due: datetime) -> dict[str, Any]:
    """Over dates: the share done in that time, counted, with its interval; the model's chance; date and target."""
    points = found.curve
    stamps = [_ms(one.due) for one in points]
    line = {"type": "line", "showSymbol": False}
    band = line | {"stack": "interval", "lineStyle": {"opacity": 0}, "color": COUNTED, "tooltip": {"show": False}}
    rows = list(zip(stamps, points, strict=True))
    return {
        "aria": {"enabled": True, "label": {"description": " ".join(date_words(found))}},
        "useUTC": True,
        "animation": False,
        "grid": {"left": 44, "right": 24, "top": 24, "bottom": 76},
        "legend": {"bottom": 0, "data": ["kept in that time, counted", "the model's chance"]},
        "tooltip": {"trigger": "axis", "confine": True},
        "xAxis": {
            "type": "time",
            "axisLabel": {"hideOverlap": True},
            "name": ZONE,
            "nameLocation": "middle",
            "nameGap": 26,
        },
        "yAxis": {"type": "value", "min": 0, "max": 100},
        "series": [
            band | {"name": "low", "data": [[at, _percent(one.kept.low)] for at, one in rows]},
            band
            | {
                "name": "interval",
                "areaStyle": {"opacity": 0.18},
                "data": [[at, round(_percent(one.kept.high) - _percent(one.kept.low), 2)] for at, one in rows],
            },
            line
            | {
                "name": "kept in that time, counted",
                "color": COUNTED,
                "data": [[at, _percent(one.kept.share)] for at, one in rows],
                "markLine": _lines(found, due),
            },
            line
            | {
                "name": "the model's chance",
                "color": CHANCE,
                "lineStyle": {"type": "dashed"},
                "data": [[at, _percent(one.chance)] for at, one in rows],
            },
        ],
    }


def date_words(found: CheckOut) -> list[str]:
    """The answer in sentences: the verdict, each figure under its own name, and the dates that shares were kept by."""
    said = [found.advice]
    if found.kept_in_time is None or found.chance is None:
        return said
    kept = found.kept_in_time
    said.append(
        f"Counted: {kept.share:.0%} of {kept.n:,} that came due were done in that time (95%: {kept.low:.0%} to "
        f"{kept.high:.0%})."
    )
    chance = f"The model's chance that it is kept: {chance_words(found.chance)}"
    near = kept.low - FAR <= found.chance <= kept.high + FAR
    said.append(f"{chance}." if near else f"{chance}, far from what was counted: go by the count.")
    dates = [f"{one.share:.0%} by {style.clock_text(one.due)}" for one in found.reached if one.due is not None]
    if dates:
        said.append(f"Kept, counted ({ZONE}): {', '.join(dates)}.")
    if found.target is not None:
        first = (
            "no date did so far" if found.target_due is None else f"from {style.clock_text(found.target_due)} {ZONE} on"
        )
        said.append(f"The target of {found.target:.0%} is met: {first}.")
    return said


def _lines(found: CheckOut, due: datetime) -> dict[str, Any]:
    """The date asked about, and the target."""
    lines: list[dict[str, Any]] = [{"xAxis": _ms(due), "label": {"formatter": "your date"}}]
    if found.target is not None:
        lines.append({"yAxis": _percent(found.target), "label": {"formatter": "target", "position": "insideStartTop"}})
    return {"symbol": "none", "silent": True, "animation": False, "lineStyle": {"color": ASKED}, "data": lines}


def _percent(share: float) -> float:
    return round(100 * share, 2)


def _ms(at: datetime) -> float:
    return at.timestamp() * 1000
