"""What the page that imports a table says: what is left open, which rows are wrong, and what became of an import."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from candor.tabular.converting import Fault
from candor.tabular.desk import Checked, Proposal, lines_of
from risk_svc.web.board import style
from risk_svc.web.board.table_import import Outcome


def proposal_lines(found: Proposal) -> list[str]:
    """What there is to know of a proposal before its mapping."""
    open_ = [f"Please say in the mapping, where ??? stands: {question}." for question in found.asked]
    return [*found.notes, *(open_ or ["Nothing is left open: look at the mapping, then check the rows."])]


def checked_words(found: Checked) -> str:
    """How many rows there are, and how many of them are wrong."""
    rows, events = found.spooled.rows, found.spooled.events
    said = f"{rows:,} row{'' if rows == 1 else 's'} make {events:,} event{'' if events == 1 else 's'}"
    return f"{said}; {_wrong(found.wrong)}. Nothing has been sent."


def shown_lines(found: Checked) -> list[str]:
    """The first rows as they will be."""
    return [*lines_of(found.spooled.shown)]


def outcome_words(found: Outcome) -> str:
    """What became of an import."""
    counts = f"{found.accepted:,} taken, {found.replayed:,} taken before, {_wrong(found.wrong)}"
    if found.stopped:
        return f"Stopped: {found.stopped}. So far {counts}. Import it again: what was taken is not taken twice."
    return f"Imported {found.events:,} events of {found.rows:,} rows: {counts}."


def progress_words(done: int, events: int) -> str:
    """How far an import is."""
    return f"{done:,} of {events:,} events sent"


def fault_rows(faults: Sequence[Fault]) -> list[dict[str, Any]]:
    """Wrong rows by their number in the file."""
    return [
        {
            "id": f"{fault.row} {place}",
            "row": f"{fault.row:,}",
            "colour": style.COLOURS["high"],
            "column": fault.column or "–",
            "reason": fault.reason,
        }
        for place, fault in enumerate(faults)
    ]


def _wrong(number: int) -> str:
    return "no row is wrong" if not number else f"{number:,} row{' is' if number == 1 else 's are'} wrong"
