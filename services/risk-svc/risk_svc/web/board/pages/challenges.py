"""Challenges: what employees doubt, what waits for an answer, and how the others were settled."""

from __future__ import annotations

from typing import Any, Final, cast

from nicegui import ui

from risk_svc.insight.challenges import About, ChallengeFilter, State
from risk_svc.web.board import style
from risk_svc.web.board.frame import Address, Banner, heading, live, page_frame
from risk_svc.web.board.lists import MatterTable, csv_address, filter_input, linked_promise
from risk_svc.web.board.live_data import LiveData
from risk_svc.web.board.matter_data import MatterData

COLUMNS: Final = [
    {"name": "state", "label": "Status", "field": "state", "align": "left"},
    {"name": "promise", "label": "Promise", "field": "promise", "align": "left"},
    {"name": "about", "label": "What is doubted", "field": "about", "align": "left"},
    {"name": "reason", "label": "Reason given last", "field": "reason", "align": "left"},
    {"name": "by", "label": "By", "field": "by", "align": "left"},
    {"name": "changed", "label": "Last change (UTC)", "field": "changed", "align": "left"},
]
STATES: Final[dict[str, str]] = {
    "open": "open",
    "opened": "not answered",
    "answered": "answered",
    "settled": "settled",
    "": "all",
}
ABOUT: Final = {"": "all", "promise": "promise", "claim": "claim", "statement": "statement"}
COLOURS: Final = {"opened": "high", "answered": "medium"}
WORDS: Final = (
    "Any employee may challenge a promise, a claim or a statement. All that was said of a challenge is in promise-svc, "
    "where nobody can change it: GET /v1/challenges/{id}."
)
EMPTY: Final = "No challenge matches. Challenges come by promise-svc's API: POST /v1/challenges."


class Page:
    """One open browser page about challenges."""

    def __init__(self, reading: LiveData, matters: MatterData, address: Address) -> None:
        self.reading, self.matters = reading, matters
        self.moment = page_frame("Challenges")
        self.banner = Banner(reading.standstill, reading.held)
        with ui.column().classes("w-full max-w-screen-xl mx-auto q-pa-sm gap-3"):
            heading("Challenges")
            ui.label(WORDS).style(f"color: {style.MUTED}")
            with ui.row().classes("w-full items-center"):
                self.state = ui.select(STATES, value="open", label="Status").props("dense outlined").classes("w-36")
                self.about = ui.select(ABOUT, value="", label="About").props("dense outlined").classes("w-36")
                address.keep("state", self.state)
                address.keep("about", self.about)
                self.promise = filter_input("Promise id", address, "promise")
                self.customer = filter_input("Customer id", address, "customer")
                self.department = filter_input("Department that doubts", address, "department")
            self.table = MatterTable(COLUMNS, "Challenges", address, self.refresh, empty=EMPTY)
            self.table.pager.narrowed_by(self.state, self.about, self.promise, self.customer, self.department)
            live(self.banner, 5.0, self.refresh)

    def asked(self) -> tuple[ChallengeFilter, int]:
        """The filters and page chosen."""
        promise, customer, department = (
            (one.value or "").strip() or None for one in (self.promise, self.customer, self.department)
        )
        wanted = ChallengeFilter(
            cast(State | None, self.state.value or None),
            about=cast(About | None, self.about.value or None),
            promise_id=promise,
            customer_id=customer,
            department=department,
        )
        return wanted, self.table.pager.page

    async def refresh(self) -> None:
        """Read, and update what changed."""
        asked = self.asked()
        listed = await self.matters.challenges(*asked)
        if asked != self.asked():
            # Something else was chosen meanwhile, which triggers its own refresh.
            return
        self.moment.set_text(style.clock_text(self.reading.clock.now()) + " UTC")
        self.table.show(listed, [row(one) for one in listed.items], csv_of(asked[0]))


def csv_of(wanted: ChallengeFilter) -> str:
    """The address of what is chosen as CSV."""
    return csv_address(
        "challenges",
        state=wanted.state,
        about=wanted.about,
        promise=wanted.promise_id,
        customer=wanted.customer_id,
        department=wanted.department,
    )


def row(one: dict[str, Any]) -> dict[str, Any]:
    """A challenge as a row: plain text."""
    known = one["promise_standing"] is not None
    return {
        "id": one["challenge_id"],
        "state": state_words(one),
        "colour": style.COLOURS[COLOURS.get(one["state"], "none")],
        "promise": one["promise_id"] or f"{one['about']} {one['about_id']}",
        "link": linked_promise(one["promise_id"]) if known else "",
        "note": " · ".join(part for part in (one["promise_kind"], one["customer_id"]) if part),
        "about": f"{one['about']} {one['about_id']}",
        "reason": one["reason"] or "–",
        "by": f"{one['department'] or '–'}, {style.clock_text(one['at'])} UTC",
        "changed": style.clock_text(one["changed_at"]),
    }


def state_words(one: dict[str, Any]) -> str:
    """How far a challenge is, or what came of it."""
    return str(one["outcome"] or STATES[one["state"]])


def line(one: dict[str, Any]) -> str:
    """A challenge in one line, for its promise's page."""
    by = f" by {one['department']}" if one["department"] else ""
    why = f" Reason given last: {one['reason']}" if one["reason"] else ""
    return f"Challenged {style.clock_text(one['at'])} UTC{by}: {state_words(one)}.{why}"
