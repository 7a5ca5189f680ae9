"""A customer's record: all that was said to them and all that they answered, in the order of time."""

from __future__ import annotations

from typing import Any, Final

from nicegui import ui

from risk_svc.web.board import style
from risk_svc.web.board.acting import Acting
from risk_svc.web.board.frame import Address, Banner, Part, card, heading, live, page_frame
from risk_svc.web.board.letters_data import LettersData
from risk_svc.web.board.lists import filter_input
from risk_svc.web.board.live_data import LiveData
from risk_svc.web.board.pager import Turner
from risk_svc.web.board.record_words import Entry, as_csv, entry, wanted

LEGEND: Final = (
    "Every message, answer, call, offer and wish, to the word, and what was not said and why, oldest first. What was "
    "erased is not here, and words are kept only so long as your administrator has set (MESSAGES_KEPT_DAYS, "
    "TEXTS_KEPT_DAYS)."
)
CHOOSE: Final = "Name a customer."
EMPTY: Final = "Nothing was said to this customer."
MOST: Final = 40
"""Pages of entries in a file: 1,000 entries; the interface has all of them."""


class Page:
    """One open browser page about what was said to a customer."""

    def __init__(self, reading: LiveData, letters: LettersData, acting: Acting, address: Address) -> None:
        self.reading, self.letters, self.acting = reading, letters, acting
        self.moment = page_frame("Record")
        banner = Banner(reading.standstill, reading.held)
        with ui.column().classes("w-full max-w-screen-md mx-auto q-pa-sm gap-3"):
            heading("What was said")
            ui.label(LEGEND).style(f"color: {style.MUTED}")
            with ui.row().classes("items-center"):
                self.customer = filter_input("Customer", address, "customer")
                self.file = ui.button("CSV", on_click=self._download).props("flat dense no-caps")
            self.outcome = ui.label(CHOOSE).props("role=status").mark("outcome")
            self.wanted = ui.label().classes("beside").mark("wanted")
            self.entries = Part(_entries)
            self.pages = Turner(self.refresh)
            self.pages.narrowed_by(self.customer)
            self.file.set_visibility(False)
            live(banner, 5.0, self.refresh)

    async def refresh(self) -> None:
        """Read, for operators only, and update what changed."""
        self.moment.set_text(style.clock_text(self.reading.clock.now()) + " UTC")
        asked = customer, cursor = self.asked()
        if not customer:
            self._show([], CHOOSE)
            self.wanted.set_text("")
            return
        refused = await self.acting.refused()
        found = None if refused else await self.letters.record(customer, cursor)
        expectation = None if refused else await self.letters.expectation(customer)
        if asked != self.asked():
            return
        self.wanted.set_text(wanted(expectation))
        if found is None:
            self._show([], refused)
            return
        self._show([entry(one) for one in found.items], found.failed or ("" if found.items else EMPTY), found.cursor)

    def asked(self) -> tuple[str, str]:
        """The customer and place chosen."""
        return (self.customer.value or "").strip(), self.pages.cursor

    def _show(self, shown: list[Entry], words: str, following: str = "") -> None:
        self.outcome.set_text(words)
        self.entries.show(shown)
        self.pages.show(following)
        self.file.set_visibility(bool(shown))

    async def _download(self) -> None:
        customer, _ = self.asked()
        if refused := await self.acting.refused():
            self._show([], refused)
            return
        items: list[dict[str, Any]] = []
        cursor = ""
        for _ in range(MOST):
            found = await self.letters.record(customer, cursor)
            if found.failed:
                self.outcome.set_text(found.failed)
                return
            items, cursor = [*items, *found.items], found.cursor
            if not cursor:
                break
        ui.download(as_csv(items), "record.csv", "text/csv")


def _entries(entries: list[Entry]) -> None:
    with ui.element("ol").classes("w-full").style("list-style: none; margin: 0; padding: 0"):
        for one in entries:
            with ui.element("li").style("margin-bottom: .8rem"), card():
                ui.label(one.head).classes("beside")
                if one.subject:
                    ui.label(one.subject).classes("text-bold")
                ui.label(one.words).style("white-space: pre-wrap; overflow-wrap: anywhere")
                if one.beside:
                    ui.label(one.beside).classes("beside")
