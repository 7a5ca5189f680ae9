"""Plans to close a gap: open and overdue ones, what the drivers of the others did, and what was tried for each."""

from __future__ import annotations

from typing import Any, Final

from nicegui import ui

from candor.contracts import Component
from risk_svc.insight.plans import PlanFilter, Sort, State
from risk_svc.web.board import plan_words, style
from risk_svc.web.board.frame import Address, Banner, card, heading, live, page_frame, section_title
from risk_svc.web.board.lists import MatterTable, csv_address, filter_input, linked_promise
from risk_svc.web.board.live_data import LiveData
from risk_svc.web.board.matter_data import ROWS, MatterData
from risk_svc.web.board.tables import FiguresTable

COLUMNS: Final = [
    {"name": "state", "label": "Status", "field": "state", "align": "left"},
    {"name": "promise", "label": "Promise", "field": "promise", "align": "left"},
    {"name": "action", "label": "Action", "field": "action", "align": "left"},
    {"name": "department", "label": "By", "field": "department", "align": "left"},
    {"name": "due", "label": "Due (UTC)", "field": "due", "align": "left"},
    {"name": "did", "label": "What the driver did", "field": "did", "align": "left"},
]
STATES: Final[dict[str, str]] = {
    "open": "open",
    "overdue": "overdue",
    "done": "done",
    "dropped": "dropped",
    "all": "all",
}
SORTS: Final[dict[str, str]] = {"due": "due first", "newest": "newest first"}
DRIVERS: Final[dict[str, str]] = {"": "all", **{one.value: one.value for one in Component}}


class Page:
    """One open browser page about plans."""

    def __init__(self, reading: LiveData, matters: MatterData, address: Address) -> None:
        self.reading, self.matters = reading, matters
        self.moment = page_frame("Plans")
        self.banner = Banner(reading.standstill, reading.held)
        with ui.column().classes("w-full max-w-screen-xl mx-auto q-pa-sm gap-3"):
            heading("Plans")
            ui.label("A plan is to make one component of a promise's gap fall: its driver.").style(
                f"color: {style.MUTED}"
            )
            self._filters(address)
            self.table = MatterTable(COLUMNS, "Plans", address, self.refresh, empty=plan_words.NO_PLAN)
            self.table.pager.narrowed_by(
                self.state, self.sort, self.driver, self.action, self.department, self.customer
            )
            with card():
                section_title("What was tried, and what the driver did afterwards")
                ui.label(plan_words.NOT_ITS_EFFECT).style(f"color: {style.MUTED}; font-size: .85rem")
                self.tried = ui.label().mark("tried")
                self.actions = FiguresTable("What was tried", plan_words.ACTION_COLUMNS)
            live(self.banner, 5.0, self.refresh)

    def _filters(self, address: Address) -> None:
        with ui.row().classes("w-full items-center"):
            self.state = ui.select(STATES, value="open", label="Status").props("dense outlined").classes("w-32")
            self.sort = ui.select(SORTS, value="due", label="Sorted by").props("dense outlined").classes("w-36")
            self.driver = ui.select(DRIVERS, value="", label="Driver").props("dense outlined").classes("w-36")
            for name, control in (("state", self.state), ("sort", self.sort), ("driver", self.driver)):
                address.keep(name, control)
            self.action = filter_input("Action", address, "action")
            self.department = filter_input("Department", address, "department")
            self.customer = filter_input("Customer id", address, "customer")

    def asked(self) -> tuple[PlanFilter, Sort, int]:
        """The filters, order and page chosen."""
        state: State = self.state.value or "open"
        texts = ((one.value or "").strip() or None for one in (self.customer, self.department, self.action))
        customer, department, action = texts
        driver = Component(self.driver.value) if self.driver.value else None
        wanted = PlanFilter(state, None, customer, department, driver, action)
        return wanted, self.sort.value or "due", self.table.pager.page

    async def refresh(self) -> None:
        """Read, and update what changed."""
        asked = self.asked()
        listed = await self.matters.plans(*asked)
        tried = await self.matters.actions(asked[0].driver)
        if asked != self.asked():
            # Something else was chosen meanwhile, which triggers its own refresh.
            return
        self.moment.set_text(style.clock_text(self.reading.clock.now()) + " UTC")
        self.table.show(listed, [row(one) for one in listed.items], csv_of(asked[0], asked[1]))
        self.tried.set_text(tried_words(len(tried), asked[0].driver))
        self.actions.table.set_visibility(bool(tried))
        self.actions.show([plan_words.action_row(one) for one in tried[:ROWS]], plan_words.ACTION_COLUMNS)


def row(one: dict[str, Any]) -> dict[str, Any]:
    """A plan as a row that leads to its promise."""
    known = one["promise_standing"] is not None
    return plan_words.row(one) | {"link": linked_promise(one["promise_id"]) if known else ""}


def tried_words(number: int, driver: Component | None) -> str:
    """How many actions were tried, or that nothing was."""
    against = "" if driver is None else f" against {driver}"
    if not number:
        return f"Nothing was done{against} so far: what was tried is listed here once plans are done."
    return "" if number <= ROWS else f"The best {ROWS} of {number:,} actions; the API has them all."


def csv_of(wanted: PlanFilter, sort: Sort) -> str:
    """The address of the same list as CSV."""
    return csv_address(
        "plans",
        state=wanted.state,
        sort=sort,
        customer=wanted.customer_id,
        department=wanted.department,
        driver=wanted.driver,
        action=wanted.action,
    )
