"""Before promising: which date similar promises were kept by, for staff who are about to say yes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from nicegui import ui

from risk_svc.forecasting.live import PublishedModel
from risk_svc.web.api.check_responses import CheckOut
from risk_svc.web.api.requests import CheckIn
from risk_svc.web.api.routes.checks import answer
from risk_svc.web.board import style
from risk_svc.web.board.dates_chart import date_words, dates_chart
from risk_svc.web.board.frame import Address, Banner, Chart, Part, card, heading, live, page_frame, section_title
from risk_svc.web.board.live_data import LiveData
from risk_svc.web.board.promise_words import LOCAL

MOST_KINDS: Final = 200


class Page:
    """One open browser page about a date that may be promised."""

    def __init__(self, reading: LiveData, published: PublishedModel, address: Address) -> None:
        self.reading, self.published = reading, published
        self.moment = page_frame("Before promising")
        self.banner = Banner(reading.standstill, reading.held)
        kind = address.asked("kind")
        with ui.column().classes("w-full max-w-screen-lg mx-auto q-pa-sm"):
            heading("Before promising")
            with ui.row().classes("w-full items-center gap-4"):
                # Drawn as the address says, for all browsers alike; `_offer` fills in what the model knows.
                self.kind = ui.select([kind] if kind else [], label="Promise type")
                self.kind.props("dense outlined").classes("w-64").on_value_change(self.refresh)
                self.due = ui.input("Date to promise, UTC")
                self.due.props("dense outlined type=datetime-local stack-label").on_value_change(self.refresh)
                address.keep("kind", self.kind)
                address.keep("due", self.due)
            with card():
                section_title("What became of similar promises")
                self.said = Part(_said)
                self.chart = Chart(320)
            live(self.banner, 5.0, self.refresh)

    async def refresh(self) -> None:
        """Answer for the chosen type and date, and draw what changed."""
        now = self.reading.clock.now()
        self.moment.set_text(style.clock_text(now) + " UTC")
        self._offer(now)
        found, due = asked(self.published, self.kind.value, self.due.value, now)
        self.said.show(date_words(found) if found else [NOTHING if not self.kind.value else AHEAD])
        drawn = found is not None and bool(found.curve)
        self.chart.element.set_visibility(drawn)
        if found is not None and due is not None and drawn:
            self.chart.show(dates_chart(found, due))

    def _offer(self, now: datetime) -> None:
        kinds = sorted(self.published.model.context.spans.counts)[:MOST_KINDS]
        if kinds and self.kind.options != kinds:
            self.kind.set_options(kinds, value=self.kind.value if self.kind.value in kinds else kinds[0])
        if not self.due.value:
            lead = self.published.model.context.lead(kinds[0]) if kinds else 86_400.0
            self.due.set_value((now + timedelta(seconds=lead)).strftime(LOCAL))


def asked(
    published: PublishedModel, kind: str | None, date: str | None, now: datetime
) -> tuple[CheckOut | None, datetime | None]:
    """The answer for a promise type and a date as a browser writes it, and the date as a time.

    None if no type or no date that lies ahead is chosen.
    """
    try:
        due = datetime.strptime(date or "", LOCAL).replace(tzinfo=UTC)
    except ValueError:
        return None, None
    found = checked(published, kind, due, now)
    return found, None if found is None else due


def checked(published: PublishedModel, kind: str | None, due: datetime | None, now: datetime) -> CheckOut | None:
    """The check of a date for a promise type; None if no type or no date that lies ahead is given."""
    if not kind or due is None or due <= now:
        return None
    # Not read as a request is: a time is one already, and a type that an address makes up has no history.
    draft = CheckIn.model_construct(kind=kind, due=due)
    # Labels and incidents are the API's: here it is the promise type as a whole.
    return answer(published, draft.view(now), [], now)


NOTHING: Final = "No history yet: no promise has come due."
AHEAD: Final = "Choose a date that lies ahead."


def _said(lines: list[str]) -> None:
    for line in lines:
        ui.label(line)
