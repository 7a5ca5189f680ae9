"""Change a promise: another date, a step that was reached or missed, and how it ended, each said once and with why."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from nicegui import ui

from candor.clients.services import ServiceError
from candor.store.audit import Actor
from risk_svc.forecasting.live import PublishedModel
from risk_svc.web.board import promise_bodies, promise_words, style
from risk_svc.web.board.acting import Acting
from risk_svc.web.board.form import Form, moment, text
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
from risk_svc.web.board.live_data import LiveData
from risk_svc.web.board.pages.dates import checked
from risk_svc.web.board.promise_desk import PromiseDesk
from risk_svc.web.board.tables import show_address

WISH: Final = {"company": "we do", "customer": "the customer does"}
STATUSES: Final = {
    "reached": "reached",
    "started": "started",
    "missed": "missed",
    "redated": "planned for another time",
    "cancelled": "cancelled",
    "paused": "waiting for the customer",
    "resumed": "going on again",
}
VERDICTS: Final = {"kept": "kept", "broken": "broken", "disputed": "disputed"}
CHOICE: Final = "w-full sm:w-44"
PUBLIC: Final = "Reason for the customer, word for word"
NOT_READ: Final = "The promise was not read yet, or there is none of this id."


class Page:
    """One open browser page on which a promise is changed; all times are in the promise's zone."""

    def __init__(
        self, reading: LiveData, published: PublishedModel, desk: PromiseDesk, acting: Acting, address: Address
    ) -> None:
        self.reading, self.published, self.desk, self.acting = reading, published, desk, acting
        self.promise_id = address.asked("promise") or ""
        self.found: dict[str, Any] | None = None
        self.moment = page_frame("Change a promise")
        banner = Banner(reading.standstill, reading.held)
        with ui.column().classes("w-full max-w-screen-md mx-auto q-pa-sm gap-3"):
            self.back = ui.link("The promise", "/promises").classes("strong")
            heading("Change a promise")
            self.head = Part(text_lines)
            self.problem = ui.label().props("role=status").mark("problem")
            with card():
                self._revision()
            with card():
                self._step()
            with card():
                self._verdict()
            live(banner, 5.0, self.refresh)

    def _revision(self) -> None:
        section_title("Another date")
        self.revision = Form()
        with ui.row().classes("w-full gap-3 items-center"):
            self.due = self.revision.add("/due", moment("New date"))
            wish = ui.select(WISH, value="company", label="Who wants it").classes(CHOICE)
            self.asked_by = self.revision.add("/asked_by", wish)
            self.agreed = self.revision.also(ui.checkbox("the customer agreed"))
        self.check = ui.label().props("role=status").classes("text-weight-medium").mark("check")
        self.reason = self.revision.add("/reason", text("Why, for staff alone", "w-full"))
        self.told = self.revision.add("/public_reason", text(PUBLIC, "w-full"))
        self.wording = Part(text_lines)
        self.due.on_value_change(self._look)
        self.told.on_value_change(self._look)
        ui.button("Give this date", on_click=self._revise).props("no-caps")
        self.revised = ui.label().props("role=status").mark("revised")

    def _step(self) -> None:
        section_title("A step on the way")
        self.report = Form()
        with ui.row().classes("w-full gap-3 items-center"):
            self.step = self.report.add("/milestone", text("Step"))
            status = ui.select(STATUSES, value="reached", label="It was").classes(CHOICE)
            self.status = self.report.add("/status", status)
            self.at = self.report.add("/at", moment("When"))
            self.planned = self.report.add("/planned", moment("Planned for, or at most until"))
            self.final = self.report.also(ui.checkbox("with it the promise is done"))
        self.why = self.report.add("/public_reason", text(PUBLIC, "w-full"))
        ui.button("Report this step", on_click=self._report).props("no-caps")
        self.reported = ui.label().props("role=status").mark("reported")

    def _verdict(self) -> None:
        section_title("How it ended")
        self.verdict = Form()
        with ui.row().classes("w-full gap-3 items-center"):
            self.ended = self.verdict.add("/verdict", ui.select(VERDICTS, value="kept", label="It was").classes(CHOICE))
            self.completed = self.verdict.add("/completed_at", moment("Done at"))
        ui.button("Settle it", on_click=self._settle).props("no-caps")
        self.settled = ui.label().props("role=status").mark("settled")

    async def refresh(self) -> None:
        """Read the promise until it is there; afterwards only the time, as a form must not move below a hand."""
        self.moment.set_text(style.clock_text(self.reading.clock.now()) + " UTC")
        if self.found is None:
            show_address(self.back, f"/promises/{quote(self.promise_id, safe='')}")
            await self._read(first=True)

    async def _read(self, *, first: bool = False) -> None:
        try:
            self.found = await self.desk.promise(self.promise_id)
        except ServiceError as error:
            self.problem.set_text(error.words)
            return
        self.problem.set_text("")
        self.head.show(promise_words.now_words(self.found))
        self.step.set_autocomplete(promise_words.steps_of(self.found))
        if first:
            self.due.set_value(promise_words.local(datetime.fromisoformat(self.found["held_due"]), self.zone))
            for field in (self.at, self.completed):
                field.set_value(promise_words.local(self.reading.clock.now(), self.zone))
        self._look()

    @property
    def zone(self) -> str:
        """The promise's zone."""
        return str((self.found or {}).get("zone", "UTC"))

    def _look(self) -> None:
        """The check beside the new date, and what nobody could check about the words for the customer."""
        self.wording.show(promise_words.wording(self.told.value))
        try:
            due = promise_words.moment_of(self.due.value, self.zone)
        except ValueError:
            self.check.set_text("")
            return
        kind = str((self.found or {}).get("kind", ""))
        said = promise_words.check_words(checked(self.published, kind, due, self.reading.clock.now()), self.zone)
        self.check.set_text(f"{promise_words.time_words(due, self.zone)}: {said}")

    async def _revise(self) -> None:
        self.revised.set_text(await self.revision.send(self.acting, self._revising))
        await self._read()

    async def _revising(self, who: Actor) -> str:
        said = {"reason": self.reason.value or "", "public_reason": self.told.value or ""}
        due, asked_by, agreed = self.due.value or "", self.asked_by.value or "", bool(self.agreed.value)
        body = promise_bodies.revision(self.zone, due, asked_by, agreed=agreed, **said)
        return promise_words.revised_words(await self._change("revisions", body, self.revision, who))

    async def _settle(self) -> None:
        self.settled.set_text(await self.verdict.send(self.acting, self._settling))
        await self._read()

    async def _settling(self, who: Actor) -> str:
        body = promise_bodies.verdict(self.zone, self.ended.value or "", self.completed.value or "")
        return promise_words.settled_words(await self._change("verdict", body, self.verdict, who))

    async def _change(self, path: str, body: dict[str, Any], form: Form, who: Actor) -> dict[str, Any]:
        if self.found is None:
            raise ServiceError(NOT_READ, "not_read", 404)
        return await self.desk.change(path, self.promise_id, body, self.found["version"], form.token, who)

    async def _report(self) -> None:
        self.reported.set_text(await self.report.send(self.acting, self._reporting))

    async def _reporting(self, who: Actor) -> str:
        step, status = (self.step.value or "").strip(), self.status.value or ""
        times = (self.at.value or "", self.planned.value or "")
        final, public = bool(self.final.value), self.why.value or ""
        body = promise_bodies.report(self.zone, step, status, *times, final=final, public_reason=public)
        answer = await self.desk.report(self.promise_id, body, self.report.token, who)
        return promise_words.reported_words(f"{step} {STATUSES[status]}", answer)
