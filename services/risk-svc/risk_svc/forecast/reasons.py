"""Reasons: which known facts of a promise move its forecast, found by leaving each of them out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

import numpy as np

from risk_svc.forecast.features import PROJECTED, Features
from risk_svc.forecast.layout import MAX_SHAPES
from risk_svc.forecast.mixture import log_odds
from risk_svc.forecast.view import Incident, View

MOST: Final = 3
LEAST: Final = 0.2
"""The maximum number of reasons, and the change in log-odds below which nothing is a reason."""
PACE, DUE, LATELY, LABEL, STEP, INCIDENT = "pace", "due", "lately", "label ", "step ", "incident "
_THEMES: Final = {
    PROJECTED: PACE,
    "so far": PACE,
    "since last step": PACE,
    "stage": PACE,
    "time left": PACE,
    "lead": DUE,
    "hour due": DUE,
    "weekday due": DUE,
    "hour made": DUE,
    "weekday made": DUE,
    "late rate": LATELY,
    "steps of late": LATELY,
}
Reason = tuple[str, float]
"""What moved the forecast, in words, and what P(slip) would be without it."""


def themes(found: Features, view: View) -> Mapping[str, Sequence[str]]:
    """The names of the features grouped by theme; features that belong to no theme are left out."""
    return _themes(tuple(found), frozenset(name for name, _ in (*view.texts, *view.numbers)))


@lru_cache(maxsize=MAX_SHAPES)
def _themes(names: tuple[str, ...], own: frozenset[str]) -> Mapping[str, Sequence[str]]:
    """The same of a set of names, which promises of one type at one stage share."""
    grouped: dict[str, list[str]] = {}
    for name in names:
        theme = _theme(name.partition("|")[0], own)
        if theme is not None:
            grouped.setdefault(theme, []).append(name)
    return grouped


def _theme(group: str, own: frozenset[str]) -> str | None:
    if group in own:
        return LABEL + group
    if group in _THEMES:
        return _THEMES[group]
    for start in ("next step ", "step "):
        if group.startswith(start):
            return STEP + group.removeprefix(start)
    if group == "incident measure":
        return None
    return group if group.startswith(INCIDENT) else None


def chosen(names: Sequence[str], p: float, without: Sequence[float]) -> list[tuple[str, float]]:
    """The themes that move the forecast most, strongest first, each with P(slip) without it."""
    if not names:
        return []
    moved = np.abs(log_odds(np.array([p]))[0] - log_odds(np.array(without)))
    ranked = sorted(range(len(names)), key=lambda place: (-moved[place], names[place]))
    return [(names[place], float(without[place])) for place in ranked[:MOST] if moved[place] >= LEAST]


def words(theme: str, view: View, now: float, incidents: Sequence[Incident]) -> str:
    """A theme in words, e.g. `departed 35 min late`, `carrier UA`, `the pace so far`."""
    if theme.startswith(LABEL):
        name = theme.removeprefix(LABEL)
        value = next((value for label, value in (*view.texts, *view.numbers) if label == name), "")
        return f"{name} {value:.15g}" if isinstance(value, float) else f"{name} {value}"
    if theme.startswith(STEP):
        return _step(theme.removeprefix(STEP), view, now)
    if theme.startswith(INCIDENT):
        category = theme.removeprefix(INCIDENT)
        since = min((one.since for one in incidents if one.category == category), default=now)
        return f"{category}, open for {span(now - since)}"
    if theme == PACE:
        left = span(view.deadline - now)
        return f"the pace so far, with {left} left" if now > view.made else f"the time to do it in: {left}"
    return "how similar promises have done lately" if theme == LATELY else "the date and hour it was promised for"


def _step(name: str, view: View, now: float) -> str:
    plan, reached = view.plans.get(name), view.reached.get(name)
    if plan is None:
        return f"{name} reached" if reached is not None else f"{name} still to come"
    if reached is None:
        if now > plan:
            return f"{name} overdue by {span(now - plan)}"
        return f"{name} planned {span(abs(view.deadline - plan))} before the deadline"
    late = reached - plan
    if abs(late) < 60:
        return f"{name} on time"
    return f"{name} {span(abs(late))} {'late' if late > 0 else 'early'}"


def span(seconds: float) -> str:
    """Seconds in the largest unit that fits: `7 min`, `4 h`, `11 days`."""
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.0f} h" if seconds < 172800 else f"{seconds / 86400:.0f} days"
