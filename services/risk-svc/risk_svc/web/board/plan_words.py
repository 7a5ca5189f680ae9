"""Plans in words: what is to be done by whom until when, and what their drivers did afterwards; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from risk_svc.insight.measures.drivers import AFTER, ActionRecord, Outcome
from risk_svc.web.board import style
from risk_svc.web.board.figure_words import share_words

Plan = Mapping[str, Any]
BEST: Final = 3
NOT_ITS_EFFECT: Final = (
    "What a driver did after a plan need not be what the plan did: beside it stands how often the driver fell in the "
    "same time by itself, on promises like these about which nothing was planned."
)
NO_PLAN: Final = (
    "No plan matches. A plan says who does what until when, so that one component of a gap falls; it comes by "
    "promise-svc's API: POST /v1/plans."
)
NONE_YET: Final = "None yet. A plan says who does what until when: POST /v1/plans of promise-svc."
COLOURS: Final = {"overdue": "severe", "open": "medium", "done": "none", "dropped": "low"}
ACTION_COLUMNS: Final = (
    ("id", "Action"),
    ("plans", "Done"),
    ("fell", "Driver fell afterwards"),
    ("fall", "By, on average"),
    ("beside", "Fell by itself"),
)


def row(one: Plan) -> dict[str, Any]:
    """A plan as a row: plain text."""
    return {
        "id": one["plan_id"],
        "state": one["state"],
        "colour": style.COLOURS[COLOURS[one["state"]]],
        "promise": one["promise_id"] or "",
        "note": " · ".join(part for part in (one["promise_kind"], one["customer_id"]) if part),
        "action": f"{one['action']}, against {one['driver']}",
        "department": one["department"] or "–",
        "due": style.clock_text(one["due"]),
        "did": did_words(one),
    }


def did_words(one: Plan) -> str:
    """What the driver of a plan did, or how it stands."""
    then, now, last = (_strength(one[name]) for name in ("before", "now", "after"))
    outcome = one["outcome"]
    if outcome is None:
        return f"{one['driver']} {then} when it was opened, {now} now"
    beside = {"fell": "; one like it fell by itself", "did_not_fall": "; one like it did not"}.get(
        one["beside"] or "", ""
    )
    if outcome == Outcome.FELL:
        return f"{one['driver']} fell from {then} to {last}{beside}"
    if outcome == Outcome.DID_NOT_FALL:
        return f"{one['driver']} did not fall: {then}, then {last}{beside}"
    if outcome == Outcome.AWAITED:
        until = one["since"] + timedelta(seconds=AFTER)
        return f"{one['driver']} {then}, {last} so far; looked at until {style.clock_text(until)}"
    if outcome == Outcome.NOT_THERE:
        return f"{one['driver']} was below 10% when it was opened"
    return "not known: no score of its time was heard"


def line(one: Plan) -> str:
    """A plan of a promise in one line."""
    who = f" by {one['department']}" if one["department"] else ""
    when = {"done": "done", "dropped": "dropped"}.get(one["state"])
    until = f"due {style.clock_text(one['due'])}" if when is None else f"{when} {style.clock_text(one['since'])}"
    late = ", overdue" if one["state"] == "overdue" else ""
    return f"{one['action']}{who}, {until} UTC{late}: {did_words(one)}."


def still_open(plans: Sequence[Plan]) -> str:
    """That somebody is at it already; empty if nobody is."""
    first = next((one for one in plans if one["state"] in ("open", "overdue")), None)
    if first is None:
        return ""
    who = f" ({first['department']})" if first["department"] else ""
    return f"Under way: {first['action']}{who}, due {style.clock_text(first['due'])} UTC."


def action_row(one: ActionRecord) -> dict[str, Any]:
    """An action as a row: plain text."""
    fall = one.fall.value
    return {
        "id": f"{one.action}, against {one.driver}",
        "plans": f"{one.plans:,}{f', {one.awaited:,} awaited' if one.awaited else ''}",
        "fell": share_words(one.fell._asdict()),
        "fall": "–" if fall is None else f"{100 * fall:.0f} of 100",
        "beside": share_words(one.beside._asdict()),
    }


def best(driver: str, found: Sequence[ActionRecord]) -> list[str]:
    """The actions after which a driver fell most surely, or that there is too little history of it."""
    known = [one for one in found if not one.fell.too_little_history][:BEST]
    if not known:
        n = sum(one.plans for one in found)
        return [f"Too little history of what helps against {driver}: {n:,} plan{'' if n == 1 else 's'} done so far."]
    lines = [f"After these {driver} fell most surely:"]
    for one in known:
        said = f"{one.action}: {share_words(one.fell._asdict())}"
        if one.beside.value is not None:
            said += f"; by itself {share_words(one.beside._asdict())}"
        lines.append(said)
    return lines


def _strength(x: float | None) -> str:
    return "unknown" if x is None else f"{x:.0%}"
