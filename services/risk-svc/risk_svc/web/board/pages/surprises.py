"""Surprises: promises that ended much better or much worse than their customer was told last."""

from __future__ import annotations

from typing import Final

from nicegui import ui

from risk_svc.insight.reading import Sort, Wanted
from risk_svc.web.board import contact_words, figure_words, style
from risk_svc.web.board.frame import Address, Banner, card, heading, live, page_frame, section_title
from risk_svc.web.board.lists import MatterTable, csv_address, filter_input
from risk_svc.web.board.live_data import LiveData, SheetQuery
from risk_svc.web.board.matter_data import Listed
from risk_svc.web.board.tables import FiguresTable

COLUMNS: Final = [
    {"name": "verdict", "label": "Ended", "field": "verdict", "align": "left"},
    {"name": "promise", "label": "Promise", "field": "promise", "align": "left"},
    {"name": "what", "label": "Than was told", "field": "what", "align": "left"},
    {"name": "told", "label": "Told before", "field": "told", "align": "left"},
    {"name": "by", "label": "Department", "field": "by", "align": "left"},
    {"name": "ended", "label": "Ended at (UTC)", "field": "ended", "align": "left"},
]
DEPARTMENTS: Final = (
    ("id", "Department"),
    ("worse", "Much worse than told"),
    ("better", "Much better than told"),
    ("unannounced", "Without any message"),
)
MOST: Final = 200
VERDICTS: Final = {"": "better and worse", "worse": "worse", "better": "better"}
ANNOUNCED: Final = {"": "told or not", "true": "told something before", "false": "told nothing"}
SORTS: Final = {"newest": "newest first", "size": "largest first"}
ORDERS: Final[dict[str, Sort]] = {"newest": "loss", "size": "size"}
EMPTY: Final = "No surprise matches: every promise that ended came about as its customer was told last."
LEGEND: Final = (
    "Beside what the customer was told last, else the date they hold: at least half of the lateness that is wholly bad "
    "for its promise type. Early counts too, as it unsettles as well; it earns no better gap. Told is what Candor "
    "sent, or somebody noted as said by phone: what a customer heard elsewhere is not known here."
)


class Page:
    """One open browser page about surprises."""

    def __init__(self, reading: LiveData, address: Address) -> None:
        self.reading = reading
        self.moment = page_frame("Surprises")
        self.banner = Banner(reading.standstill, reading.held)
        with ui.column().classes("w-full max-w-screen-xl mx-auto q-pa-sm gap-3"):
            heading("Surprises")
            with card():
                section_title("By department")
                self.departments = FiguresTable("Surprises by department", DEPARTMENTS)
                ui.label(LEGEND).style(f"color: {style.MUTED}; font-size: .85rem")
            self._filters(address)
            with card():
                section_title("Promises")
                self.table = MatterTable(COLUMNS, "Surprises", address, self.refresh, empty=EMPTY)
            self.made = ui.label().style(f"color: {style.MUTED}").mark("made")
            self.table.pager.narrowed_by(*self.filters)
            live(self.banner, 5.0, self.refresh)

    def _filters(self, address: Address) -> None:
        with ui.row().classes("w-full items-center"):
            self.verdict = ui.select(VERDICTS, value="", label="Ended").props("dense outlined").classes("w-40")
            self.announced = ui.select(ANNOUNCED, value="", label="Customer").props("dense outlined").classes("w-48")
            self.sort = ui.select(SORTS, value="newest", label="Sorted by").props("dense outlined").classes("w-40")
            for name, control in {"ended": self.verdict, "told": self.announced, "sort": self.sort}.items():
                address.keep(name, control)
            self.department = filter_input("Department", address, "department")
            self.customer = filter_input("Customer id", address, "customer")
        self.filters = (self.verdict, self.announced, self.sort, self.department, self.customer)

    def asked(self) -> SheetQuery:
        """The page and filters currently chosen."""
        announced = {"true": True, "false": False}.get(self.announced.value)
        department, customer = ((one.value or "").strip() or None for one in (self.department, self.customer))
        wanted = Wanted(
            verdict=self.verdict.value or None, customer=customer, department=department, announced=announced
        )
        return SheetQuery("surprise", wanted, ORDERS[self.sort.value], self.table.pager.page)

    async def refresh(self) -> None:
        """Read, and draw what changed."""
        asked = self.asked()
        found = await self.reading.sheet(asked)
        departments = await self.reading.sheet(SheetQuery("surprise:department", size=MOST))
        if asked != self.asked():
            # Something else was chosen meanwhile, which triggers its own refresh.
            return
        self.moment.set_text(style.clock_text(self.reading.clock.now()) + " UTC")
        self.departments.show(contact_words.department_rows(departments.bodies), DEPARTMENTS)
        rows = [contact_words.surprise_row(body) for body in found.bodies]
        self.table.show(Listed(rows, found.page, found.pages, found.number), rows, _csv(asked, self.sort.value))
        self.made.set_text(figure_words.made_words(found.made_at, found.promises))


def _csv(asked: SheetQuery, sort: str) -> str:
    wanted = asked.wanted
    chosen = {"verdict": wanted.verdict, "customer": wanted.customer, "department": wanted.department}
    return csv_address("surprises", sort=sort, **chosen, announced=wanted.announced)
