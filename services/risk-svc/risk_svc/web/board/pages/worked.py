"""What worked: what kept promises had that broken ones had not, and a checklist made of it."""

from __future__ import annotations

from typing import Any, Final

from nicegui import ui

from candor.store.db import Database
from risk_svc.web.board import sheet_rows, style, worked_words
from risk_svc.web.board.frame import Banner, Part, card, heading, live, page_frame, section_title
from risk_svc.web.board.live_data import LiveData
from risk_svc.web.board.pages.perception import made_words
from risk_svc.web.board.strip import STYLE, Scale, strip

LIFT: Final = Scale(0.0, 2.0)
EQUAL: Final = 1.0
WHAT: Final = (
    "How many times as often promises with a factor are kept as others of their type and lead time. The line is equal; "
    "a dot right of it is better, with its 95% interval. That two things go together does not say that one causes the "
    "other: try it, and look here again."
)
EMPTY: Final = "Nothing is on it yet: no factor held on the older promises alone, of which it is made."
Body = dict[str, Any]


class Page:
    """One open browser page about what worked."""

    def __init__(self, reading: LiveData, database: Database) -> None:
        self.reading, self.database = reading, database
        self.moment = page_frame("What worked")
        ui.add_css(STYLE)
        self.banner = Banner(reading.standstill, reading.held)
        with ui.column().classes("w-full max-w-screen-lg mx-auto q-pa-sm gap-3"):
            heading("What worked")
            with card():
                section_title("Checklist")
                self.checklist: Part[list[Body]] = Part(_checklist)
            with card():
                section_title("Factors")
                ui.label(WHAT)
                self.factors: Part[list[Body]] = Part(_factors)
            self.made = ui.label().style(f"color: {style.MUTED}; font-size: .85rem")
            live(self.banner, sheet_rows.SECONDS, self.refresh)

    async def refresh(self) -> None:
        """Read, and draw what changed."""
        factors = await sheet_rows.read(self.database, "factor")
        checklist = await sheet_rows.read(self.database, "checklist", 1)
        self.moment.set_text(style.clock_text(self.reading.clock.now()) + " UTC")
        self.factors.show(factors.rows)
        self.checklist.show(checklist.rows)
        self.made.set_text(made_words(factors))


def _checklist(rows: list[Body]) -> None:
    if not rows or not rows[0]["items"]:
        ui.label(EMPTY)
        return
    with ui.element("ol").classes("moves"):
        for words in rows[0]["items"]:
            with ui.element("li"):
                ui.label(f"The promise {words}" if words[:3] in ("has", "its") else words)
    ui.label(worked_words.checklist_words(rows[0]))


def _factors(rows: list[Body]) -> None:
    ui.label(worked_words.head_words(rows)).mark("factors")
    for one in rows:
        if one["lift"]["value"] is None:
            continue
        with ui.element("div").classes("strip"):
            ui.label(one["name"]).style("font-weight: 600; overflow-wrap: anywhere")
            ui.html(strip(one["lift"], LIFT, EQUAL), sanitize=False)
            ui.label(worked_words.factor_words(one)).classes("strip-words")
