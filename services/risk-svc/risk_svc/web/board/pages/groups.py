"""Gaps by group: open gaps rolled up by department, customer, promise type, hop or label, with the worst promise."""

from __future__ import annotations

from typing import Any, Final

from nicegui import ui

from risk_svc.insight.reading import Wanted
from risk_svc.web.board import style
from risk_svc.web.board.figure_words import made_words, name_of
from risk_svc.web.board.frame import Address, Banner, heading, live, page_frame
from risk_svc.web.board.lists import MatterTable, csv_address, filter_input, linked_promise
from risk_svc.web.board.live_data import LiveData, SheetQuery
from risk_svc.web.board.matter_data import Listed

COLUMNS: Final = [
    {"name": "score", "label": "Gap", "field": "score", "align": "left"},
    {"name": "name", "label": "Group", "field": "name", "align": "left"},
    {"name": "promise", "label": "Its widest", "field": "promise", "align": "left"},
    {"name": "promises", "label": "Open promises", "field": "promises", "align": "right"},
    {"name": "value", "label": "Worth", "field": "value", "align": "right"},
]
BY: Final = {
    "department": "department",
    "customer": "customer",
    "kind": "promise type",
    "hop": "hop",
    "label": "label",
}
GAPS: Final = {"": "any", "15": "15 or more", "40": "40 or more", "70": "70 or more"}
WORDS: Final = (
    "Each group's gap is the quadratic mean of its open promises' gaps, weighted by what they are worth. By hop: the "
    "first hop on a promise's path that is past its threshold. Customers with what is at stake are on Accounts."
)
EMPTY: Final = "No group matches."


class Page:
    """One open browser page about groups of promises."""

    def __init__(self, reading: LiveData, address: Address) -> None:
        self.reading = reading
        self.moment = page_frame("Gaps by group")
        self.banner = Banner(reading.standstill, reading.held)
        with ui.column().classes("w-full max-w-screen-xl mx-auto q-pa-sm gap-3"):
            heading("Gaps by group")
            ui.label(WORDS).style(f"color: {style.MUTED}")
            with ui.row().classes("w-full items-center"):
                self.by = ui.select(BY, value="department", label="By").props("dense outlined").classes("w-40")
                self.gap = ui.select(GAPS, value="", label="Gap").props("dense outlined").classes("w-40")
                address.keep("by", self.by)
                address.keep("gap", self.gap)
                self.search = filter_input("How its name begins", address, "search")
            self.table = MatterTable(COLUMNS, "Groups", address, self.refresh, empty=EMPTY)
            self.table.pager.narrowed_by(self.by, self.gap, self.search)
            self.made = ui.label().style(f"color: {style.MUTED}").mark("made")
            live(self.banner, 5.0, self.refresh)

    def asked(self) -> SheetQuery:
        """The page and filters currently chosen."""
        least = float(self.gap.value) if self.gap.value else None
        wanted = Wanted(search=(self.search.value or "").strip() or None, min_score=least)
        return SheetQuery(f"rollup:{self.by.value}", wanted, page=self.table.pager.page)

    async def refresh(self) -> None:
        """Read, and update what changed."""
        asked = self.asked()
        found = await self.reading.sheet(asked)
        if asked != self.asked():
            # Something else was chosen meanwhile, which triggers its own refresh.
            return
        self.moment.set_text(style.clock_text(self.reading.clock.now()) + " UTC")
        listed = Listed(found.bodies, found.page, found.pages, found.number)
        self.table.show(listed, [row(one) for one in found.bodies], csv_of(asked))
        self.made.set_text(made_words(found.made_at, found.promises))


def csv_of(asked: SheetQuery) -> str:
    """The address of what is chosen as CSV."""
    least = asked.wanted.min_score
    return csv_address(
        "groups",
        by=asked.sheet.removeprefix("rollup:"),
        search=asked.wanted.search,
        min_score=None if least is None else f"{least:g}",
    )


def row(one: dict[str, Any]) -> dict[str, Any]:
    """A group as a row: plain text and numbers."""
    number, colour = style.badge(one["score"])
    loss = one.get("expected_loss")
    cost = "" if loss is None else f", expected loss {loss:,.0f}"
    assumed = f"{one['assumed_values']:,} without a value in that currency" if one["assumed_values"] else ""
    return {
        "id": one["name"],
        "score": str(number),
        "colour": colour,
        "name": name_of(one).replace(">", " → "),
        "promise": one["worst"],
        "link": linked_promise(one["worst"]),
        "note": f"gap {int(one['worst_score'])}",
        "promises": f"{one['promises']:,}",
        "value": f"{one['value']:,.0f} {one['currency'] or ''}".strip() + (f" ({assumed})" if assumed else "") + cost,
    }
