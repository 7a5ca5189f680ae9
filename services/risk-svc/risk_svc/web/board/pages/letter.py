"""One message that waits: as its customer will see it, why now, and what may be decided about it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final
from urllib.parse import quote, urlencode

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
from risk_svc.web.board.letter_words import DONE, about_lines, html_of, text_of, waits
from risk_svc.web.board.letters_data import LettersData
from risk_svc.web.board.live_data import LiveData

SNOOZES: Final = {1: "for an hour", 4: "for four hours", 24: "for a day"}
EDIT: Final = (
    "Your words are checked as staff's: no vague time, nothing as certain, no blame. The times that the customer is "
    "told stay in, and bad news stays first."
)
PHONE: Final = "It counts as told, and no message goes out. The customer may read on their page what you write here."
NO_REASON: Final = "Say why it is not said."
NO_WORDS: Final = "Write what you said."
WAITS: Final = "A message that waits"
WAITED: Final = "A message that waited"
OVER: Final = "It does not wait any more."


class Page:
    """One open browser page about one message."""

    def __init__(self, reading: LiveData, letters: LettersData, acting: Acting, address: Address) -> None:
        self.reading, self.letters, self.acting = reading, letters, acting
        self.notice_id = address.asked("id") or ""
        self._one: dict[str, Any] | None = None
        self.moment = page_frame("Message")
        banner = Banner(reading.standstill, reading.held)
        with ui.column().classes("w-full max-w-screen-xl mx-auto q-pa-sm gap-3"):
            ui.link("Inbox", "/inbox").classes("strong")
            self.title = heading(WAITS)
            self.lines = Part(text_lines)
            self.record = Part(_record)
            self.outcome = ui.label().props("role=status").mark("outcome")
            with card():
                section_title("As the customer sees it")
                self.shown = Part(_shown)
                self.approve = ui.button("Approve", on_click=self._approve).props("no-caps")
            self.decide = ui.column().classes("w-full gap-3")
            with self.decide:
                self._forms()
            # What nobody has read yet, nobody decides about.
            self._decided_on(False)
            live(banner, 5.0, self.refresh)

    def _decided_on(self, shown: bool) -> None:
        self.approve.set_visibility(shown)
        self.decide.set_visibility(shown)

    def _forms(self) -> None:
        with card():
            section_title("Say it otherwise")
            self.subject = ui.input("Subject").props("dense outlined").classes("w-full")
            self.text = ui.textarea("Text").props("outlined autogrow").classes("w-full typed-in")
            ui.label(EDIT).style(f"color: {style.MUTED}")
            ui.button("Keep these words", on_click=self._edit).props("no-caps outline")
        with card():
            section_title("Not now")
            with ui.row().classes("items-center"):
                self.hours = ui.select(SNOOZES, value=1).props('dense outlined aria-label="Snooze"')
                ui.button("Snooze", on_click=self._snooze).props("no-caps outline")
            self.why = ui.input("Why it is not said").props("dense outlined").classes("w-full")
            ui.button("Hold", on_click=self._hold).props("no-caps outline")
        with card():
            section_title("Said by phone")
            self.said = ui.textarea("What you said").props("outlined autogrow").classes("w-full")
            self.answered = ui.textarea("What they answered").props("outlined autogrow").classes("w-full")
            ui.label(PHONE).style(f"color: {style.MUTED}")
            ui.button("Record the call", on_click=self._said).props("no-caps outline")

    async def refresh(self) -> None:
        """Read once, for operators only: words that changed below a reader's hand would be approved unread.

        A decision reads again.
        """
        self.moment.set_text(style.clock_text(self.reading.clock.now()) + " UTC")
        if self._one is not None:
            return
        if refused := await self.acting.refused():
            self.outcome.set_text(refused)
            return
        try:
            self._show(await self.letters.letter(self.notice_id))
        except ServiceError as error:
            self.outcome.set_text(error.words)

    def _show(self, one: dict[str, Any]) -> None:
        self._one = one
        self.lines.show(about_lines(one))
        self.record.show((one["promise_id"], one["customer_id"]))
        self.shown.show((one["subject"], text_of(one), html_of(one)))
        self.subject.set_value(one["subject"])
        self.text.set_value(text_of(one))
        still = waits(one)
        self.title.set_text(WAITS if still else WAITED)
        self._decided_on(still)
        if not still and not self.outcome.text:
            self.outcome.set_text(OVER)

    async def _approve(self) -> None:
        await self._act("approve", {})

    async def _edit(self) -> None:
        await self._act("edit", {"subject": self.subject.value or "", "text": self.text.value or ""})

    async def _snooze(self) -> None:
        until = self.reading.clock.now() + timedelta(hours=int(self.hours.value or 1))
        await self._act("snooze", {"until": until.isoformat()}, versioned=False)

    async def _hold(self) -> None:
        if why := (self.why.value or "").strip():
            await self._act("hold", {"reason": why})
        else:
            self.outcome.set_text(NO_REASON)

    async def _said(self) -> None:
        if said := (self.said.value or "").strip():
            answered = (self.answered.value or "").strip()
            await self._act("said", {"said": said, "answered": answered}, versioned=False)
        else:
            self.outcome.set_text(NO_WORDS)

    async def _act(self, what: str, said: Mapping[str, Any], *, versioned: bool = True) -> None:
        async def act(who: Actor) -> str:
            one = self._one
            if one is None:
                return OVER
            version = {"version": one["version"]} if versioned else {}
            self._show(await self.letters.act(self.notice_id, what, who, {**said, **version}))
            return DONE[what]

        self.outcome.set_text(await self.acting.told(act))
        # The buttons stand below the letter: from there nobody would see what came of it.
        self.outcome.run_method("scrollIntoView", {"block": "center"})


def _record(about: tuple[str, str]) -> None:
    promise_id, customer_id = about
    with ui.row().classes("gap-4"):
        ui.link("The promise", f"/promises/{quote(promise_id, safe='')}").classes("strong")
        ui.link("All that was said to them", f"/said?{urlencode({'customer': customer_id})}").classes("strong")


def _shown(letter: tuple[str, str, str]) -> None:
    subject, text, html = letter
    ui.label(subject).classes("text-bold")
    with ui.row().classes("w-full items-stretch"):
        if html:
            frame = ui.element("iframe").classes("col-12 col-md").style("min-height: 36rem; border: 1px solid #888")
            # No script, no form, no way out of the frame; set as properties, as its text has quotes of any kind.
            frame.props["sandbox"] = ""
            frame.props["srcdoc"] = html
            frame.props["title"] = "The message as HTML"
        ui.label(text).classes("col-12 col-md").style("white-space: pre-wrap; overflow-wrap: anywhere")
