"""A moment of a promise as named numbers, independent of any domain."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final

from risk_svc.forecast.context import DURATION_LIFE, RECENT_LIFE, Context
from risk_svc.forecast.similar import SimilarPromises
from risk_svc.forecast.view import Incident, View

Features = dict[str, float]
TURN: Final = 2 * math.pi
PROJECTED: Final = "expected end"
WEEKDAYS: Final = {of: [f"weekday {of}|{day}" for day in range(7)] for of in ("due", "now", "made")}
HOURS: Final = {of: (f"hour {of}|sin", f"hour {of}|cos") for of in ("due", "now", "made")}


def features(view: View, at: float, what: str, likes: SimilarPromises, incidents: Iterable[Incident]) -> Features:
    """Everything known of a promise at `at`; `what` names the moment, `incidents` are those that affect it.

    The part of a feature's name before `|` is its group.
    """
    found: Features = {"|bias": 1.0, f"moment|{what}": 1.0, f"kind|{view.kind}": 1.0}
    unit = likes.context.unit(view.kind)
    _clock(found, view, at, unit)
    _trail(found, view, at, unit)
    for name, number in view.numbers:
        found[f"{name}|value"] = math.asinh(number)
    found |= likes.kind(view).numbers
    total = 0.0
    for label in view.texts:
        said = likes.label(view, label)
        found |= said.numbers
        total += said.effect
    _projection(found, view, at, likes.context, total)
    for incident in incidents:
        found[f"incident {incident.category}|open"] = 1.0
        found[f"incident {incident.category}|since"] = math.asinh(max(0.0, at - incident.since) / unit)
        for name, measure in incident.measures.items():
            found[f"incident measure|{name}"] = measure
    return found


def _clock(found: Features, view: View, at: float, unit: float) -> None:
    left, lead = view.deadline - at, view.lead
    found["lead|log"] = math.log(lead)
    found["time left|share"] = min(9.0, (at - view.made) / lead)
    found["time left|wide"] = math.asinh(left / unit)
    found["time left|near"] = math.asinh(8 * left / unit) / 3
    found["time left|log"] = math.log(max(60.0, left))
    for name, time in (("due", view.deadline), ("now", at), ("made", view.made)):
        hour, (sine, cosine) = time % 86400 / 86400 * TURN, HOURS[name]
        found[sine], found[cosine] = math.sin(hour), math.cos(hour)
        found[WEEKDAYS[name][int(time // 86400) % 7]] = 1.0
    hour = 2 * (view.deadline % 86400) / 86400 * TURN
    found["hour due|sin2"], found["hour due|cos2"] = math.sin(hour), math.cos(hour)


def _trail(found: Features, view: View, at: float, unit: float) -> None:
    found[f"stage|{view.last}"] = 1.0
    since = (at - view.last_at) / unit
    found["since last step|wide"], found["since last step|near"] = math.asinh(since), math.asinh(8 * since) / 3
    ahead = view.next_step()
    planned = view.plans.get(ahead) if ahead else None
    if planned is not None:
        group = f"next step {ahead}"
        found[f"{group}|wide"] = math.asinh((planned - at) / unit)
        found[f"{group}|near"] = math.asinh(8 * (planned - at) / unit) / 3
        found[f"{group}|room"] = math.asinh((view.deadline - planned) / unit)
        found[f"{group}|overdue"] = float(at > planned)
    for name in view.slipped:
        found[f"next step {name}|slipped"] = 1.0
    if view.last < 0:
        return
    found["so far|time"] = math.asinh((view.last_at - view.made) / unit)
    name = view.order[view.last] if view.last < len(view.order) else ""
    plan, reached = view.plans.get(name), view.reached.get(name)
    if plan is not None and reached is not None:
        late, group = (reached - plan) / unit, f"step {name}"
        found[f"{group}|wide"], found[f"{group}|near"] = math.asinh(late), math.asinh(8 * late) / 3
        found[f"{group}|late"] = math.asinh(3 * max(late, 0.0))
        found[f"{group}|room"] = math.asinh((view.deadline - reached) / unit)
        slack = (view.deadline - reached - 0.97 * (view.deadline - plan)) / unit
        found[f"{group}|slack"] = math.asinh(6 * slack)


def _projection(found: Features, view: View, at: float, context: Context, total: float) -> None:
    """When the promise would complete at the usual pace of similar promises, from the newest stage on."""
    lead, unit, key = context.lead(view.kind), context.unit(view.kind), (view.kind, view.last)
    usual = context.durations.mean(key, context.at, DURATION_LIFE * lead, math.log(view.lead), 1.0)
    recent = context.recent.mean(key, context.at, RECENT_LIFE * lead, usual, 10.0)
    room, gone = math.log(max(60.0, view.deadline - view.last_at)), math.log(max(60.0, at - view.last_at))
    for name, pace in (("usual", usual), ("recent", recent)):
        over = (view.last_at + math.exp(min(pace + total, 25.0)) - view.deadline) / unit
        found[f"{PROJECTED}|{name}"] = math.asinh(over)
        found[f"{PROJECTED}|{name} room"] = room - pace - total
        if name == "usual":
            found[f"{PROJECTED}|near"] = math.asinh(4 * over) / 2
    found[f"{PROJECTED}|labels"] = total
    found[f"{PROJECTED}|gone"] = gone - usual - total
