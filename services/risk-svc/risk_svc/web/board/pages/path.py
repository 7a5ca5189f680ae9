"""Path: where messages change on their way to customers, as a flow, with the messages that changed most below."""

from __future__ import annotations

from typing import Any, Final

from nicegui import ui

from risk_svc.insight.measures.figure import Figure
from risk_svc.insight.paths import NEWEST, HopFilter, HopRecord, PromisePath, Records, name
from risk_svc.web.api.hop_presenters import too_little
from risk_svc.web.board import style
from risk_svc.web.board.flow import (
    Flow,
    changed_words,
    colour,
    days_words,
    flow_of_path,
    flow_of_records,
    picture,
    words,
)
from risk_svc.web.board.frame import Address, Banner, Part, card, heading, live, page_frame, section_title
from risk_svc.web.board.intake_data import IntakeData
from risk_svc.web.board.lists import EMPTY, MatterTable, csv_address, csv_link, filter_input, linked_promise
from risk_svc.web.board.live_data import LiveData
from risk_svc.web.board.matter_data import MatterData
from risk_svc.web.board.tables import show_address
from risk_svc.web.board.waiting_part import WaitingPart

HOPS: Final = [
    {"name": "name", "label": "Hop", "field": "name", "align": "left"},
    {"name": "n", "label": "Messages", "field": "n", "align": "right"},
    {"name": "distortion", "label": "Distortion, 0 to 1", "field": "distortion", "align": "right"},
    {"name": "days", "label": "Date moved", "field": "days", "align": "right"},
    {"name": "ratio", "label": "Dates swing", "field": "ratio", "align": "right"},
    {"name": "imposed", "label": "Imposed", "field": "imposed", "align": "right"},
]
MESSAGES: Final = [
    {"name": "distortion", "label": "Distortion", "field": "distortion", "align": "left"},
    {"name": "promise", "label": "Promise", "field": "promise", "align": "left"},
    {"name": "hop", "label": "Hop", "field": "hop", "align": "left"},
    {"name": "what", "label": "What changed", "field": "what", "align": "left"},
    {"name": "at", "label": "Said (UTC)", "field": "at", "align": "left"},
]
SLOTS: Final = {"scope": "scope", "quantity": "quantity", "certainty": "certainty", "conditions": "conditions"}
READ_IT: Final = (
    "Each arrow is a hop: what its speaker had heard beside what they passed on. D is how much of the message changed, "
    "0 to 1, over date, scope, quantity, certainty and conditions (weights assumed). From .15 on, or from its own "
    "threshold (HOP_THRESHOLDS), a hop is named. “Imposed” is what was said of another team's work before it accepted. "
    f"Figures by kind of hop are means of the newest {NEWEST:,} messages with 95 % intervals; below 20 none is stated. "
    "“Dates swing” is the variance of dates told by that of dates heard: above 1 they swing more."
)


class Page:
    """One open browser page about the way of messages."""

    def __init__(self, reading: LiveData, matters: MatterData, intake: IntakeData, address: Address) -> None:
        self.reading, self.matters = reading, matters
        self.moment = page_frame("Path")
        self.banner = Banner(reading.standstill, reading.held)
        with ui.column().classes("w-full max-w-screen-xl mx-auto q-pa-sm gap-3"):
            heading("Path")
            with ui.row().classes("w-full items-center"):
                self.promise = filter_input("Promise id", address, "promise")
                self.kind = filter_input("Promise type", address, "kind")
                self.department = filter_input("Department that spoke", address, "department")
            with card():
                section_title("Where messages change")
                self.said = Part(_said)
                self.flow = Part(draw_flow)
                self.hops = Part(_hops)
                self.csv = csv_link("Kinds of hops as CSV")
                with ui.expansion("How to read it").props("dense").classes("w-full"):
                    ui.label(READ_IT).style(f"color: {style.MUTED}; font-size: .85rem")
            with card():
                section_title("Messages that changed most")
                self.table = MatterTable(MESSAGES, "Messages", address, self.refresh)
            self.waiting = WaitingPart(intake, self.refresh)
            self.table.pager.narrowed_by(self.promise, self.kind, self.department)
            self.waiting.pages.narrowed_by(self.promise)
            live(self.banner, 5.0, self.refresh)

    def asked(self) -> HopFilter:
        """The filters chosen."""
        promise, kind, department = (
            (one.value or "").strip() or None for one in (self.promise, self.kind, self.department)
        )
        return HopFilter(promise, kind, department)

    async def refresh(self) -> None:
        """Read, and redraw what changed."""
        asked, page = self.asked(), self.table.pager.page
        records = await self.matters.hops(asked)
        found = await self.matters.path(asked.promise_id) if asked.promise_id else None
        listed = await self.matters.statements(asked, page)
        if (asked, page) != (self.asked(), self.table.pager.page):
            # Something else was chosen meanwhile, which triggers its own refresh.
            return
        self.moment.set_text(style.clock_text(self.reading.clock.now()) + " UTC")
        self.said.show(said_of(found) if asked.promise_id else said_of_all(records))
        self.flow.show(flow_of_path(found) if found is not None else flow_of_records(records.hops))
        self.hops.show([] if asked.promise_id else [row(one) for one in records.hops])
        show_address(self.csv, csv_of("hops", asked))
        self.table.show(listed, [message(one) for one in listed.items], csv_of("path", asked))
        await self.waiting.refresh(asked.promise_id)


