"""Hand-offs: open ones by date and age, what came of the others, and what both sides know of each."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from nicegui import ui

from risk_svc.domain.chance import chance_words
from risk_svc.insight.handoffs import MOST_OPEN, HandoffFilter, Sort, State
from risk_svc.web.board import style
from risk_svc.web.board.frame import Address, Banner, heading, live, page_frame
from risk_svc.web.board.lists import MatterTable, csv_address, filter_input, linked_promise
from risk_svc.web.board.live_data import LiveData
from risk_svc.web.board.matter_data import MatterData

COLUMNS: Final = [
    {"name": "state", "label": "Status", "field": "state", "align": "left"},
    {"name": "promise", "label": "Promise", "field": "promise", "align": "left"},
    {"name": "between", "label": "From → to", "field": "between", "align": "left"},
    {"name": "due", "label": "Work due (UTC)", "field": "due", "align": "left"},
    {"name": "age", "label": "Open for", "field": "age", "align": "left"},
    {"name": "asker", "label": "What the asking side knows", "field": "asker", "align": "left"},
    {"name": "deliverer", "label": "What the deliverer knows", "field": "deliverer", "align": "left"},
    {"name": "reason", "label": "Reason given last", "field": "reason", "align": "left"},
]
STATES: Final[dict[str, str]] = {
    "open": "open",
    "requested": "requested",
    "countered": "countered",
    "expired": "expired",
    "declined": "declined",
    "accepted": "accepted",
    "withdrawn": "withdrawn",
    "all": "all",
}
SORTS: Final[dict[str, str]] = {"due": "work due first", "age": "oldest first", "newest": "newest first"}
COLOURS: Final = {
    "requested": "medium", "countered": "high", "expired": "severe", "declined": "severe", "withdrawn": "low"
}  # fmt: skip
EMPTY: Final = "No hand-off matches. Hand-offs come by promise-svc's API: POST /v1/handoffs."
DAY: Final = 86_400.0


class Page:
    """One open browser page about hand-offs."""

    def __init__(self, reading: LiveData, matters: MatterData, address: Address) -> None:
        self.reading, self.matters = reading, matters
        self.moment = page_frame("Hand-offs")
        self.banner = Banner(reading.standstill, reading.held)
        with ui.column().classes("w-full max-w-screen-xl mx-auto q-pa-sm gap-3"):
            heading("Hand-offs")
            ui.label("Until its deliverer accepts, a promise is unbacked.").style(f"color: {style.MUTED}")
            with ui.row().classes("w-full items-center"):
                self.state = ui.select(STATES, value="open", label="Status").props("dense outlined").classes("w-32")
                self.sort = ui.select(SORTS, value="due", label="Sorted by").props("dense outlined").classes("w-40")
                address.keep("state", self.state)
                address.keep("sort", self.sort)
                self.department = filter_input("Department that asks", address, "department")
                self.deliverer = filter_input("Deliverer", address, "deliverer")
                self.customer = filter_input("Customer id", address, "customer")
            self.table = MatterTable(COLUMNS, "Hand-offs", address, self.refresh, empty=EMPTY)
            self.table.pager.narrowed_by(self.state, self.sort, self.department, self.deliverer, self.customer)
            live(self.banner, 5.0, self.refresh)

    def asked(self) -> tuple[HandoffFilter, Sort, int]:
        """The filters, order and page chosen."""
        state: State = self.state.value or "open"
        texts = ((one.value or "").strip() or None for one in (self.customer, self.department, self.deliverer))
        customer, department, deliverer = texts
        return (
            HandoffFilter(state, None, customer, department, deliverer),
            self.sort.value or "due",
            self.table.pager.page,
        )

    async def refresh(self) -> None:
        """Read, and update what changed."""
        asked = self.asked()
        listed = await self.matters.handoffs(*asked)
        if asked != self.asked():
            # Something else was chosen meanwhile, which triggers its own refresh.
            return
        now = self.reading.clock.now()
        self.moment.set_text(style.clock_text(now) + " UTC")
        self.table.show(listed, [row(one, now) for one in listed.items], csv_of(*asked[:2]))


def csv_of(wanted: HandoffFilter, sort: Sort) -> str:
    """The address of what is chosen as CSV."""
    return csv_address(
        "hand-offs",
        state=wanted.state,
        sort=sort,
        customer=wanted.customer_id,
        department=wanted.department,
        deliverer=wanted.deliverer,
    )


def row(one: dict[str, Any], now: datetime) -> dict[str, Any]:
    """A hand-off as a row: plain text and numbers."""
    known = one["promise_standing"] is not None
    return {
        "id": one["handoff_id"],
        "state": one["state"],
        "colour": style.COLOURS[COLOURS.get(one["state"], "none")],
        "promise": one["promise_id"] or "",
        "link": linked_promise(one["promise_id"]) if known else "",
        "note": " · ".join(part for part in (one["promise_kind"], one["customer_id"]) if part),
        "between": f"{one['department'] or '–'} → {one['deliverer'] or '–'}",
        "due": due_words(one, now),
        "age": age_words((now - one["at"]).total_seconds()) if one["state"] in ("requested", "countered") else "–",
        "asker": asker_words(one) if known else "the promise is not known here yet",
        "deliverer": deliverer_words(one),
        "reason": one["reason"] or "–",
    }


def due_words(one: dict[str, Any], now: datetime) -> str:
    """When the work is due, and that this is over."""
    if one["due"] is None:
        return "no date"
    over = "; over" if one["due"] <= now and one["state"] in ("requested", "countered", "expired") else ""
    return style.clock_text(one["due"]) + over


def asker_words(one: dict[str, Any]) -> str:
    """The date that the customer holds beside the one asked for, and how the promise stands."""
    apart = one["days_apart"]
    said = f"customer's date {style.clock_text(one['promise_due'])}"
    if apart is not None and abs(apart) >= 0.05:
        said += f", work {abs(apart):.1f} d {'after' if apart > 0 else 'before'} it"
    risk = "" if one["p_slip"] is None else f", risk of delay {chance_words(one['p_slip'])}"
    return f"{said}; {style.STATES[one['promise_standing']].lower()}, gap {int(one['score'])}{risk}"


def deliverer_words(one: dict[str, Any]) -> str:
    """How much else the deliverer was asked for, what is handed over, and until when they may answer."""
    many = one["deliverer_open"]
    parts = [f"{many}{' or more' if many >= MOST_OPEN else ''} open with them"]
    if one["scope"]:
        parts.append("scope " + ", ".join(one["scope"]))
    if one["expires_at"] is not None:
        parts.append(f"to be answered by {style.clock_text(one['expires_at'])}")
    return "; ".join(parts)


def age_words(seconds: float) -> str:
    """How long something has been open."""
    if seconds < DAY:
        return f"{max(0.0, seconds) / 3600:.0f} h"
    return f"{seconds / DAY:.0f} d"
