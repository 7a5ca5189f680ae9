"""Wishes: what customers asked for and do not get yet, those due to be looked at again first."""

from __future__ import annotations

from typing import Final, cast

from nicegui import ui

from risk_svc.insight.wishes import State, WishFilter
from risk_svc.web.board import style, wish_words
from risk_svc.web.board.frame import Address, Banner, heading, live, page_frame
from risk_svc.web.board.lists import MatterTable, csv_address, filter_input
from risk_svc.web.board.live_data import LiveData
from risk_svc.web.board.matter_data import MatterData

COLUMNS: Final = [
    {"name": "state", "label": "Status", "field": "state", "align": "left"},
    {"name": "promise", "label": "Promise", "field": "promise", "align": "left"},
    {"name": "again", "label": "Look again on", "field": "again", "align": "left"},
    {"name": "wished", "label": "Wished", "field": "wished", "align": "left"},
    {"name": "workaround", "label": "Workaround", "field": "workaround", "align": "left"},
    {"name": "by", "label": "By", "field": "by", "align": "left"},
]


class Page:
    """One open browser page about wishes."""

    def __init__(self, reading: LiveData, matters: MatterData, address: Address) -> None:
        self.reading, self.matters = reading, matters
        self.moment = page_frame("Wishes")
        self.banner = Banner(reading.standstill, reading.held)
        with ui.column().classes("w-full max-w-screen-xl mx-auto q-pa-sm gap-3"):
            heading("Wishes")
            ui.label("What customers asked for and do not get yet, with what they can do until then.").style(
                f"color: {style.MUTED}"
            )
            with ui.row().classes("w-full items-center"):
                self.state = ui.select(wish_words.STATES, value="open", label="Status").props("dense outlined")
                self.state.classes("w-48")
                address.keep("state", self.state)
                self.promise = filter_input("Promise id", address, "promise")
                self.customer = filter_input("Customer id", address, "customer")
                self.department = filter_input("Department", address, "department")
            self.table = MatterTable(COLUMNS, "Wishes", address, self.refresh, empty=wish_words.EMPTY)
            self.table.pager.narrowed_by(self.state, self.promise, self.customer, self.department)
            live(self.banner, 5.0, self.refresh)

    def asked(self) -> tuple[WishFilter, int]:
        """The filters and page chosen."""
        texts = ((one.value or "").strip() or None for one in (self.promise, self.customer, self.department))
        return WishFilter(cast(State, self.state.value), *texts), self.table.pager.page

    async def refresh(self) -> None:
        """Read, and update what changed."""
        asked = self.asked()
        listed = await self.matters.wishes(*asked)
        if asked != self.asked():
            # Something else was chosen meanwhile, which triggers its own refresh.
            return
        self.moment.set_text(style.clock_text(self.reading.clock.now()) + " UTC")
        self.table.show(listed, [wish_words.row(one) for one in listed.items], csv_of(asked[0]))


def csv_of(wanted: WishFilter) -> str:
    """The address of what is chosen as CSV."""
    return csv_address(
        "wishes",
        state=wanted.state,
        promise=wanted.promise_id,
        customer=wanted.customer_id,
        department=wanted.department,
    )
