"""What a letter's news means for the customer, and whether the company is at fault; pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from candor.contracts import Fact, FactKind, Statement
from notify_svc.domain.consistency import Ends

OURS: Final = {
    "late",
    "later",
    "not_kept",
    "step",
    "cancelled",
    "done_after",
    "done_in_part",
    "called_off",
    "moved_later",
}
"""Openings that say of themselves that the company did not do what it said."""


def at_fault(lead: str, statement: Statement, known: Iterable[Fact]) -> bool:
    """Whether an apology belongs here: something promised or planned did not come. That it may be late is no fault."""
    if lead in OURS:
        return True
    if statement is Statement.ALL_CLEAR or lead == "withdrawn":
        return False
    if lead == "done":
        return True
    return any(fact.kind is not FactKind.INCIDENT_OPEN for fact in known)


def meaning_of(
    lead: str, statement: Statement, due: datetime, told: Ends | None, now: datetime, *, agreed: bool = False
) -> str:
    """What it means for the customer, as the templates name it; "" where the news says all of it.

    `agreed`: of another date, whether the customer agreed to it.
    """
    if lead in ("moved", "moved_later"):
        return "agreed" if agreed else "moved"
    if statement is Statement.ALL_CLEAR or lead == "done":
        return ""
    if statement is Statement.CANCELLED or lead == "not_kept":
        return "nothing"
    if told is not None:
        if now >= due:
            return "passed"
        return "later" if told[0] >= due else "either"
    return "unknown" if now >= due else "open"
