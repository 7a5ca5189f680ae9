"""The first page: figures on top, then promises by gap, each with its reason."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

from nicegui import ui
from nicegui.elements.mixins.value_element import ValueElement

from candor.web.http.public import public_path
from risk_svc.domain.gap import BAND_NAMES
from risk_svc.insight.reading import Wanted
from risk_svc.store.queries import GapFilter
from risk_svc.web.board import contact_words, incident_words, style
from risk_svc.web.board.frame import Address, Banner, Part, heading, live, page_frame
from risk_svc.web.board.lists import csv_address, csv_link
from risk_svc.web.board.live_data import ListQuery, LiveData, SheetQuery
from risk_svc.web.board.pager import Pager
from risk_svc.web.board.tables import laid_out, show_address

COLUMNS: Final = [
    {"name": "score", "label": "Gap", "field": "score", "align": "left"},
    {"name": "what", "label": "Promise", "field": "what", "align": "left"},
    {"name": "why", "label": "Why, and what to do", "field": "why", "align": "left"},
    {"name": "slip", "label": "Risk of delay", "field": "slip", "align": "right"},
    {"name": "due", "label": "Promised date (UTC)", "field": "due", "align": "left"},
    {"name": "told", "label": "Customer", "field": "told", "align": "left"},
    {"name": "standing", "label": "Status", "field": "standing", "align": "left"},
]
FIGURES: Final = (
    ("open", "open"),
    ("slipping", "likely to slip"),
    ("warned", "open, customer notified"),
    ("kept", "kept"),
    ("broken", "broken"),
    ("cancelled", "cancelled"),
)
EMPTY: Final = (
    "With a filter set, choose “all” to see every promise.",
    "A demo that is starting imports its history first; its promises come after that.",
    "Nothing here yet? Make a first promise as README.md shows under “A first promise by hand”,",
    "or import your history with: candor import history.jsonl (it teaches the forecasts, and is not listed here).",
)
FIRST: Final = (
    SheetQuery("account", Wanted(contact="silent"), "gap", size=contact_words.FIRST),
    SheetQuery("account", Wanted(), "gap", size=contact_words.FIRST),
)
"""Whom to look at first: customers gone silent over an open gap, then those with the largest gap."""
SORTS: Final = {"score": "gap, widest first", "chance": "risk of delay, highest first", "due": "promised date"}
SEARCHED: Final = {"id": "promise or customer id", "owner": "owner", "place": "site"}
# Cells are bound as text: {{ }} never turns a customer's words into markup.
SCORE: Final = """<q-td :props="props"><span class="badge" :style="{background: props.row.colour}">{{ props.row.score }}
  </span></q-td>"""
WHAT: Final = """<q-td :props="props"><a :href="'PROMISES' + encodeURIComponent(props.row.id)"
  class="strong">{{ props.row.what }}</a>
  <div class="beside">{{ props.row.id }} · {{ props.row.customer }}</div></q-td>"""
WHY: Final = """<q-td :props="props">{{ props.row.why }}
  <div class="next">{{ props.row.next }}</div></q-td>"""
CARD: Final = """<div class="q-pa-xs col-12"><q-card flat bordered class="q-pa-sm">
  <div class="row items-center no-wrap"><span class="badge" :style="{background: props.row.colour}">
  {{ props.row.score }}</span><a class="q-ml-sm strong"
  :href="'PROMISES' + encodeURIComponent(props.row.id)">{{ props.row.what }}</a></div>
  <div class="beside">{{ props.row.id }} · {{ props.row.customer }}</div>
  <div class="q-mt-xs">{{ props.row.why }}</div><div class="next">{{ props.row.next }}</div>
  <div class="beside">
  risk of delay: {{ props.row.slip }} · {{ props.row.due }} UTC · {{ props.row.standing }} {{ props.row.told }}</div>
  </q-card></div>"""


class Page:
    """One open browser page; `refresh` updates what changed."""

    def __init__(self, reading: LiveData, address: Address) -> None:
        self.reading = reading
        self.moment = page_frame("Board")
        self.banner = Banner(reading.standstill, reading.held)
        self.numbers: dict[str, ui.label] = {}
        with ui.column().classes("w-full max-w-screen-xl mx-auto q-pa-sm"):
            heading("Promises by gap").classes("unseen")
            heading("Figures", 2).classes("unseen")
            self._figures()
            self.first = Part(_first)
            self.chart = ui.echart(style.bands_chart({})).classes("w-full").style("height: 96px")
            self.incidents = Part(_incidents)
            heading("Promises", 2).classes("unseen")
            filters = self._filters(address)
            with ui.row().classes("w-full items-center justify-between"):
                self.number = ui.label().style(f"color: {style.MUTED}").mark("number")
                self.csv = csv_link()
            self.table = _table()
            self.pager = Pager(address, self.refresh)
            self.pager.narrowed_by(*filters)
            self.empty = _empty()
            live(self.banner, 1.0, self.refresh)

    def _figures(self) -> None:
        with ui.row().classes("w-full gap-2"):
            for name, label in FIGURES:
                with ui.card().props("flat bordered").classes("figure q-pa-sm"):
                    self.numbers[name] = ui.label("–").classes("number").mark(f"figure-{name}")
                    ui.label(label).style(f"color: {style.MUTED}")

    def _filters(self, address: Address) -> list[ValueElement[Any]]:
        with ui.row().classes("w-full items-center"):
            states = {"": "all", **style.STATES}
            bands = {"": "all gaps", **{name: name for name in BAND_NAMES}}
            self.standing = ui.select(states, value="open", label="Status").props("dense outlined").classes("w-32")
            self.band = ui.select(bands, value="", label="Gap").props("dense outlined").classes("w-32")
            self.sort = ui.select(SORTS, value="score", label="Sorted by").props("dense outlined").classes("w-48")
            self.by = ui.select(SEARCHED, value="id", label="Search by").props("dense outlined").classes("w-48")
            self.search = ui.input("Search").props("dense outlined clearable debounce=400").classes("w-64")
            controls: dict[str, ValueElement[Any]] = {"standing": self.standing, "band": self.band, "sort": self.sort}
            controls |= {"by": self.by, "search": self.search}
            for name, control in controls.items():
                address.keep(name, control, formerly="customer" if name == "search" else "")
        return [*controls.values()]

    def asked(self) -> ListQuery:
        """The page and filters currently chosen."""
        wanted = GapFilter(self.band.value or None, self.standing.value or None)
        if text := (self.search.value or "").strip():
            wanted = searched(wanted, self.by.value, text)
        return ListQuery(wanted, self.sort.value, self.pager.page)

    async def refresh(self) -> None:
        """Read, and update what changed."""
        asked = self.asked()
        found = await self.reading.overview(asked)
        if asked != self.asked():
            # Something else was chosen meanwhile, which triggers its own refresh.
            return
        struck = await self.reading.open_incidents()
        silent, widest = [await self.reading.sheet(one) for one in FIRST]
        figures: dict[str, Any] = {**found.counts, **found.counts["settled"]}
        for name, label in self.numbers.items():
            label.set_text(f"{figures[name]:,}")
        self.moment.set_text(style.clock_text(self.reading.clock.now()) + " UTC")
        self.chart.options.update(style.bands_chart(found.counts["bands"]))
        self.first.show(contact_words.first(silent.bodies, widest.bodies))
        self.incidents.show([(one["incident_id"], incident_words.named(one)) for one in struck])
        rows = [style.row(item) for item in found.items]
        if rows != self.table.rows:
            self.table.rows = rows
            self.table.update()
        self.empty.set_visibility(not rows)
        self.number.set_text(style.page_words(found.page, len(rows), found.number))
        show_address(self.csv, _csv(asked))
        self.pager.show(found.page, found.pages)


def searched(wanted: GapFilter, by: str, text: str) -> GapFilter:
    """What a search narrows a list to; a site may be any place, as kind:id."""
    if by == "place":
        return wanted._replace(place=text if ":" in text else f"site:{text}")
    return wanted._replace(owner=text) if by == "owner" else wanted._replace(search=text)


def _csv(asked: ListQuery) -> str:
    return csv_address("promises", sort=asked.sort, **asked.wanted._asdict())


def _first(found: list[tuple[str, str, str]]) -> None:
    if not found:
        return
    heading("Customers first", 2)
    for name, words, address in found:
        with ui.row().classes("w-full items-baseline gap-2").mark("first"):
            ui.link(name, address).classes("strong")
            ui.label(words).classes("col")


def _incidents(found: list[tuple[str, str]]) -> None:
    if not found:
        return
    heading("Open incidents", 2)
    for incident_id, words in found:
        ui.link(words, f"/incidents/{quote(incident_id, safe='')}").classes("strong")


def _table() -> ui.table:
    table = ui.table(columns=COLUMNS, rows=[], row_key="id").classes("w-full").mark("promises")
    laid_out(table, "Promises")
    table.add_slot("body-cell-score", SCORE)
    table.add_slot("body-cell-what", _linked(WHAT))
    table.add_slot("body-cell-why", WHY)
    table.add_slot("item", _linked(CARD))
    # The text below the table says it; Quasar's own text comes with a warning sign.
    table.add_slot("no-data", "<span></span>")
    return table


def _empty() -> ui.column:
    with ui.column().classes("w-full items-center q-pa-md gap-1").mark("empty") as made:
        ui.label("No promises match").classes("text-subtitle1").props("role=heading aria-level=2")
        for line in EMPTY:
            ui.label(line).style(f"color: {style.MUTED}")
    return made


def _linked(slot: str) -> str:
    """A slot with the address of promises: NiceGUI prefixes its own links, not those in a template."""
    return slot.replace("PROMISES", public_path("/board/promises/"))
