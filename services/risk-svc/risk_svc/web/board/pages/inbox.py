"""Inbox: messages that wait for a person before their customers read them."""

from __future__ import annotations

from typing import Final

from nicegui import ui

from risk_svc.web.board import style
from risk_svc.web.board.acting import Acting
from risk_svc.web.board.frame import Address, Banner, card, heading, live, page_frame, section_title
from risk_svc.web.board.letter_words import inbox_row
from risk_svc.web.board.letters_data import LettersData
from risk_svc.web.board.lists import RowsTable
from risk_svc.web.board.live_data import LiveData
from risk_svc.web.board.pager import Turner
from risk_svc.web.board.source_words import failures

COLUMNS: Final = [
    {"name": "why", "label": "Waits as", "field": "why", "align": "left"},
    {"name": "promise", "label": "Message", "field": "promise", "align": "left"},
    {"name": "now", "label": "Said now because", "field": "now", "align": "left"},
    {"name": "since", "label": "Waits since", "field": "since", "align": "left"},
]
LEGEND: Final = (
    "These messages go to their customers once somebody has read them. What is no longer so is given up by itself and "
    "decided anew."
)
EMPTY: Final = "Nothing waits."


class Page:
    """One open browser page about messages that wait."""

    def __init__(self, reading: LiveData, letters: LettersData, acting: Acting, address: Address) -> None:
        self.reading, self.letters, self.acting = reading, letters, acting
        self.moment = page_frame("Inbox")
        self.banner = Banner(reading.standstill, reading.held)
        with ui.column().classes("w-full max-w-screen-xl mx-auto q-pa-sm gap-3"):
            heading("Inbox")
            ui.label(LEGEND).style(f"color: {style.MUTED}")
            self.snoozed = ui.select({"": "Without snoozed ones", "all": "With snoozed ones"}, value="")
            self.snoozed.props('dense outlined aria-label="Snoozed"')
            address.keep("snoozed", self.snoozed)
            with card():
                section_title("Messages, those that have waited longest first")
                self.table = RowsTable(COLUMNS, "Messages that wait", empty=EMPTY)
                self.pages = Turner(self.refresh)
            self.pages.narrowed_by(self.snoozed)
            live(self.banner, 5.0, self.refresh)

    async def refresh(self) -> None:
        """Read, for operators only, and update what changed."""
        asked = snoozed, cursor = self.asked()
        self.moment.set_text(style.clock_text(self.reading.clock.now()) + " UTC")
        if refused := await self.acting.refused():
            self.table.show([], [refused])
            self.pages.show("")
            return
        found = await self.letters.waiting(cursor, snoozed=snoozed)
        if asked != self.asked():
            # Something else was chosen meanwhile, which triggers its own refresh.
            return
        self.table.show([inbox_row(one) for one in found.items], failures([found]))
        self.pages.show(found.cursor)

    def asked(self) -> tuple[bool, str]:
        """Whether snoozed ones are shown too, and the place."""
        return self.snoozed.value == "all", self.pages.cursor
