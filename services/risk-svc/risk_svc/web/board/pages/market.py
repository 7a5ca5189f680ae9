"""Market: what public reviews complain of, beside whom we warned, and competitors' stated lead times beside ours."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from nicegui import ui

from risk_svc.insight.lead_times import Compared, LeadTimeFilter
from risk_svc.insight.reviews import ReviewFilter, Tag
from risk_svc.web.board import market_words, style
from risk_svc.web.board.frame import Address, Banner, Part, card, heading, live, page_frame, section_title
from risk_svc.web.board.lists import MatterTable, filter_input
from risk_svc.web.board.live_data import LiveData
from risk_svc.web.board.matter_data import ROWS, MatterData
from risk_svc.web.board.pager import Pager
from risk_svc.web.board.tables import FiguresTable, picture, show_address

SIDE: Final = "min-width: min(420px, 100%); flex: 1 1 420px"
TAGS: Final[dict[str, str]] = {
    "": "all",
    "failure": "failure to communicate",
    **market_words.TAGS,
    "none": "none of it",
    "untagged": "not tagged",
}
REVIEWS: Final = [
    {"name": "tag", "label": "Complains of", "field": "tag", "align": "left"},
    {"name": "promise", "label": "Promise", "field": "promise", "align": "left"},
    {"name": "review", "label": "Review", "field": "review", "align": "left"},
    {"name": "rating", "label": "Rating", "field": "rating", "align": "left"},
    {"name": "evidence", "label": "By which words", "field": "evidence", "align": "left"},
    {"name": "about", "label": "About", "field": "about", "align": "left"},
]
LEAD_TIMES: Final = (
    ("id", "Competitor"),
    ("what", "Promise type"),
    ("stated", "Stated"),
    ("by", "By whom"),
    ("promised", "We promised"),
    ("actual", "It took"),
    ("beside", "In words"),
)
NO_REVIEW: Final = (
    "No review matches. Reviews come by promise-svc's API (POST /v1/reviews, as CSV POST /v1/reviews/csv) or by the "
    "signed webhook review.published; each is tagged by its words, and whoever reads it may correct the tag."
)
NO_LEAD_TIME: Final = (
    "Nothing is stated of a competitor. It comes by promise-svc's API: POST /v1/lead-times, as CSV "
    "POST /v1/lead-times/csv. Ours for the same promise type and labels then stand beside it."
)
LEGEND: Final = (
    "Share of the tagged reviews of a month, with its 95% interval; below 20 no share is stated. Beside it the "
    "promises whose date lay in that month and that came late or never: how many customers were warned before "
    "that date by a message of Candor's; what they were told elsewhere, as before Candor ran, nobody noted here. "
    "With a product or place, promises are those with labels of that name."
)
COMPARED: Final = (
    "A lead time of others is what a source states: nobody observed it. Ours: the median of completed promises with "
    "its 95% interval. Longer or shorter is said only where the whole interval is."
)


class Page:
    """One open browser page about what is said outside."""

    def __init__(self, reading: LiveData, matters: MatterData, address: Address) -> None:
        self.reading, self.matters = reading, matters
        self.moment = page_frame("Market")
        self.banner = Banner(reading.standstill, reading.held)
        with ui.column().classes("w-full max-w-screen-xl mx-auto q-pa-sm gap-3"):
            heading("Market")
            with ui.row().classes("w-full items-center"):
                self.tag = ui.select(TAGS, value="", label="Complains of").props("dense outlined").classes("w-56")
                address.keep("tag", self.tag)
                self.product = filter_input("Product", address, "product")
                self.place = filter_input("Place", address, "place")
                self.source = filter_input("Site", address, "source")
            self._trend()
            self._latest(address)
            self._lead_times(address)
            self.reviews.pager.narrowed_by(self.tag, self.product, self.place, self.source)
            live(self.banner, 5.0, self.refresh)

    def _trend(self) -> None:
        with ui.row().classes("w-full gap-4 items-stretch"):
            with card(SIDE):
                section_title("Reviews that complain of failure to communicate")
                self.failures = Part(picture)
                self.basis = ui.label().style(f"color: {style.MUTED}; font-size: .85rem").mark("basis")
                self.months_csv = ui.link("Months as CSV", "").classes("strong").mark("months-csv")
            with card(SIDE):
                section_title("Late promises whose customers were warned before")
                self.warnings = Part(picture)
                ui.label(LEGEND).style(f"color: {style.MUTED}; font-size: .85rem")

    def _latest(self, address: Address) -> None:
        with card():
            section_title("Latest reviews")
            self.reviews = MatterTable(REVIEWS, "Reviews", address, self.refresh, empty=NO_REVIEW)

    def _lead_times(self, address: Address) -> None:
        with card():
            section_title("Lead times: what others state, and ours")
            self.none = ui.label(NO_LEAD_TIME).mark("no-lead-time")
            self.lead_times = Part(picture)
            self.legend = ui.label(COMPARED).style(f"color: {style.MUTED}; font-size: .85rem")
            self.table = FiguresTable("Lead times", LEAD_TIMES)
            self.pager = Pager(address, self.refresh, "lead-times")
            with ui.row().classes("w-full items-center justify-between"):
                self.made = ui.label().style(f"color: {style.MUTED}; font-size: .85rem").mark("made")
                ui.link("Lead times as CSV", "/competitors.csv").classes("strong").mark("competitors-csv")

    def asked(self) -> tuple[ReviewFilter, int, int]:
        """The filters and pages chosen."""
        product, place, source = (_said(one) for one in (self.product, self.place, self.source))
        tag: Tag | None = self.tag.value or None
        wanted = ReviewFilter(tag, source and source.lower(), product, place)
        return wanted, self.reviews.pager.page, self.pager.page

    async def refresh(self) -> None:
        """Read, and update what changed."""
        asked = wanted, page, of_lead_times = self.asked()
        listed = await self.matters.reviews(wanted, page)
        months = await self.matters.months(wanted._replace(tag=None))
        compared = await self.matters.lead_times(LeadTimeFilter(), of_lead_times)
        if asked != self.asked():
            # Something else was chosen meanwhile, which triggers its own refresh.
            return
        self.moment.set_text(style.clock_text(self.reading.clock.now()) + " UTC")
        self.failures.show(market_words.failures(months))
        self.warnings.show(market_words.warnings(months))
        self.basis.set_text(market_words.basis_words(months))
        rows = [market_words.review_row(one) for one in listed.items]
        self.reviews.show(listed, rows, f"/reviews.csv{query(wanted)}")
        show_address(self.months_csv, f"/review-months.csv{query(wanted._replace(tag=None))}")
        self._compared(compared)

    def _compared(self, found: Compared) -> None:
        for part in (self.legend, self.table.table):
            part.set_visibility(bool(found.items))
        self.none.set_visibility(not found.items)
        self.lead_times.show(market_words.lead_times(found.items) if found.items else "")
        self.table.show([market_words.lead_time_row(one) for one in found.items], LEAD_TIMES)
        self.pager.show(min(self.pager.page, pages := max(1, -(-found.number.total // ROWS))), pages)
        self.made.set_text(market_words.made_words(found.made_at) if found.items else "")


def query(wanted: ReviewFilter) -> str:
    """What an address asks to get the reviews of a filter."""
    values = {name: value for name in ("tag", "product", "place", "source") if (value := getattr(wanted, name))}
    return f"?{urlencode(values)}" if values else ""


def _said(field: ui.input) -> str | None:
    return (field.value or "").strip() or None
