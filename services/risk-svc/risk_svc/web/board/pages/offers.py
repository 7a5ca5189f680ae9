"""Offers: what customers may choose from, what they took, and what they had requested beside what they got."""

from __future__ import annotations

from typing import Any, Final, cast

from nicegui import ui

from risk_svc.insight.offers import OfferFilter, State, words
from risk_svc.web.board import style
from risk_svc.web.board.frame import Address, Banner, heading, live, page_frame
from risk_svc.web.board.lists import MatterTable, csv_address, filter_input, linked_promise
from risk_svc.web.board.live_data import LiveData
from risk_svc.web.board.matter_data import MatterData

COLUMNS: Final = [
    {"name": "state", "label": "Status", "field": "state", "align": "left"},
    {"name": "promise", "label": "Promise", "field": "promise", "align": "left"},
    {"name": "options", "label": "Offered", "field": "options", "align": "left"},
    {"name": "taken", "label": "Taken", "field": "taken", "align": "left"},
    {"name": "got", "label": "Requested, and got (UTC)", "field": "got", "align": "left"},
    {"name": "by", "label": "By", "field": "by", "align": "left"},
]
STATES: Final[dict[str, str]] = {
    "": "all",
    "offered": "not answered",
    "taken": "taken",
    "declined": "declined",
    "withdrawn": "withdrawn",
}
OPTIONS: Final = {"": "all", "goodwill": "goodwill", "revised_terms": "revised terms", "other": "other"}
COLOURS: Final = {"offered": "medium", "declined": "high", "withdrawn": "low", "expired": "low"}
EMPTY: Final = "No offer matches. Offers come by promise-svc's API: POST /v1/offers."


class Page:
    """One open browser page about offers."""

    def __init__(self, reading: LiveData, matters: MatterData, address: Address) -> None:
        self.reading, self.matters = reading, matters
        self.moment = page_frame("Offers")
        self.banner = Banner(reading.standstill, reading.held)
        with ui.column().classes("w-full max-w-screen-xl mx-auto q-pa-sm gap-3"):
            heading("Offers")
            with ui.row().classes("w-full items-center"):
                self.state = ui.select(STATES, value="", label="Status").props("dense outlined").classes("w-36")
                self.option = ui.select(OPTIONS, value="", label="Sort").props("dense outlined").classes("w-36")
                address.keep("state", self.state)
                address.keep("option", self.option)
                self.promise = filter_input("Promise id", address, "promise")
                self.customer = filter_input("Customer id", address, "customer")
                self.department = filter_input("Department that offered", address, "department")
            self.counted = ui.label().style(f"color: {style.MUTED}").mark("counted")
            self.table = MatterTable(COLUMNS, "Offers", address, self.refresh, empty=EMPTY)
            filters = (self.state, self.option, self.promise, self.customer, self.department)
            self.table.pager.narrowed_by(*filters)
            live(self.banner, 5.0, self.refresh)

    def asked(self) -> tuple[OfferFilter, int]:
        """The filters and page chosen."""
        promise, customer, department = (
            (one.value or "").strip() or None for one in (self.promise, self.customer, self.department)
        )
        state = cast(State | None, self.state.value or None)
        wanted = OfferFilter(state, promise, customer, department, self.option.value or None)
        return wanted, self.table.pager.page

    async def refresh(self) -> None:
        """Read, and update what changed."""
        asked = self.asked()
        listed = await self.matters.offers(*asked)
        customer = asked[0].customer_id
        counted = counted_words(await self.matters.requested(customer)) if customer else ""
        if asked != self.asked():
            # Something else was chosen meanwhile, which triggers its own refresh.
            return
        self.moment.set_text(style.clock_text(self.reading.clock.now()) + " UTC")
        self.counted.set_text(counted)
        self.table.show(listed, [row(one) for one in listed.items], csv_of(asked[0]))


def csv_of(wanted: OfferFilter) -> str:
    """The address of what is chosen as CSV."""
    return csv_address(
        "offers",
        state=wanted.state,
        promise=wanted.promise_id,
        customer=wanted.customer_id,
        department=wanted.department,
        option=wanted.option,
    )


def row(one: dict[str, Any]) -> dict[str, Any]:
    """An offer as a row: plain text."""
    known = one["promise_standing"] is not None
    return {
        "id": one["offer_id"],
        "state": STATES[one["state"]],
        "colour": style.COLOURS[COLOURS.get(one["state"], "none")],
        "promise": one["promise_id"] or "",
        "link": linked_promise(one["promise_id"]) if known else "",
        "note": " · ".join(part for part in (one["promise_kind"], one["customer_id"]) if part),
        "options": words(one["options"]) or "–",
        "taken": one["taken"] or "–",
        "got": got_words(one) if known else "the promise is not known here yet",
        "by": f"{one['department'] or '–'}, {style.clock_text(one['at'])} UTC",
    }


def counted_words(counts: dict[str, Any]) -> str:
    """What a customer asked for beside what they got, in one line; nothing for whom nothing is known."""
    if not counts["promises"]:
        return ""
    requested = counts["requested"]
    dates = (
        f"Of {counts['promises']:,} promises {requested:,} had a date that {counts['customer_id']} asked for: "
        f"{counts['promised_as_requested']:,} were promised by it, {counts['completed_as_requested']:,} of "
        f"{counts['completed']:,} complete ones were done by it."
    )
    taken = [f"{one['taken']:,} of {one['offered']:,} {one['kind'].replace('_', ' ')}" for one in counts["offers"]]
    return dates + (f" Options taken: {', '.join(taken)}." if taken else "") + ("" if counts["exact"] else " Or more.")


def got_words(one: dict[str, Any]) -> str:
    """The date that was requested beside the one that was kept, or is promised."""
    got = one["completed_at"] or one["promise_due"]
    there = f"{'done' if one['completed_at'] else 'promised for'} {style.clock_text(got)}"
    if one["requested_due"] is None:
        return f"no date requested; {there}"
    apart = one["days_apart"]
    more = "" if abs(apart) < 0.05 else f", {abs(apart):.1f} d {'after' if apart > 0 else 'before'} it"
    return f"{style.clock_text(one['requested_due'])}; {there}{more}"


def line(one: dict[str, Any]) -> str:
    """An offer in one line, for its promise's page."""
    came = f"; taken: {one['taken']}" if one["taken"] else f"; {STATES[one['state']]}"
    return f"Offered {style.clock_text(one['at'])} UTC: {words(one['options'])}{came}."