def csv_of(name: str, wanted: HopFilter) -> str:
    """The address of what is chosen as CSV: `hops`, the kinds of hops, or `path`, the messages."""
    return csv_address(name, promise=wanted.promise_id, kind=wanted.kind, department=wanted.department)


def said_of(found: PromisePath | None) -> list[str]:
    """What the path of a promise says, in words."""
    if found is None:
        return [EMPTY]
    first, path = found.path.first_past, found.path
    lines = [] if found.kind is not None else ["Its promise is not known yet: what was said of it waits."]
    if not path.hops:
        return [*lines, "Nothing that was said of it has been passed on yet."]
    named = "No hop is past its threshold."
    if first is not None:
        named = f"It changed first at {first.by}, in what it told {first.target}: {changed_words(first)}."
    lines += [named, f"The hops together: D {path.total:.2f}; first to last: {path.net:.2f}."]
    if path.unlike:
        lines.append(f"Quantities are not compared, as their units differ: {', '.join(path.unlike)}.")
    last = found.chain[-1]
    if found.rows[last.statement_id]["imposed"]:
        lines.append(f"An imposition: when {last.said_by} told {last.said_to}, who delivers had not accepted.")
    return lines


def said_of_all(records: Records) -> list[str]:
    """What the figures by kind of hop say, in words."""
    if not records.hops:
        return [EMPTY]
    worst = records.hops[0]
    if worst.distortion.value is None:
        return [f"{records.number} messages so far; {too_little(worst)} for each hop."]
    return [
        f"Of {records.number} messages most is changed by {worst.said_by} on the way to {worst.said_to}: "
        f"D {interval(worst.distortion)}, dates {interval(worst.days, ' days')} (below 0 earlier)."
    ]


def interval(one: Figure, unit: str = "") -> str:
    """A figure with its interval, or that there is too little history."""
    if one.value is None:
        return "too little history"
    return f"{one.value:.2f}{unit} ({one.low:.2f} to {one.high:.2f})"


def row(one: HopRecord) -> dict[str, Any]:
    """A kind of hop as a row of the table."""
    return {
        "name": name(one).replace(">", " → "),
        "n": f"{one.n:,}",
        "distortion": interval(one.distortion),
        "days": interval(one.days, " d"),
        "ratio": interval(one.variance_ratio, " ×"),
        "imposed": share_words(one.imposed),
    }


def share_words(one: Figure) -> str:
    """A share with its interval, that nothing was about another team's work, or that there is too little history."""
    if not one.n:
        return "–"
    return "too little history" if one.value is None else f"{one.value:.0%} ({one.low:.0%} to {one.high:.0%})"


def message(one: dict[str, Any]) -> dict[str, Any]:
    """A statement as a row of the list: plain text and numbers."""
    unlike = ["units cannot be compared"] if one["unlike_units"] else []
    slots = [f"{word} {one[f'drift_{slot}']:+.2f}" for slot, word in SLOTS.items() if one[f"drift_{slot}"]]
    about = one["promise_id"] or ""
    return {
        "id": one["statement_id"],
        "distortion": f"{one['distortion']:.2f}",
        "colour": colour(one["distortion"]),
        "promise": about or f"capability {one['capability_id']}",
        "link": linked_promise(about) if about and not one["waits"] else "",
        "note": "its promise is not known yet" if one["waits"] else one["kind"] or "",
        "hop": f"{one['said_by']} → {one['said_to']}",
        "what": ", ".join([days_words(one["days"]), *slots, *unlike, *(["imposed"] if one["imposed"] else [])]),
        "at": style.clock_text(one["at"]),
    }


def draw_flow(flow: Flow) -> None:
    """The picture, with its words for who does not see it."""
    if flow.arrows:
        ui.html(picture(flow), sanitize=False).classes("flow w-full").props(
            f"role=img aria-label={_quoted(words(flow))}"
        )


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "").replace('"', "'") + '"'


def _said(lines: list[str]) -> None:
    for line in lines:
        ui.label(line)


def _hops(rows: list[dict[str, Any]]) -> None:
    if rows:
        table = ui.table(columns=HOPS, rows=rows, row_key="name").classes("w-full in-figures")
        table.props('flat dense hide-pagination :rows-per-page-options="[0]" aria-label="Kinds of hops"')
        table.props(':grid="window.innerWidth < 700" card-class="shadow-0"')
