"""What leadership, staff and customers believe, in words: pure, from rows of the sheets `perception` and its pairs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from risk_svc.insight.beliefs import SIDES, TREND_DAYS
from risk_svc.insight.matter_rows import RATED

Body = Mapping[str, Any]
QUESTIONS: Final = {
    "well": "What do we do well?",
    "improve": "What should we improve?",
    "others": "What do others do differently?",
    "onward": "What should we continue, or start?",
}
SCALES: Final = {
    "well": ("badly", "very well"),
    "improve": ("hardly anything is good as it is", "nearly everything is good as it is"),
    "others": ("much worse than others", "much better than others"),
    "onward": ("not at all sure of the way", "fully sure of the way"),
}
"""What the ratings 1 and 5 of each question mean, as the form says."""
NAMES: Final = {"leadership": "Leadership", "staff": "Staff", "customers": "Customers"}
FEW: Final = "Fewer than five people answered: not shown."
NOBODY: Final = "Nobody has answered yet."


class Line(NamedTuple):
    """One side's answers to a question: its name, the figure that is drawn, and all of it in words."""

    name: str
    figure: dict[str, Any]
    words: str


class Asked(NamedTuple):
    """A question with what its ratings mean, a line for each side, and what the sides say of each other."""

    question: str
    scale: str
    lines: list[Line]
    verdicts: list[str]


NONE: Final[dict[str, Any]] = {"value": None, "low": None, "high": None, "n": 0}


def asked(cells: Iterable[Body], pairs: Sequence[Body]) -> list[Asked]:
    """Each question in the order in which it is asked, with all three sides whether they answered or not."""
    found = {(one["question"], one["side"]): one for one in cells}
    return [
        Asked(
            QUESTIONS[question],
            scale_words(question),
            [_line(side, found.get((question, side))) for side in SIDES],
            [pair_words(one) for one in pairs if one["question"] == question and one["verdict"] in SAID],
        )
        for question in RATED
    ]


def scale_words(question: str) -> str:
    """What the ratings of a question mean."""
    lowest, highest = SCALES[question]
    return f"From 1, {lowest}, to 5, {highest}."


def _line(side: str, cell: Body | None) -> Line:
    if cell is None:
        return Line(NAMES[side], NONE, NOBODY)
    if cell["suppressed"]:
        return Line(NAMES[side], NONE, FEW)
    top, rating = cell["top"], cell["rating"]
    best = SCALES[cell["question"]][1]
    said = f"{_percent(top['value'])} gave 5 of 5, {best} (95%: {_percent(top['low'])} to {_percent(top['high'])})"
    return Line(NAMES[side], top, f"{said}, mean {rating['value']:.1f}, n = {top['n']:,}. {_trend(cell['trend'])}")


def _trend(trend: Body | None) -> str:
    days = f"{TREND_DAYS:.0f} days"
    if trend is None or trend["value"] is None:
        return f"Too few answers from before the last {days} to compare with."
    if trend["low"] <= 0 <= trend["high"]:
        return f"No clear change in the last {days}."
    return f"{'Up' if trend['value'] > 0 else 'Down'} {_points(trend['value'])} in the last {days}."


SAID: Final = ("disparity", "similarity")
"""Verdicts that say something."""


def pair_words(one: Body) -> str:
    """What two sides say of each other; of a verdict in SAID."""
    first, second = NAMES[one["first"]], NAMES[one["second"]].lower()
    if one["verdict"] == "similarity":
        far = one["distance"]
        apart = f"{far['value']:.2f} apart (0 to 1; 95%: {far['low']:.2f} to {far['high']:.2f}, n = {far['n']:,})"
        return f"{first} and {second} believe alike: their ratings lie {apart}."
    best = SCALES[one["question"]][1]
    more = "higher" if one["top"]["value"] > 0 else "lower"
    low, high = sorted((abs(one["top"]["low"]), abs(one["top"]["high"])))
    return (
        f"{first} and {second} differ: among {first.lower()} the share who gave 5 of 5 ({best}) is "
        f"{_points(one['top']['value'])} {more} (95%: {100 * low:.0f} to {100 * high:.0f}, n = {one['top']['n']:,})."
    )


def kept_words(cells: Sequence[Body]) -> str:
    """The measured share kept, with which the answers are to be compared."""
    kept = cells[0]["kept"] if cells else NONE
    if kept["value"] is None:
        return f"Measured beside it: too little history, {kept['n']:,} promises have ended or are overdue."
    low, high = _percent(kept["low"]), _percent(kept["high"])
    late = f", {kept['open']:,} of them open and overdue" if kept.get("open") else ""
    said = f"{_percent(kept['value'])} of {kept['n']:,} promises were kept{late} (95%: {low} to {high})"
    return f"Measured (the line): {said}."


def _percent(share: float) -> str:
    return f"{share:.0%}"


def _points(part: float) -> str:
    number = round(100 * abs(part))
    return f"{number} point" if number == 1 else f"{number} points"
