"""One incident: the promises it hits, largest first, with their customers and what they are worth."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote, urlencode

from nicegui import ui
from nicegui.elements.mixins.value_element import ValueElement

from candor.web.http.public import public_path
from risk_svc.insight.incidents import HitFilter
from risk_svc.web.board import incident_words, style
from risk_svc.web.board.frame import Address, Banner, heading, live, page_frame
from risk_svc.web.board.lists import csv_link
from risk_svc.web.board.live_data import HitQuery, LiveData
from risk_svc.web.board.pager import Pager
from risk_svc.web.board.tables import laid_out, show_address

SUMS: Final = {"align": "right", "style": "white-space: nowrap"}
COLUMNS: Final = [
    {"name": "score", "label": "Gap", "field": "score", "align": "left"},
    {"name": "id", "label": "Promise", "field": "id", "align": "left"},
    {"name": "customer", "label": "Customer", "field": "customer", "align": "left"},
    {"name": "kind", "label": "Promise type", "field": "kind", "align": "left"},
    {"name": "value", "label": "Value", "field": "value", **SUMS},
    {"name": "slip", "label": "Risk of delay", "field": "slip", "align": "right"},
    {"name": "due", "label": "Promised date (UTC)", "field": "due", "align": "left"},
    {"name": "told", "label": "Customer told", "field": "told", "align": "left"},
]
SORTS: Final = {"gap": "gap, widest first", "value": "value by rates, largest first"}
SCORE: Final = """<q-td :props="props"><span class="badge" :style="{background: props.row.colour}">{{ props.row.score }}
  </span></q-td>"""
ID: Final = """<q-td :props="props"><a :href="'PROMISES' + encodeURIComponent(props.row.id)" class="strong">
  {{ props.row.id }}</a></q-td>"""
CARD: Final = """<div class="q-pa-xs col-12"><q-card flat bordered class="q-pa-sm">
  <div class="row items-center no-wrap"><span class="badge" :style="{background: props.row.colour}">
  {{ props.row.score }}</span><a class="q-ml-sm strong"
  :href="'PROMISES' + encodeURIComponent(props.row.id)">{{ props.row.id }}</a></div>
  <div class="q-mt-xs">{{ props.row.customer }} · {{ props.row.value }}</div><div class="beside">{{ props.row.kind }} ·
  risk of delay {{ props.row.slip }} · {{ props.row.due }} UTC · {{ props.row.told }}</div></q-card></div>"""


class Page:
    """One open browser page about one incident."""

    def __init__(self, reading: LiveData, incident_id: str, title: str, address: Address) -> None:
        self.reading = reading
        self.incident_id = incident_id
        self.moment = page_frame(style.title(incident_id, title))
        self.banner = Banner(reading.standstill, reading.held)
        with ui.column().classes("w-full max-w-screen-xl mx-auto q-pa-sm"):
            # Nothing of this incident: the HTML is made once for all of them.
            self.title = heading("")
            self.what = ui.label().style(f"color: {style.MUTED}").mark("what")
            self.hits = ui.label().classes("text-weight-medium").mark("hits")
            heading("Promises", 2).classes("unseen")
            filters = self._filters(address)
            with ui.row().classes("w-full items-center justify-between"):
                self.number = ui.label().style(f"color: {style.MUTED}").mark("number")
                self.csv = csv_link()
            self.table = _table()
            self.pager = Pager(address, self.refresh)
            self.pager.narrowed_by(*filters)
            live(self.banner, 1.0, self.refresh)

    def _filters(self, address: Address) -> list[ValueElement[Any]]:
        with ui.row().classes("w-full items-center"):
            self.sort = ui.select(SORTS, value="gap", label="Sorted by").props("dense outlined").classes("w-48")
            self.customer = ui.input("Customer id").props("dense outlined clearable debounce=400").classes("w-64")
            address.keep("sort", self.sort)
            address.keep("customer", self.customer)
        return [self.sort, self.customer]

    def asked(self) -> HitQuery:
        """The page and filters currently chosen."""
        wanted = HitFilter(customer_id=(self.customer.value or "").strip() or None)
        return HitQuery(self.incident_id, wanted, self.sort.value, self.pager.page)

    async def refresh(self) -> None:
        """Read, and update what changed."""
        asked = self.asked()
        found = await self.reading.incident(asked)
        if found is None or asked != self.asked():
            # Something else was chosen meanwhile, which triggers its own refresh.
            return
        self.moment.set_text(style.clock_text(self.reading.clock.now()) + " UTC")
        head = incident_words.head(found.incident, found.hits)
        for label, words in ((self.title, head.title), (self.what, head.what), (self.hits, head.hits)):
            label.set_text(words)
        rows = [incident_words.row(item) for item in found.hits.items]
        if rows != self.table.rows:
            self.table.rows = rows
            self.table.update()
        self.number.set_text(style.page_words(found.page, len(rows), found.hits.number))
        show_address(self.csv, _csv(asked))
        self.pager.show(found.page, found.pages)


def _csv(asked: HitQuery) -> str:
    query = {"sort": asked.sort} | ({"customer": asked.wanted.customer_id} if asked.wanted.customer_id else {})
    return f"/incidents/{quote(asked.incident_id, safe='')}/promises.csv?{urlencode(query)}"


def _table() -> ui.table:
    table: ui.table = ui.table(columns=COLUMNS, rows=[], row_key="id").classes("w-full").mark("promises")
    laid_out(table, "Promises")
    slots: dict[str, Any] = {"body-cell-score": SCORE, "body-cell-id": ID, "item": CARD}
    for name, slot in slots.items():
        # NiceGUI prefixes its own links, not those in a template.
        table.add_slot(name, slot.replace("PROMISES", public_path("/board/promises/")))
    table.add_slot("no-data", "<span></span>")
    return table
