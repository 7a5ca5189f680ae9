"""What was said of promises that nobody has made yet: a part of the page *Path*, asked of promise-svc."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from nicegui import ui

from risk_svc.web.board import style
from risk_svc.web.board.frame import Refresh, card, section_title
from risk_svc.web.board.intake_data import IntakeData
from risk_svc.web.board.lists import RowsTable
from risk_svc.web.board.pager import Turner
from risk_svc.web.board.source_words import failures, moment

COLUMNS: Final = [
    {"name": "what", "label": "What was said", "field": "what", "align": "left"},
    {"name": "promise", "label": "Promise", "field": "promise", "align": "left"},
    {"name": "by", "label": "Said by", "field": "by", "align": "left"},
    {"name": "due", "label": "Date said (UTC)", "field": "due", "align": "left"},
    {"name": "at", "label": "Said (UTC)", "field": "at", "align": "left"},
]
KINDS: Final = {
    "statement": "message",
    "challenge": "challenge",
    "revised": "new date",
    "withdrawn": "withdrawal",
    "settled": "end",
}
"""What waits, in a word."""
NONE: Final = "Nothing waits: each promise that something was said of is known."


class WaitingPart:
    """The list, page by page, and how many wait in all; `refresh` reads the whole page anew."""

    def __init__(self, intake: IntakeData, refresh: Refresh) -> None:
        self._intake = intake
        with card():
            section_title("Waiting for their promise, oldest first")
            self.number = ui.label().style(f"color: {style.MUTED}").mark("waiting")
            self.table = RowsTable(COLUMNS, "What waits for its promise", empty=NONE)
            self.pages = Turner(refresh)

    async def refresh(self, promise_id: str | None) -> None:
        """Show what waits for one promise, or for all."""
        cursor = self.pages.cursor
        found = await self._intake.waiting(cursor, promise_id=promise_id)
        if cursor != self.pages.cursor:
            # Turned meanwhile, which triggers its own refresh.
            return
        self.number.set_text(f"{found.number} in all" if found.items else "")
        self.table.show([row(one) for one in found.items], failures([found]))
        self.pages.show(found.cursor)


def row(one: Mapping[str, Any]) -> dict[str, Any]:
    """What waits as a row: plain text."""
    hop = f"{one['said_by']} → {one['said_to']}" if one["said_by"] else None
    return {
        "id": f"{one['kind']} {one['waiting_id']}",
        "what": KINDS[one["kind"]],
        "colour": style.COLOURS["none"],
        "promise": one["promise_id"],
        "link": "",
        "note": one["reason"] or "its promise is not known yet",
        "by": hop or one["source"] or "an employee",
        "due": moment(one["due"]) if one["due"] else "–",
        "at": moment(one["said_at"]),
    }
