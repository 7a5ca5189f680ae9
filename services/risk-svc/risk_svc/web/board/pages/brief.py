"""The weekly brief: what heads of functions have to know, each sentence with a link to what it rests on."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from nicegui import ui

from candor.store.db import Database
from risk_svc.insight import brief, brief_reading
from risk_svc.insight.brief import Section
from risk_svc.web.board import style
from risk_svc.web.board.frame import Address, Banner, Part, card, heading, live, page_frame, section_title
from risk_svc.web.board.lists import filter_input
from risk_svc.web.board.live_data import LiveData

SECONDS: Final = 10.0
BOARD: Final = "/board"
ELSEWHERE: Final = "The same as Markdown, for a mail: candor risk brief, or GET /v1/brief?format=markdown."


class Page:
    """One open browser page with the brief."""

    def __init__(self, reading: LiveData, database: Database, address: Address) -> None:
        self.reading, self.database = reading, database
        self.moment = page_frame("Weekly brief")
        self.banner = Banner(reading.standstill, reading.held)
        with ui.column().classes("w-full max-w-screen-md mx-auto q-pa-sm gap-3"):
            heading("Weekly brief")
            self.department = filter_input("Department", address, "department")
            self.department.on_value_change(self.refresh)
            self.shown: Part[list[Section]] = Part(_draw)
            self.made = ui.label().style(f"color: {style.MUTED}; font-size: .85rem")
            ui.label(ELSEWHERE).style(f"color: {style.MUTED}; font-size: .85rem")
            live(self.banner, SECONDS, self.refresh)

    async def refresh(self) -> None:
        """Read, and draw what changed."""
        now = self.reading.clock.now()
        department = self.asked()
        known, made_at = await brief_reading.known(self.database, now, department)
        if department != self.asked():
            # Something else was chosen meanwhile, which triggers its own refresh.
            return
        there = not department or not made_at or await brief_reading.is_department(self.database, known, department)
        self.moment.set_text(style.clock_text(now) + " UTC")
        self.shown.show(brief.brief(known))
        self.made.set_text(_made(made_at) if there else f"There is no department “{department}”.")

    def asked(self) -> str | None:
        """The department that is chosen."""
        return (self.department.value or "").strip() or None


def _made(at: datetime | None) -> str:
    return "Not worked out so far." if at is None else f"Worked out {style.clock_text(at)} UTC, system time."


def _draw(sections: list[Section]) -> None:
    if not sections:
        ui.label(brief.NOTHING)
    for section in sections:
        with card():
            section_title(section.title)
            with ui.element("ul").classes("moves"):
                for one in section.sentences:
                    with ui.element("li"):
                        ui.label(one.text)
                        # NiceGUI prefixes the mount path to links that start with a slash.
                        link = ui.link("Evidence", one.path.removeprefix(BOARD)).classes("text-primary")
                        link.props["aria-label"] = f"Evidence: {one.text}"
