"""Import: a table of promises, milestones or contacts is brought, mapped, checked row by row, and sent as history."""

from __future__ import annotations

import asyncio
from typing import Final

from nicegui import ui

from candor.clients.services import ServiceError
from candor.store.audit import Actor
from candor.tabular.columns import Given
from candor.tabular.desk import proposal
from candor.tabular.rows import TableError
from candor.web.http.public import public_path
from risk_svc.web.board import style
from risk_svc.web.board.acting import Acting
from risk_svc.web.board.frame import Address, Banner, Part, card, heading, live, page_frame, section_title
from risk_svc.web.board.import_words import (
    checked_words,
    fault_rows,
    outcome_words,
    progress_words,
    proposal_lines,
    shown_lines,
)
from risk_svc.web.board.lists import RowsTable
from risk_svc.web.board.live_data import LiveData
from risk_svc.web.board.table_files import MOST_BYTES, TableFile, TableFiles
from risk_svc.web.board.table_import import MOST_EVENTS, TableImport

FAULTS: Final = [
    {"name": "row", "label": "Row", "field": "row", "align": "left"},
    {"name": "column", "label": "Column", "field": "column", "align": "left"},
    {"name": "reason", "label": "Why it was not taken", "field": "reason", "align": "left"},
]
LEGEND: Final = (
    f"CSV or Excel (.xlsx), at most {MOST_BYTES // 2**20} MiB and {MOST_EVENTS:,} events; larger ones by `candor "
    "import`. What is imported is history: forecasts learn from it, and nobody is notified about the past."
)
LANGUAGE: Final = (
    "The mapping says which column is what (docs/guide/import-tables.md). Edit it here; nothing is sent before you "
    "import."
)
GONE: Final = "There is no such table here, or its hour is over: bring it again."
NO_FAULT: Final = "No row is known to be wrong."


class Page:
    """One open browser page that brings a table, or is about the one that its address names."""

    def __init__(
        self, reading: LiveData, files: TableFiles, importing: TableImport, acting: Acting, address: Address
    ) -> None:
        self.files, self.importing, self.acting = files, importing, acting
        self.word = address.asked("table") or ""
        self.reading, self._read = reading, False
        self.moment = page_frame("Import")
        self.banner = Banner(reading.standstill, reading.held)
        with ui.column().classes("w-full max-w-screen-xl mx-auto q-pa-sm gap-3"):
            heading("Import a table")
            ui.label(LEGEND).style(f"color: {style.MUTED}")
            if self.word:
                self._about()
            else:
                _form()
            live(self.banner, 5.0, self.refresh)

    def _about(self) -> None:
        self.lines = Part(_lines)
        with card():
            section_title("What the columns mean")
            ui.label(LANGUAGE).style(f"color: {style.MUTED}")
            self.mapping = ui.textarea("Mapping").props("outlined autogrow debounce=300").classes("w-full")
            with ui.row():
                ui.button("Check rows", on_click=self._check).props("no-caps outline")
                ui.button("Import", on_click=self._import).props("no-caps")
            self.outcome = ui.label().props("role=status").mark("outcome")
        with card():
            section_title("Rows as they will be")
            self.shown = Part(_lines)
        with card():
            section_title("Wrong rows, by their number in the file")
            self.faults = RowsTable(FAULTS, "Wrong rows", empty=NO_FAULT)

    async def refresh(self) -> None:
        """Propose a mapping, once: what a person has changed since stays."""
        self.moment.set_text(style.clock_text(self.reading.clock.now()) + " UTC")
        if self._read or not self.word:
            return
        self._read = True
        file = self._file()
        if file is None:
            self.outcome.set_text(GONE)
            return
        given = Given(file.zone, file.dates)
        try:
            found = await asyncio.to_thread(proposal, file.path, "", given, "the mapping", file.name)
        except TableError as error:
            self.outcome.set_text(_plain(error, file))
            return
        self.lines.show([file.name, *proposal_lines(found), *found.guesses])
        self.mapping.set_value(found.mapping)
        self.shown.show(found.shown)
        self.faults.show([])

    async def _check(self) -> None:
        file = self._file()
        if file is None:
            self.outcome.set_text(GONE)
            return
        try:
            found = await self.importing.check(file.path, self.mapping.value or "")
        except (TableError, ServiceError) as error:
            self.outcome.set_text(_plain(error, file))
            return
        self.shown.show(shown_lines(found))
        self.faults.show(fault_rows(found.faults))
        self.outcome.set_text(checked_words(found))

    async def _import(self) -> None:
        self.outcome.set_text(await self.acting.told(self._imported))

    async def _imported(self, who: Actor) -> str:
        file = self._file()
        if file is None:
            return GONE
        try:
            found = await self.importing.run(file.path, self.mapping.value or "", who, self._progress)
        except TableError as error:
            return _plain(error, file)
        self.faults.show(fault_rows(found.faults))
        return outcome_words(found)

    def _progress(self, done: int, events: int) -> None:
        self.outcome.set_text(progress_words(done, events))

    def _file(self) -> TableFile | None:
        return self.files.get(self.word, self.acting.session)


def _form() -> None:
    # A form, as a page's own upload would have an address of its own in a page that is the same for all.
    action = public_path("/board/import/file")
    form = ui.element("form").props(f"method=post enctype=multipart/form-data action={action}").classes("w-full")
    with form, ui.column().classes("gap-3"):
        _input("File", "type=file name=file required accept=.csv,.tsv,.txt,.xlsx,.xlsm")
        _input("Zone of times that carry none", "type=text name=zone maxlength=64 placeholder=Europe/Berlin")
        _input("Dates such as 03/04/2026: dmy (the day first) or mdy", "type=text name=dates pattern=dmy|mdy")
        ui.button("Propose a mapping").props("no-caps type=submit")


def _input(words: str, props: str) -> None:
    with ui.element("label").classes("column"):
        ui.label(words)
        ui.element("input").props(props).classes("native")


def _lines(lines: list[str]) -> None:
    for line in lines:
        ui.label(line).classes("typed")


def _plain(error: Exception, file: TableFile) -> str:
    # Where the file lies here is nobody's business.
    words = error.words if isinstance(error, ServiceError) else str(error)
    return words.replace(str(file.path), file.name)
