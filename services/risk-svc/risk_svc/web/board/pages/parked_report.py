"""One parked report: the promises that it may be about, each with a score and why, and its match."""

from __future__ import annotations

from typing import Final

from nicegui import ui

from candor.clients.services import ServiceError
from candor.store.audit import Actor
from risk_svc.web.board import style
from risk_svc.web.board.acting import Acting
from risk_svc.web.board.frame import (
    Address,
    Banner,
    Part,
    card,
    heading,
    live,
    page_frame,
    section_title,
    text_lines,
)
from risk_svc.web.board.intake_data import IntakeData
from risk_svc.web.board.live_data import LiveData
from risk_svc.web.board.parked_words import alike_words, choices, matched_words, report_lines

LEGEND: Final = (
    "Suggestions rest on how alike the names are, the reference, the date and the customer. One digit is a weak sign."
)
NO_PROMISE: Final = "Choose a promise, or name another by its id."


class Page:
    """One open browser page about one parked report."""

    def __init__(self, reading: LiveData, intake: IntakeData, acting: Acting, address: Address) -> None:
        self.reading, self.intake, self.acting = reading, intake, acting
        self.parked_id = address.asked("id") or ""
        self._read = False
        self.moment = page_frame("Parked report")
        self.banner = Banner(reading.standstill, reading.held)
        with ui.column().classes("w-full max-w-screen-xl mx-auto q-pa-sm gap-3"):
            ui.link("Parked reports", "/parked").classes("strong")
            heading("Which promise is it about?")
            self.lines = Part(text_lines)
            with card():
                section_title("Suggestions")
                ui.label(LEGEND).style(f"color: {style.MUTED}")
                self.chosen = ui.radio({"": "another promise"}, value="").props('aria-label="Suggestions"')
                self.other = ui.input("Id of another promise").props("dense outlined").classes("w-56")
                self.alike = ui.switch("All that name the same, and those that come", value=True)
                ui.button("Match", on_click=self._match).props("no-caps")
                self.outcome = ui.label().props("role=status").mark("outcome")
            live(self.banner, 5.0, self.refresh)

    async def refresh(self) -> None:
        """Read once; a list that changed below a reader's hand would be chosen from wrongly."""
        self.moment.set_text(style.clock_text(self.reading.clock.now()) + " UTC")
        if self._read:
            return
        try:
            report = await self.intake.parked_report(self.parked_id)
            found = await self.intake.suggestions(self.parked_id)
        except ServiceError as error:
            self.outcome.set_text(error.words)
            return
        self._read = True
        self.lines.show(report_lines(report))
        self.chosen.set_options(choices(found["items"]), value="")
        self.alike.set_text(alike_words(found))

    async def _match(self) -> None:
        self.outcome.set_text(await self.acting.told(self._matched))

    async def _matched(self, who: Actor) -> str:
        promise = self.chosen.value or (self.other.value or "").strip()
        if not promise:
            return NO_PROMISE
        return matched_words(await self.intake.match(self.parked_id, promise, who, alike=bool(self.alike.value)))
