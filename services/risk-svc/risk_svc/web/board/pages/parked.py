"""Parked: reports that wait for their promise, matches that can be undone, and how many ended without theirs."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from nicegui import ui

from candor.store.audit import Actor
from risk_svc.web.board import style
from risk_svc.web.board.acting import Acting
from risk_svc.web.board.frame import Address, Banner, Part, card, heading, live, page_frame, section_title
from risk_svc.web.board.intake_data import IntakeData
from risk_svc.web.board.lists import RowsTable, filter_input
from risk_svc.web.board.live_data import LiveData
from risk_svc.web.board.pager import Turner
from risk_svc.web.board.parked_words import archive_row, match_line, parked_row, undone_words
from risk_svc.web.board.source_words import failures

COLUMNS: Final = [
    {"name": "waits", "label": "Waits for", "field": "waits", "align": "left"},
    {"name": "promise", "label": "Names", "field": "promise", "align": "left"},
    {"name": "step", "label": "Step", "field": "step", "align": "left"},
    {"name": "at", "label": "Happened", "field": "at", "align": "left"},
    {"name": "since", "label": "Waits since", "field": "since", "align": "left"},
]
ARCHIVE: Final = [
    {"name": "day", "label": "Came on", "field": "day", "align": "left"},
    {"name": "source", "label": "Sender", "field": "source", "align": "left"},
    {"name": "system", "label": "Named", "field": "system", "align": "left"},
    {"name": "reports", "label": "Reports", "field": "reports", "align": "right"},
]
LEGEND: Final = (
    "A report counts by itself once its promise comes. What waits for a decision names several promises; what waits "
    "for long names one that nobody knows: choose it, and say which promise it is about."
)
EMPTY: Final = "Nothing waits."
NONE_ENDED: Final = "None has ended without its promise."
NO_MATCH: Final = "Nothing was matched by hand that could be undone."


class Page:
    """One open browser page about parked reports."""

    def __init__(self, reading: LiveData, intake: IntakeData, acting: Acting, address: Address) -> None:
        self.reading, self.intake, self.acting = reading, intake, acting
        self.moment = page_frame("Parked")
        self.banner = Banner(reading.standstill, reading.held)
        with ui.column().classes("w-full max-w-screen-xl mx-auto q-pa-sm gap-3"):
            heading("Parked reports")
            ui.label(LEGEND).style(f"color: {style.MUTED}")
            self.source = filter_input("Sender", address, "source")
            with card():
                section_title("Reports, those that wait longest first")
                self.table = RowsTable(COLUMNS, "Parked reports", empty=EMPTY)
                self.pages = Turner(self.refresh)
            with card():
                section_title("Matches, the newest first")
                self.outcome = ui.label().props("role=status").mark("outcome")
                self.matches = Part(self._matches)
            with card():
                section_title("Ended without their promise")
                self.archive = RowsTable(ARCHIVE, "Ended without their promise", empty=NONE_ENDED)
            self.pages.narrowed_by(self.source)
            live(self.banner, 5.0, self.refresh)

    async def refresh(self) -> None:
        """Read, and update what changed."""
        asked = source, cursor = self.asked()
        found = await self.intake.parked(cursor, source=source)
        matches, archive = await self.intake.matches(), await self.intake.archive()
        if asked != self.asked():
            # Something else was chosen meanwhile, which triggers its own refresh.
            return
        self.moment.set_text(style.clock_text(self.reading.clock.now()) + " UTC")
        self.table.show([parked_row(one) for one in found.items], failures([found]))
        self.pages.show(found.cursor)
        self.matches.show([(one["match_id"], match_line(one)) for one in matches.items])
        self.archive.show([archive_row(one) for one in archive.items])

    def asked(self) -> tuple[str | None, str]:
        """The sender and place chosen."""
        return (self.source.value or "").strip() or None, self.pages.cursor

    def _matches(self, found: list[tuple[str, str]]) -> None:
        if not found:
            ui.label(NO_MATCH).style(f"color: {style.MUTED}")
        for match_id, line in found:
            with ui.row().classes("w-full items-center"):
                ui.label(line).classes("col")
                undo = ui.button("Undo", on_click=partial(self._undo, match_id)).props("flat dense no-caps")
                undo.props(f'aria-label="{_attribute(f"Undo {line}")}"')

    async def _undo(self, match_id: str) -> None:
        async def act(who: Actor) -> str:
            return undone_words(await self.intake.undo(match_id, who))

        self.outcome.set_text(await self.acting.told(act))
        await self.refresh()


def _attribute(text: Any) -> str:
    # Props are parsed: a quote of somebody's would end this one.
    return "".join(sign for sign in str(text) if sign not in "\"'\\=")
