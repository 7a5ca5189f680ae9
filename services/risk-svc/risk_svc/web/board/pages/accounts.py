"""Accounts: which customers first, what is at stake with each, and what they were told."""

from __future__ import annotations

from typing import Any, Final

from nicegui import ui
from nicegui.elements.mixins.value_element import ValueElement

from candor.web.http.public import public_path
from risk_svc.insight.reading import Wanted
from risk_svc.web.board import account_words, style
from risk_svc.web.board.figure_words import made_words
from risk_svc.web.board.frame import Address, Banner, Part, card, heading, live, page_frame, section_title
from risk_svc.web.board.lists import csv_address, csv_link
from risk_svc.web.board.live_data import LiveData, SheetQuery
from risk_svc.web.board.pager import Pager
from risk_svc.web.board.tables import FiguresTable, laid_out, picture, show_address

SUMS: Final = {"align": "right"}
WORDS: Final = {"align": "left", "style": "min-width: 8rem"}
COLUMNS: Final = [
    {"name": "id", "label": "Customer", "field": "id", "align": "left"},
    {"name": "at_risk", "label": "Value at risk (95 %)", "field": "at_risk", **SUMS},
    {"name": "expected", "label": "Expected loss", "field": "expected", **SUMS},
    {"name": "shortfall", "label": "Shortfall", "field": "shortfall", **SUMS},
    {"name": "score", "label": "Gap", "field": "score", "align": "left", "style": "white-space: nowrap"},
    {"name": "worst", "label": "Largest gap", "field": "worst", "align": "left"},
    {"name": "renewal", "label": "Renewal", "field": "renewal", **WORDS},
    {"name": "told", "label": "Told last", "field": "told", **WORDS},
    {"name": "heard", "label": "Heard last", "field": "heard", **WORDS},
]
SORTS: Final = {"value_at_risk": "value at risk", "loss": "expected loss", "gap": "gap"}
GAPS: Final = {"": "all gaps", "1": "any gap", "25": "medium or more", "50": "high or more", "75": "severe"}
CONTACTS: Final = {
    "": "all",
    "silent": "silent",
    "not_silent": "not silent",
    "too_little_history": "too little history",
}
RENEWALS: Final = {"": "any time", **{days: f"within {days} days" for days in ("30", "60", "90", "180")}}
WINDOWS: Final = (
    ("id", "Renewal"),
    ("at_risk", "Value at risk (95 %)"),
    ("expected", "Expected loss"),
    ("shortfall", "Shortfall"),
    ("accounts", "Accounts"),
)
MOST_WINDOWS: Final = 100
"""Five windows in each of 20 currencies."""
LEGEND: Final = (
    "Bar: the loss that 95 of 100 simulations stay within; line: its 95 % interval. Shortfall: the mean loss beyond. "
    "Counted: promises with a forecast and a value, of all open ones. The gap is weighted by value. Heard last: of "
    "customers with a gap of 25 or more, the time since their last word in usual intervals between words; silent from "
    "2 of them on."
)
ID: Final = """<q-td :props="props"><a :href="'BOARD?search=' + encodeURIComponent(props.row.id)"
  class="strong">{{ props.row.id }}</a></q-td>"""
AT_RISK: Final = """<q-td :props="props">{{ props.row.at_risk }}<div class="beside">counted {{ props.row.rests }}
  </div></q-td>"""
SCORE: Final = """<q-td :props="props"><span class="badge" :style="{background: props.row.colour}">{{ props.row.score }}
  </span><div class="beside">{{ props.row.gaps }} open</div></q-td>"""
WORST: Final = """<q-td :props="props"><a :href="'BOARDpromises/' + encodeURIComponent(props.row.worst)"
  class="strong">{{ props.row.worst }}</a></q-td>"""
CARD: Final = """<div class="q-pa-xs col-12"><q-card flat bordered class="q-pa-sm">
  <div class="row items-center no-wrap"><span class="badge" :style="{background: props.row.colour}">
  {{ props.row.score }}</span><a class="q-ml-sm strong"
  :href="'BOARD?search=' + encodeURIComponent(props.row.id)">{{ props.row.id }}</a></div>
  <div class="q-mt-xs">value at risk {{ props.row.at_risk }} · expected {{ props.row.expected }} · shortfall
  {{ props.row.shortfall }}</div><div class="beside">counted {{ props.row.rests }} · open gaps {{ props.row.gaps }},
  largest <a class="strong" :href="'BOARDpromises/' + encodeURIComponent(props.row.worst)">{{ props.row.worst }}</a>
  · renewal: {{ props.row.renewal }} · told last: {{ props.row.told }}
  · heard last: {{ props.row.heard }}</div></q-card></div>"""


