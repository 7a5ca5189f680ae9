"""New promise: what is promised to whom by when, with the check of the date beside it, before anybody says it."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any, Final

from nicegui import ui

from candor.store.audit import Actor
from candor.web.http.fields import zones
from risk_svc.forecasting.live import PublishedModel
from risk_svc.web.board import just_made, promise_bodies, promise_words, style
from risk_svc.web.board.acting import Acting
from risk_svc.web.board.form import Form, moment, text
from risk_svc.web.board.frame import Address, Banner, Part, card, heading, live, page_frame, section_title
from risk_svc.web.board.live_data import LiveData
from risk_svc.web.board.pages.dates import MOST_KINDS, checked
from risk_svc.web.board.promise_bodies import StepFields
from risk_svc.web.board.promise_desk import PromiseDesk
from risk_svc.web.board.tables import show_address

ABOUT: Final = (
    "Saved before the answer, and told to nobody by itself: what you tell the customer is yours to say. Letters quote "
    "what is promised word for word."
)
MOST_STEPS: Final = 12
ZONE_OF_BROWSER: Final = "Intl.DateTimeFormat().resolvedOptions().timeZone"


class Step:
    """The fields of one step of the form."""

    def __init__(self, form: Form, number: int) -> None:
        with ui.row().classes("w-full items-center gap-2") as self.row:
            self.name = form.add(f"/milestones/{number}/name", text(f"Step {number + 1}"))
            self.planned = form.add(f"/milestones/{number}/planned", moment("Planned, if it is"))
            self.told = form.also(ui.checkbox("the customer knows of it"))


class Page:
    """One open browser page on which a promise is made."""

    def __init__(
        self, reading: LiveData, published: PublishedModel, desk: PromiseDesk, acting: Acting, address: Address
    ) -> None:
        self.reading, self.published, self.desk, self.acting = reading, published, desk, acting
        self.form = Form()
        self.moment = page_frame("New promise")
        banner = Banner(reading.standstill, reading.held)
        with ui.column().classes("w-full max-w-screen-md mx-auto q-pa-sm gap-3"):
            heading("New promise")
            ui.label(ABOUT).style(f"color: {style.MUTED}")
            with card():
                self._promise(address)
            with card():
                self._steps()
            with card():
                self._others()
            ui.button("Make this promise", on_click=self._make).props("no-caps").mark("make")
            self.outcome = ui.label().props("role=status").mark("outcome")
            # Without the promise's address, which is known once it is made.
            self.made = ui.link("To the promise", "/promises").classes("strong")
            self.made.set_visibility(False)
            live(banner, 5.0, self.refresh)
            ui.timer(0.1, self._ask_zone, once=True)

    def _promise(self, address: Address) -> None:
        section_title("What is promised")
        with ui.row().classes("w-full gap-3"):
            self.customer = self.form.add("/customer_id", text("Customer id"))
            self.kind = self.form.add("/kind", text("Promise type"))
            address.keep("customer", self.customer)
            address.keep("kind", self.kind)
        self.what = self.form.add("/what", ui.textarea("What is promised, in the customer's words").classes("w-full"))
        self.what.props("autogrow")
        self.wording = Part(_lines)
        with ui.row().classes("w-full gap-3"):
            self.due = self.form.add("/due", moment("Date to promise"))
            self.zone = self.form.add("/zone", text("Time zone of all times here"))
        self.zone.set_value("UTC")
        self.check = ui.label().props("role=status").classes("text-weight-medium").mark("check")
        self.what.on_value_change(self._look)
        for field in (self.kind, self.due, self.zone):
            field.on_value_change(self._look)

    def _steps(self) -> None:
        section_title("Steps on the way")
        self.steps = [Step(self.form, number) for number in range(MOST_STEPS)]
        for step in self.steps[1:]:
            step.row.set_visibility(False)
        self.more = ui.button("Another step", on_click=self._another).props("flat no-caps")

    def _others(self) -> None:
        section_title("Besides")
        with ui.row().classes("w-full gap-3"):
            self.owner = self.form.add("/owner", text("Owner's id"))
            self.value = self.form.add("/value", text("Worth"))
            self.currency = self.form.add("/currency", text("Currency, such as EUR"))
            self.promise_id = self.form.add("/promise_id", text("Its id, if it has one elsewhere"))
        parts = ui.textarea("What belongs to it, one a line: in full is all of them").classes("w-full")
        self.parts = self.form.add("/scope", parts)
        self.parts.props("autogrow")
        labels = ui.textarea("Labels, one a line, such as tier=key").classes("w-full")
        self.labels = self.form.add("/labels", labels)
        self.labels.props("autogrow")

    async def refresh(self) -> None:
        """The time, the types that are known, and the check, which moves with what is learnt."""
        self.moment.set_text(style.clock_text(self.reading.clock.now()) + " UTC")
        kinds = sorted(self.published.model.context.spans.counts)[:MOST_KINDS]
        if self.kind.props.get("_autocomplete") != kinds:
            self.kind.set_autocomplete(kinds)
        self._look()

    def _look(self) -> None:
        """The check beside the date, and what nobody could check about the words."""
        zone = (self.zone.value or "").strip()
        try:
            due: datetime | None = promise_words.moment_of(self.due.value, zone)
        except ValueError:
            due = None
        found = checked(self.published, (self.kind.value or "").strip(), due, self.reading.clock.now())
        said = promise_words.check_words(found, zone if due is not None else "UTC")
        self.check.set_text(f"{promise_words.time_words(due, zone)}: {said}" if due is not None else said)
        self.wording.show(promise_words.wording(self.what.value))

    def _another(self) -> None:
        hidden = [step for step in self.steps if not step.row.visible]
        hidden[0].row.set_visibility(True)
        self.more.set_visibility(len(hidden) > 1)

    async def _ask_zone(self) -> None:
        """The zone of the person's browser, unless another was chosen meanwhile."""
        found = await ui.run_javascript(ZONE_OF_BROWSER, timeout=10)
        if self.zone.value == "UTC" and isinstance(found, str) and found in zones():
            self.zone.set_value(found)

    async def _make(self) -> None:
        self.outcome.set_text(await self.form.send(self.acting, self._made))

    async def _made(self, who: Actor) -> str:
        # Of this form alone, so that a form that is sent again makes no second promise.
        named = (self.promise_id.value or "").strip() or self.form.token
        promise = await self.desk.make({**self.body(), "promise_id": named}, self.form.token, who)
        show_address(self.made, just_made.address(promise["promise_id"], time.time()))
        self.made.set_visibility(True)
        return promise_words.made_words(promise)

    def body(self) -> dict[str, Any]:
        """The promise as the form says it, without its id. Raises WrongFieldsError."""
        plain = {
            name: getattr(self, field).value or ""
            for name, field in (
                *(("customer_id", "customer"), ("kind", "kind"), ("what", "what")),
                *(("owner", "owner"), ("currency", "currency")),
            )
        }
        steps = [StepFields(one.name.value or "", one.planned.value or "", bool(one.told.value)) for one in self.steps]
        due, worth = self.due.value or "", self.value.value or ""
        lines = (self.parts.value or "", self.labels.value or "")
        return promise_bodies.promise(self.zone.value or "", due, worth, steps, *lines, **plain)


def _lines(lines: list[str]) -> None:
    for line in lines:
        ui.label(line).style(f"color: {style.MUTED}")
