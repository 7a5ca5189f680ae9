"""Teams: who promises too short or too long, in both directions, and who moves its dates."""

from __future__ import annotations

from typing import Any, Final

from nicegui import ui

from risk_svc.insight.reading import Wanted
from risk_svc.web.board import figure_words, style, team_words
from risk_svc.web.board.frame import Address, Banner, Part, card, heading, live, page_frame, section_title
from risk_svc.web.board.lists import csv_address, csv_link
from risk_svc.web.board.live_data import LiveData, SheetPage, SheetQuery
from risk_svc.web.board.tables import FiguresTable, picture, show_address

MOST: Final = 200
"""Teams, deliverers or persons that a page shows; of more those whose promises take longest."""
WHO: Final = {"team": "teams", "deliverer": "deliverers"}
PERSONS: Final = {"person": "persons"}
VERDICTS: Final = {"": "all", **figure_words.VERDICTS}
LEGEND: Final = (
    "How much longer or shorter than promised it takes, against others of the same promise types; who promises and who "
    "delivers are told apart by fitting both at once. Line: 90 % interval. A direction is said only where the whole "
    "interval has it, from 20 promises on. Standing: promises kept, with its 90 % interval; what is 180 days old "
    "counts half. “Overdue” are promises that are open past their date: they count as at least as late as they are "
    "now, and as not kept."
)
COLUMNS: Final = (
    ("id", "Name"),
    ("drift", "Longer or shorter"),
    ("verdict", "In words"),
    ("standing", "Standing"),
    ("reset", "Moved a date"),
    ("agreed", "Customer agreed"),
    ("reasons", "Reasons given"),
    ("requested", "Kept: requested date"),
    ("first", "Kept: first date"),
    ("latest", "Kept: latest date"),
)
OF_ALL: Final = 4
"""Columns that there are for all; the others are of teams."""


class Page:
    """One open browser page about teams."""

    def __init__(self, reading: LiveData, address: Address, *, persons: bool) -> None:
        self.reading = reading
        self.moment = page_frame("Teams")
        self.banner = Banner(reading.standstill, reading.held)
        with ui.column().classes("w-full max-w-screen-xl mx-auto q-pa-sm"):
            heading("Teams: said and done")
            with ui.row().classes("w-full items-center"):
                self.who = ui.select(WHO | (PERSONS if persons else {}), value="team", label="Of")
                self.verdict = ui.select(VERDICTS, value="", label="Only")
                for name, control in {"of": self.who, "only": self.verdict}.items():
                    control.props("dense outlined").classes("w-56")
                    address.keep(name, control)
                    control.on_value_change(self.refresh)
            with card():
                section_title("Longer or shorter than said")
                self.picture = Part(picture)
                ui.label(LEGEND).style(f"color: {style.MUTED}; font-size: .85rem")
            heading("In figures", 2).classes("unseen")
            with ui.row().classes("w-full items-center justify-between"):
                self.number = ui.label().style(f"color: {style.MUTED}").mark("number")
                self.csv = csv_link()
            self.table = FiguresTable("Teams", COLUMNS)
            self.made = ui.label().style(f"color: {style.MUTED}").mark("made")
            live(self.banner, 5.0, self.refresh)

    async def refresh(self) -> None:
        """Read, and draw what changed."""
        who, verdict = self.who.value, self.verdict.value
        wanted = Wanted(verdict=verdict or None)
        found = await self.reading.sheet(SheetQuery(f"bias:{who}", wanted, size=MOST))
        kept = await self.reading.sheet(SheetQuery("punctuality:team", size=MOST)) if who == "team" else None
        stood = await self.reading.sheet(SheetQuery(f"standing:{who}", size=MOST))
        if (who, verdict) != (self.who.value, self.verdict.value):
            return
        self.moment.set_text(style.clock_text(self.reading.clock.now()) + " UTC")
        self.picture.show(team_words.intervals(found.bodies))
        rows = _rows(found, kept, {body["name"]: body for body in stood.bodies}, with_others=not verdict)
        self.table.show(rows, COLUMNS if who == "team" else COLUMNS[:OF_ALL])
        self.number.set_text(f"{len(rows):,} {(WHO | PERSONS)[who]}")
        show_address(self.csv, csv_address("bias", by=who, verdict=verdict or None))
        self.made.set_text(figure_words.made_words(found.made_at, found.promises))


def _rows(
    found: SheetPage, kept: SheetPage | None, stood: dict[str, dict[str, Any]], *, with_others: bool
) -> list[dict[str, Any]]:
    if kept is None:
        return team_words.rows(found.bodies, {}, stood)
    rows = team_words.rows(found.bodies, {body["name"]: body for body in kept.bodies}, stood)
    return rows + (team_words.others(kept.bodies, found.bodies, stood) if with_others else [])
