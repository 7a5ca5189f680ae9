"""What was changed of a promise, in words: each change with who wished it and when. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from risk_svc.insight.changes import Changed
from risk_svc.web.board.style import Entry, clock_text

PARTS: Final = {
    "dates": "its dates",
    "requested_date": "the date that was asked for",
    "tolerance": "its tolerance",
    "scope": "what belongs to it",
    "steps": "its steps",
    "value": "its value",
    "labels": "its labels",
    "places": "what it depends on",
    "owner": "its owner",
    "department": "its department",
    "deliverer": "its deliverer",
}
"""The parts of a promise that are named together."""
ALONE: Final = {
    "accepted": "Its deliverer accepted the work",
    "asked": "Its deliverer has yet to accept the work",
    "withdrawn": "Withdrawn",
    "stands_again": "No longer withdrawn",
    "verdict_kept": "Settled: kept",
    "verdict_broken": "Settled: broken",
    "verdict_disputed": "Settled: disputed",
    "verdict_taken_back": "No longer settled",
}
"""What is a change by itself."""
WHO: Final = {"customer": "asked for by the customer", "company": "asked for by us"}


def entries(found: Sequence[Changed], zone: str) -> list[Entry]:
    """The changes as lines of what happened, in their order."""
    return [entry for one in found for entry in ([_date(one, zone)] if one.after else _others(one))]


def _date(one: Changed, zone: str) -> Entry:
    title = f"New date: {clock_text(one.after, zone)}" if one.after else ""
    before = f"before: {clock_text(one.before, zone)}" if one.before else ""
    agreed = "the customer agreed" if one.agreed and one.asked_by != "customer" else ""
    return Entry(one.at, "redated", title, _joined(before, WHO.get(one.asked_by, ""), agreed, one.reason))


def _others(one: Changed) -> list[Entry]:
    named = [PARTS[name] for name in one.parts if name in PARTS]
    who = WHO.get(one.asked_by, "")
    told = [Entry(one.at, "changed", f"Changed: {', '.join(named)}", who)] if named else []
    alone = [
        Entry(one.at, "withdrawn" if name == "withdrawn" else "changed", ALONE[name], who)
        for name in one.parts
        if name in ALONE
    ]
    return [*told, *alone]


def _joined(*parts: str) -> str:
    return "; ".join(part for part in parts if part)
