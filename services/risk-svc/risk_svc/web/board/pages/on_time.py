"""On time: promises kept three ways, in full and by plan, over time and by what they are of."""

from __future__ import annotations

from typing import Final

from nicegui import ui

from risk_svc.web.board import figure_words, on_time_words, style
from risk_svc.web.board.frame import Address, Banner, Chart, Part, card, heading, live, page_frame, section_title
from risk_svc.web.board.lists import csv_address, csv_link
from risk_svc.web.board.live_data import LiveData, SheetQuery
from risk_svc.web.board.pager import Pager
from risk_svc.web.board.tables import FiguresTable, picture, show_address

BY: Final = {"kind": "promise type", "team": "team", "customer": "customer"}
MONTHS: Final = 36
HEIGHT: Final = 300
SIDE: Final = "min-width: min(420px, 100%); flex: 1 1 420px"
COLUMNS: Final = (
    ("id", "Name"),
    ("promises", "Ended or overdue"),
    *((way, words.capitalize()) for way, words in on_time_words.SHORT.items()),
)
LEGEND: Final = (
    "Of promises that ended kept, broken or cancelled, and of open ones past that date (“overdue”), which are not kept "
    "as of now; what came within the agreed tolerance counts as kept. In full: nothing of the agreed scope is missing. "
    "Line: 95 % interval; below 20 cases no share is stated."
)


class Page:
    """One open browser page about promises kept on time."""

    def __init__(self, reading: LiveData, address: Address) -> None:
        self.reading = reading
        self.moment = page_frame("On time")
        self.banner = Banner(reading.standstill, reading.held)
        with ui.column().classes("w-full max-w-screen-xl mx-auto q-pa-sm"):
            heading("On time")
            with ui.row().classes("w-full gap-4 items-stretch"):
                with card(SIDE):
                    section_title("All promises that ended or are overdue")
                    self.whole = Part(picture)
                    ui.label(LEGEND).style(f"color: {style.MUTED}; font-size: .85rem")
                with card(SIDE):
                    section_title("Over time")
                    self.chart = Chart(HEIGHT)
                    with ui.expansion("Over time in figures").props("dense").classes("w-full"):
                        self.months = FiguresTable("Over time", COLUMNS)
            self._groups(address)
            self.made = ui.label().style(f"color: {style.MUTED}").mark("made")
            live(self.banner, 5.0, self.refresh)

    def _groups(self, address: Address) -> None:
        with ui.row().classes("w-full items-center justify-between"):
            self.by = ui.select(BY, value="kind", label="By").props("dense outlined").classes("w-48")
            address.keep("by", self.by)
            self.number = ui.label().style(f"color: {style.MUTED}").mark("number")
            self.csv = csv_link()
        with card():
            section_title("Kept by the last date that was told")
            self.picture = Part(picture)
        heading("In figures", 2).classes("unseen")
        self.table = FiguresTable("On time", COLUMNS)
        self.pager = Pager(address, self.refresh)
        self.pager.narrowed_by(self.by)

    async def refresh(self) -> None:
        """Read, and draw what changed."""
        asked = self.asked()
        found = await self.reading.sheet(asked)
        whole = await self.reading.sheet(SheetQuery("punctuality:all"))
        months = await self.reading.sheet(SheetQuery("punctuality:month", size=MONTHS))
        if asked != self.asked():
            # Something else was chosen meanwhile, which triggers its own refresh.
            return
        self.moment.set_text(style.clock_text(self.reading.clock.now()) + " UTC")
        self.whole.show(on_time_words.overall(whole.bodies))
        self.chart.show(on_time_words.months_chart(months.bodies))
        self.months.show(on_time_words.rows(months.bodies), COLUMNS)
        self.picture.show(on_time_words.by_group(found.bodies))
        rows = on_time_words.rows(found.bodies)
        self.table.show(rows, COLUMNS)
        self.number.set_text(style.page_words(found.page, len(rows), found.number, BY[self.by.value]))
        show_address(self.csv, csv_address("on-time", by=self.by.value))
        self.made.set_text(figure_words.made_words(found.made_at, found.promises))
        self.pager.show(found.page, found.pages)

    def asked(self) -> SheetQuery:
        """The page currently chosen."""
        return SheetQuery(f"punctuality:{self.by.value}", page=self.pager.page)