class Page:
    """One open browser page about accounts."""

    def __init__(self, reading: LiveData, address: Address) -> None:
        self.reading = reading
        self.moment = page_frame("Accounts")
        self.banner = Banner(reading.standstill, reading.held)
        with ui.column().classes("w-full max-w-screen-xl mx-auto q-pa-sm"):
            heading("Accounts by value at risk")
            self.total = ui.label().mark("total")
            with card():
                section_title("Value at risk")
                self.picture = Part(picture)
                ui.label(LEGEND).style(f"color: {style.MUTED}; font-size: .85rem")
            with card():
                section_title("Before renewals")
                self.windows = Part(picture)
                with ui.expansion("Before renewals in figures").props("dense").classes("w-full"):
                    self.renewals = FiguresTable("Before renewals", WINDOWS)
                    show_address(csv_link("CSV of renewals"), csv_address("renewals"))
            heading("Customers", 2).classes("unseen")
            filters = self._filters(address)
            with ui.row().classes("w-full items-center justify-between"):
                self.number = ui.label().style(f"color: {style.MUTED}").mark("number")
                self.csv = csv_link()
            self.table = _table()
            self.pager = Pager(address, self.refresh)
            self.pager.narrowed_by(*filters)
            self.made = ui.label().style(f"color: {style.MUTED}").mark("made")
            live(self.banner, 5.0, self.refresh)

    def _filters(self, address: Address) -> list[ValueElement[Any]]:
        with ui.row().classes("w-full items-center"):
            self.gap = ui.select(GAPS, value="", label="Gap").props("dense outlined").classes("w-40")
            self.renewal = ui.select(RENEWALS, value="", label="Renewal").props("dense outlined").classes("w-40")
            self.contact = ui.select(CONTACTS, value="", label="Contact").props("dense outlined").classes("w-40")
            self.sort = ui.select(SORTS, value="value_at_risk", label="Sorted by").props("dense outlined")
            self.sort.classes("w-48")
            self.search = ui.input("Customer id").props("dense outlined clearable debounce=400").classes("w-64")
            controls: dict[str, ValueElement[Any]] = {"gap": self.gap, "renewal": self.renewal, "sort": self.sort}
            controls |= {"contact": self.contact, "search": self.search}
            for name, control in controls.items():
                address.keep(name, control)
        return [*controls.values()]

    def asked(self) -> SheetQuery:
        """The page and filters currently chosen."""
        least = float(self.gap.value) if self.gap.value else None
        within = float(self.renewal.value) if self.renewal.value else None
        search, contact = (self.search.value or "").strip() or None, self.contact.value or None
        wanted = Wanted(search=search, min_score=least, renews_within=within, contact=contact)
        return SheetQuery("account", wanted, self.sort.value, self.pager.page)

    async def refresh(self) -> None:
        """Read, and update what changed."""
        asked = self.asked()
        found = await self.reading.sheet(asked)
        whole = await self.reading.sheet(SheetQuery("value_at_risk"))
        renewals = await self.reading.sheet(SheetQuery("renewal", size=MOST_WINDOWS))
        if asked != self.asked():
            # Something else was chosen meanwhile, which triggers its own refresh.
            return
        self.moment.set_text(style.clock_text(self.reading.clock.now()) + " UTC")
        total = account_words.total_words(next(iter(whole.bodies), None))
        self.total.set_text(" ".join([total, account_words.apart_words(whole.bodies[1:])]).strip())
        self.picture.show(account_words.bars(found.bodies))
        self.windows.show(account_words.renewal_bars(renewals.bodies))
        self.renewals.show(account_words.renewal_rows(renewals.bodies), WINDOWS)
        rows = [account_words.row(body) for body in found.bodies]
        if rows != self.table.rows:
            self.table.rows = rows
            self.table.update()
        self.number.set_text(style.page_words(found.page, len(rows), found.number, "account"))
        show_address(self.csv, _csv(asked))
        self.made.set_text(made_words(found.made_at, found.promises))
        self.pager.show(found.page, found.pages)


def _csv(asked: SheetQuery) -> str:
    wanted = asked.wanted
    return csv_address(
        "accounts",
        sort=asked.sort,
        search=wanted.search,
        min_score=wanted.min_score,
        renews_within=wanted.renews_within,
        contact=wanted.contact,
    )


def _table() -> ui.table:
    table: ui.table = ui.table(columns=COLUMNS, rows=[], row_key="id").classes("w-full").mark("accounts")
    laid_out(table, "Accounts")
    slots = {"id": ID, "at_risk": AT_RISK, "score": SCORE, "worst": WORST}
    templates = {f"body-cell-{name}": slot for name, slot in slots.items()} | {"item": CARD}
    for name, slot in templates.items():
        # NiceGUI prefixes its own links, not those in a template.
        table.add_slot(name, slot.replace("BOARD", public_path("/board/")))
    table.add_slot("no-data", "<span></span>")
    return table
