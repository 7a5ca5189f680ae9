"""Try: what a captured request would do, shown without storing anything."""

from __future__ import annotations

from typing import Any, Final

from nicegui import ui

from candor.store.audit import Actor
from risk_svc.web.board import style
from risk_svc.web.board.acting import Acting
from risk_svc.web.board.frame import Address, Banner, Part, card, heading, live, page_frame, section_title
from risk_svc.web.board.intake_data import PROMISE, IntakeData
from risk_svc.web.board.live_data import LiveData
from risk_svc.web.board.pages.sources import SERVICES
from risk_svc.web.board.source_words import headers_of, proof_words, tried_lines

ABOUT: Final = (
    "Paste a request as its sender sent it: whether its proof holds, which events it becomes, and what would be "
    "refused and why. Nothing is stored. What only the state of a promise can refuse is not known here."
)
URL: Final = "Address it was posted to, if that is signed and not the usual one"
NO_SENDER: Final = "Name its sender, as in the webhook secrets file, or a source, as in `candor sources list`."


class Page:
    """One open browser page on which a request is tried."""

    def __init__(self, reading: LiveData, intake: IntakeData, acting: Acting, address: Address) -> None:
        self.reading, self.intake, self.acting = reading, intake, acting
        self.moment = page_frame("Try a request")
        banner = Banner(reading.standstill, reading.held)
        with ui.column().classes("w-full max-w-screen-xl mx-auto q-pa-sm gap-3"):
            ui.link("Sources", "/sources").classes("strong")
            heading("Try a request")
            ui.label(ABOUT).style(f"color: {style.MUTED}")
            with ui.row().classes("w-full items-center"):
                self.service = ui.select(SERVICES, value=PROMISE, label="Service").props("dense outlined")
                self.sender = ui.input("Sender or source").props("dense outlined").classes("w-56")
                self.token = ui.input("Token in its path, if any").props("dense outlined").classes("w-56")
                address.keep("service", self.service)
                address.keep("sender", self.sender)
            self.url = ui.input(URL).props("dense outlined").classes("w-full")
            self.headers = ui.textarea("Headers, one a line").props("outlined autogrow").classes("w-full")
            self.body = ui.textarea("Body").props("outlined autogrow").classes("w-full")
            ui.button("Try", on_click=self._try).props("no-caps")
            self.outcome = ui.label().props("role=status").mark("outcome")
            self.events = Part(_events)
            live(banner, 5.0, self.refresh)

    async def refresh(self) -> None:
        """Only the time."""
        self.moment.set_text(style.clock_text(self.reading.clock.now()) + " UTC")

    async def _try(self) -> None:
        self.events.show([])
        self.outcome.set_text(await self.acting.told(self._tried))

    async def _tried(self, _who: Actor) -> str:
        sender = (self.sender.value or "").strip()
        if not sender:
            return NO_SENDER
        try:
            headers = headers_of(self.headers.value or "")
        except ValueError as error:
            return str(error)
        said: dict[str, Any] = {"body": self.body.value or "", "headers": headers}
        said |= {"token": (self.token.value or "").strip(), "url": (self.url.value or "").strip()}
        found = await self.intake.attempt(self.service.value or PROMISE, sender, said)
        self.events.show(tried_lines(found))
        return proof_words(found)


def _events(lines: list[tuple[str, str]]) -> None:
    if not lines:
        return
    with card():
        section_title("What it would be taken as")
        for line, data in lines:
            ui.label(line)
            if data:
                ui.label(data).classes("typed")
