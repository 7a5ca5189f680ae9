"""Sources: who sends, what was refused and why, and what is kept of what they sent."""

from __future__ import annotations

from typing import Final

from nicegui import ui

from risk_svc.web.board import style
from risk_svc.web.board.frame import Address, Banner, card, heading, live, page_frame, section_title
from risk_svc.web.board.intake_data import DELIVERY, PROMISE, IntakeData
from risk_svc.web.board.lists import RowsTable, filter_input
from risk_svc.web.board.live_data import LiveData
from risk_svc.web.board.pager import Turner
from risk_svc.web.board.source_words import failures, refused_row, request_row, sender_row

SENDERS: Final = [
    {"name": "state", "label": "Status", "field": "state", "align": "left"},
    {"name": "promise", "label": "Sender", "field": "promise", "align": "left"},
    {"name": "last", "label": "Last event", "field": "last", "align": "left"},
    {"name": "rate", "label": "Usually heard at this hour", "field": "rate", "align": "left"},
    {"name": "refused", "label": "Refused", "field": "refused", "align": "right"},
]
REFUSED: Final = [
    {"name": "reason", "label": "Reason", "field": "reason", "align": "left"},
    {"name": "promise", "label": "Event", "field": "promise", "align": "left"},
    {"name": "detail", "label": "Why", "field": "detail", "align": "left"},
    {"name": "at", "label": "Came", "field": "at", "align": "left"},
    {"name": "times", "label": "Times", "field": "times", "align": "right"},
]
REQUESTS: Final = [
    {"name": "state", "label": "Status", "field": "state", "align": "left"},
    {"name": "promise", "label": "Request", "field": "promise", "align": "left"},
    {"name": "reason", "label": "Reason", "field": "reason", "align": "left"},
    {"name": "at", "label": "Came", "field": "at", "align": "left"},
    {"name": "size", "label": "Size", "field": "size", "align": "right"},
    {"name": "times", "label": "Times", "field": "times", "align": "right"},
]
SERVICES: Final = {PROMISE: PROMISE, DELIVERY: DELIVERY}
STATES: Final = {
    "": "all",
    "refused": "refused",
    "waiting": "waiting",
    "failed": "given up",
    "processed": "processed",
    "mended": "mended",
}
LEGEND: Final = (
    "A sender is silent once its silence is longer than its own rhythm explains. What it sent is kept sealed for some "
    "days; who looks at a request's content is recorded."
)
NO_SENDER: Final = "Nobody has sent anything so far: docs/guide/connect-a-system.md says how to let a system in."
NO_REFUSED: Final = "Nothing was refused."
NO_REQUEST: Final = "No request matches."


class Page:
    """One open browser page about senders."""

    def __init__(self, reading: LiveData, intake: IntakeData, address: Address) -> None:
        self.reading, self.intake = reading, intake
        self.moment = page_frame("Sources")
        self.banner = Banner(reading.standstill, reading.held)
        with ui.column().classes("w-full max-w-screen-xl mx-auto q-pa-sm gap-3"):
            heading("Sources")
            ui.label(LEGEND).style(f"color: {style.MUTED}")
            ui.link("Try a captured request", "/sources/try").classes("strong")
            with card():
                section_title("Senders")
                self.senders = RowsTable(SENDERS, "Senders", empty=NO_SENDER)
            with ui.row().classes("w-full items-center"):
                self.service = ui.select(SERVICES, value=PROMISE, label="Service").props("dense outlined")
                self.state = ui.select(STATES, value="", label="Status").props("dense outlined").classes("w-32")
                address.keep("service", self.service)
                address.keep("state", self.state)
                self.sender = filter_input("Sender", address, "sender")
            with card():
                section_title("Stored requests, newest first")
                self.requests = RowsTable(REQUESTS, "Stored requests", empty=NO_REQUEST)
                self.pages = Turner(self.refresh, "Newer", "Older")
            with card():
                section_title("Refused events of both services, newest first")
                self.refused = RowsTable(REFUSED, "Refused events", empty=NO_REFUSED)
            self.pages.narrowed_by(self.service, self.state, self.sender)
            live(self.banner, 5.0, self.refresh)

    def asked(self) -> tuple[str, str | None, str | None, str]:
        """The service, sender, state and place chosen."""
        sender = (self.sender.value or "").strip() or None
        return self.service.value or PROMISE, sender, self.state.value or None, self.pages.cursor

    async def refresh(self) -> None:
        """Read, and update what changed."""
        service, sender, state, cursor = asked = self.asked()
        senders = await self.intake.senders()
        refused = await self.intake.refused(sender)
        stored = await self.intake.requests(service, sender=sender, state=state, cursor=cursor)
        if asked != self.asked():
            # Something else was chosen meanwhile, which triggers its own refresh.
            return
        self.moment.set_text(style.clock_text(self.reading.clock.now()) + " UTC")
        self.senders.show([sender_row(one) for part in senders for one in part.items], failures(senders))
        newest = sorted(
            (one for part in refused for one in part.items), key=lambda one: one["received_at"], reverse=True
        )
        self.refused.show([refused_row(one) for one in newest], failures(refused))
        self.requests.show([request_row(one) for one in stored.items], failures([stored]))
        self.pages.show(stored.cursor)
