"""One stored request: its content for an operator, and its replay as it is or mended."""

from __future__ import annotations

from typing import Final

from nicegui import ui

from candor.store.audit import Actor
from risk_svc.web.board import style
from risk_svc.web.board.acting import Acting
from risk_svc.web.board.frame import Address, Banner, card, heading, live, page_frame, section_title
from risk_svc.web.board.intake_data import PROMISE, IntakeData
from risk_svc.web.board.live_data import LiveData
from risk_svc.web.board.source_words import content_lines, replay_words

SEALED: Final = (
    "What its sender sent is kept sealed. Showing it is recorded under your name, as is processing it again; what was "
    "taken before is not taken twice."
)
MEND: Final = "Change the body and process it as a request of its own; the original stays as it came."
UNCHANGED: Final = "Show the content first: what would be sent is what stands in the field."


class Page:
    """One open browser page about one request."""

    def __init__(self, reading: LiveData, intake: IntakeData, acting: Acting, address: Address) -> None:
        self.reading, self.intake, self.acting = reading, intake, acting
        self.service = address.asked("service") or PROMISE
        self.request_id = address.asked("id") or ""
        self.moment = page_frame("Request")
        banner = Banner(reading.standstill, reading.held)
        with ui.column().classes("w-full max-w-screen-xl mx-auto q-pa-sm gap-3"):
            ui.link("Sources", "/sources").classes("strong")
            heading(f"Request {self.request_id}")
            ui.label(SEALED).style(f"color: {style.MUTED}")
            with ui.row():
                ui.button("Show content", on_click=self._show).props("no-caps")
                ui.button("Process again as it came", on_click=self._replay).props("no-caps outline")
            self.outcome = ui.label().props("role=status").mark("outcome")
            self.about = ui.column().classes("gap-0")
            with card():
                section_title("Body")
                self.body = ui.textarea(label="Body").props("outlined autogrow").classes("w-full typed-in")
                ui.label(MEND).style(f"color: {style.MUTED}")
                ui.button("Process with this body", on_click=self._mend).props("no-caps outline")
            live(banner, 5.0, self.refresh)
        self._shown = False

    async def refresh(self) -> None:
        """Only the time: a content is shown when somebody asks for it, as that is recorded."""
        self.moment.set_text(style.clock_text(self.reading.clock.now()) + " UTC")

    async def _show(self) -> None:
        self.outcome.set_text(await self.acting.told(self._content))

    async def _replay(self) -> None:
        self.outcome.set_text(await self.acting.told(self._again))

    async def _mend(self) -> None:
        self.outcome.set_text(await self.acting.told(self._with_this) if self._shown else UNCHANGED)

    async def _content(self, who: Actor) -> str:
        found = await self.intake.content(self.service, self.request_id, who)
        self.about.clear()
        with self.about:
            for line in content_lines(found):
                ui.label(line)
        self.body.set_value(found["sent"]["body"])
        self._shown = True
        return "This is what its sender sent."

    async def _again(self, who: Actor) -> str:
        return replay_words(await self.intake.replay(self.service, self.request_id, who))

    async def _with_this(self, who: Actor) -> str:
        return replay_words(await self.intake.mend(self.service, self.request_id, self.body.value or "", who))
