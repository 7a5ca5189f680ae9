"""Perception: what leadership, staff and customers each believe, beside what was measured."""

from __future__ import annotations

from typing import Final

from nicegui import ui

from candor.store.db import Database
from risk_svc.insight import belief_words
from risk_svc.insight.belief_words import Asked
from risk_svc.web.board import sheet_rows, style
from risk_svc.web.board.frame import Banner, Part, card, heading, live, page_frame, section_title
from risk_svc.web.board.live_data import LiveData
from risk_svc.web.board.strip import STYLE, Scale, strip

SHARE: Final = Scale(0.0, 1.0)
WHAT: Final = (
    "Four questions, the same to all three sides, each answered from 1 to 5. A dot is the share of people who gave 5, "
    "with its 95% interval; sheets of a group count their people."
)
NOTHING: Final = "No answers yet. Send links to the form, or take in answers as CSV: POST /v1/sheets of promise-svc."
Shown = tuple[list[Asked], str, float | None]


class Page:
    """One open browser page about what the three sides believe."""

    def __init__(self, reading: LiveData, database: Database) -> None:
        self.reading, self.database = reading, database
        self.moment = page_frame("Perception")
        ui.add_css(STYLE)
        self.banner = Banner(reading.standstill, reading.held)
        with ui.column().classes("w-full max-w-screen-lg mx-auto q-pa-sm gap-3"):
            heading("Perception")
            ui.label(WHAT)
            self.shown: Part[Shown] = Part(_draw)
            self.made = ui.label().style(f"color: {style.MUTED}; font-size: .85rem")
            live(self.banner, sheet_rows.SECONDS, self.refresh)

    async def refresh(self) -> None:
        """Read, and draw what changed."""
        cells = await sheet_rows.read(self.database, "perception")
        pairs = await sheet_rows.read(self.database, "perception:pairs")
        self.moment.set_text(style.clock_text(self.reading.clock.now()) + " UTC")
        kept = cells.rows[0]["kept"]["value"] if cells.rows else None
        said = belief_words.kept_words(cells.rows) if cells.rows else NOTHING
        found = belief_words.asked(cells.rows, pairs.rows) if cells.rows else []
        self.shown.show((found, said, kept))
        self.made.set_text(made_words(cells))


def made_words(made: sheet_rows.Made) -> str:
    """When figures were worked out, in words."""
    return "Not worked out so far." if made.at is None else f"Worked out {style.clock_text(made.at)} UTC, system time."


def _draw(shown: Shown) -> None:
    found, said, kept = shown
    ui.label(said).mark("kept")
    for one in found:
        with card():
            section_title(one.question)
            ui.label(one.scale).style(f"color: {style.MUTED}; font-size: .85rem")
            for line in one.lines:
                with ui.element("div").classes("strip"):
                    ui.label(line.name).style("font-weight: 600")
                    ui.html(strip(line.figure, SHARE, kept), sanitize=False)
                    ui.label(line.words).classes("strip-words")
            for words in one.verdicts:
                ui.label(words)
