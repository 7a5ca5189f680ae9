"""Forecast accuracy: whether the board's forecasts can be trusted, overall and by promise type."""

from __future__ import annotations

from typing import Any, Final

from nicegui import ui

from risk_svc.forecast import charts
from risk_svc.web.board import scorecard, style
from risk_svc.web.board.frame import Address, Banner, Chart, Part, card, heading, live, page_frame, section_title
from risk_svc.web.board.live_data import LiveData
from risk_svc.web.track_record import RecentRecord

EVERY_CLASS: Final = ""
HEIGHT, BARS_ROOM, BAR = 300, 110, 36
SIDE: Final = "min-width: min(420px, 100%); flex: 1 1 420px"
SCORES: Final = ("name", "n", "skill", "p80", "p90", "slipped")
WORDS: Final = {
    "name": "",
    "n": "n",
    "stated": "stated",
    "skill": "skill",
    "p80": "by P80",
    "p90": "by P90",
    "slipped": "slipped",
}


class Plot:
    """A chart under its heading, with its figures in a table that opens by keyboard."""

    def __init__(self, title: str, words: str, columns: tuple[str, ...] = SCORES) -> None:
        self._words = words
        with card(SIDE):
            section_title(title)
            self._chart = Chart(HEIGHT)
            ui.label(words).style(f"color: {style.MUTED}; font-size: .85rem")
            with ui.expansion(f"{title} in figures").props("dense").classes("w-full"):
                self._table: Part[list[scorecard.Row]] = Part(lambda rows: _table(rows, columns))

    def show(self, options: dict[str, Any], rows: list[scorecard.Row], bars: int = 0) -> None:
        """Draw what changed; with `bars`, tall enough for that many bars."""
        if bars:
            self._chart.element.style(f"height: {BARS_ROOM + BAR * bars}px")
        self._chart.show(scorecard.told(options, self._words))
        self._table.show(rows)


class Page:
    """One open browser page about forecast accuracy."""

    def __init__(self, reading: LiveData, address: Address) -> None:
        self.reading = reading
        self.moment = page_frame("Forecast accuracy")
        self.banner = Banner(reading.standstill, reading.held)
        with ui.column().classes("w-full max-w-screen-xl mx-auto q-pa-sm"):
            with ui.row().classes("w-full items-center justify-between"):
                heading("Forecast accuracy")
                one = address.asked("class") or EVERY_CLASS
                names = {one: one, EVERY_CLASS: "all promise types"}
                self.chosen = ui.select(names, value=EVERY_CLASS, label="Promise type").props("dense outlined")
                address.keep("class", self.chosen)
                self.chosen.classes("w-64").on_value_change(self.refresh)
            self.figures = Part(_figures)
            self.verdict = ui.label().mark("verdict")
            self.plots = ui.row().classes("w-full gap-4 items-stretch")
            with self.plots:
                self._plots()
            live(self.banner, 5.0, self.refresh)

    def _plots(self) -> None:
        self.reliability = Plot(
            "Reliability",
            "Of promises said to slip with a chance, the share that did: on the diagonal it is as stated.",
            columns=("name", "n", "stated", "slipped"),
        )
        self.skill = Plot("Accuracy over time", "How much better than the usual share late; below zero, worse.")
        self.coverage = Plot("Coverage over time", "Of completed ones, the share that came by P50, P80 and P90.")
        self.leads = Plot("Accuracy by time remaining", "The share of the time from promise to date that was left.")
        self.classes = Plot("Accuracy by promise type", "The largest types of promises.")

    async def refresh(self) -> None:
        """Read, and draw what changed."""
        found = await self.reading.record(self.chosen.value or None)
        everything = found if not self.chosen.value else await self.reading.record(None)
        self.moment.set_text(style.clock_text(self.reading.clock.now()) + " UTC")
        self._classes([group.name for group in everything.record.by_class])
        self.figures.show(scorecard.figures(found.record.overall))
        self.verdict.set_text(scorecard.verdict(found))
        self.plots.set_visibility(found.record.overall.enough)
        if found.record.overall.enough:
            self._draw(found, everything)

    def _draw(self, found: RecentRecord, everything: RecentRecord) -> None:
        record = found.record
        leads = scorecard.named(record.by_lead)
        classes = everything.record.by_class
        self.reliability.show(charts.reliability(record), scorecard.reliability_rows(record.overall))
        periods = scorecard.period_rows(record)
        self.skill.show(charts.skill_over_time(record), periods)
        self.coverage.show(charts.coverage_over_time(record), periods)
        self.leads.show(charts.skill_by(leads, ""), scorecard.group_rows(leads), len(leads))
        self.classes.show(charts.skill_by(classes, ""), scorecard.group_rows(classes), len(classes))

    def _classes(self, names: list[str]) -> None:
        choice = {EVERY_CLASS: "all promise types"} | {name: name for name in names}
        # Keep the selected one even if it is no longer among the largest.
        if self.chosen.value and self.chosen.value not in choice:
            choice[self.chosen.value] = self.chosen.value
        if choice != self.chosen.options:
            self.chosen.set_options(choice)


def _figures(found: list[scorecard.Figure]) -> None:
    with ui.row().classes("w-full gap-2 items-stretch"):
        for figure in found:
            with ui.card().props("flat bordered").classes("figure q-pa-sm gap-0"):
                ui.label(figure.value).classes("number")
                ui.label(figure.name)
                ui.label(figure.beside).style(f"color: {style.MUTED}; font-size: .8rem")


def _table(rows: list[scorecard.Row], columns: tuple[str, ...]) -> None:
    shown = [
        {"name": name, "label": WORDS[name], "field": name, "align": "left" if name == "name" else "right"}
        for name in columns
    ]
    ui.table(columns=shown, rows=rows, row_key="name").props("flat dense").classes("w-full in-figures")
