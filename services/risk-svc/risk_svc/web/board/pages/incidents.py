"""Incidents: those that go on first, then the latest ended, with what each hits, also where that is nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from nicegui import ui

from candor.web.http.public import public_path
from risk_svc.insight.incident_lists import IncidentFilter
from risk_svc.web.board import incident_words, style
from risk_svc.web.board.frame import Address, Banner, heading, live, page_frame
from risk_svc.web.board.lists import MatterTable, csv_address, filter_input
from risk_svc.web.board.live_data import LiveData
from risk_svc.web.board.matter_data import MatterData

COLUMNS: Final = [
    {"name": "state", "label": "Status", "field": "state", "align": "left"},
    {"name": "promise", "label": "Incident", "field": "promise", "align": "left"},
    {"name": "affects", "label": "Affects", "field": "affects", "align": "left"},
    {"name": "hits", "label": "Open promises hit", "field": "hits", "align": "left"},
    {"name": "value", "label": "Their value", "field": "value", "align": "left"},
    {"name": "since", "label": "Since (UTC)", "field": "since", "align": "left"},
    {"name": "until", "label": "Until (UTC)", "field": "until", "align": "left"},
]
STATES: Final[dict[str, str]] = {"": "all", "open": "open", "ended": "ended"}
OPEN, HITS_NOTHING, ENDED = "open", "open, hits nothing", "ended"
LOOKS: Final = {OPEN: "severe", HITS_NOTHING: "medium", ENDED: "none"}
"""The colour of each word for where an incident stands."""
EMPTY: Final = "No incident matches. Incidents come by delivery-svc: POST /v1/incidents, or a system of trouble."
READ_IT: Final = (
    "An incident hits the open promises that depend on what it affects. One that hits nothing may affect what no "
    "promise depends on, or its labels may be known by no rule: those are listed by delivery-svc, "
    "GET /v1/labels/unknown."
)


class Page:
    """One open browser page about incidents."""

    def __init__(self, reading: LiveData, matters: MatterData, address: Address) -> None:
        self.reading, self.matters = reading, matters
        self.moment = page_frame("Incidents")
        self.banner = Banner(reading.standstill, reading.held)
        with ui.column().classes("w-full max-w-screen-xl mx-auto q-pa-sm gap-3"):
            heading("Incidents")
            ui.label(READ_IT).style(f"color: {style.MUTED}")
            with ui.row().classes("w-full items-center"):
                self.state = ui.select(STATES, value="", label="Status").props("dense outlined").classes("w-32")
                address.keep("state", self.state)
                self.category = filter_input("Category", address, "category")
                self.place = filter_input("Affects, such as site:EWR", address, "place")
            self.table = MatterTable(COLUMNS, "Incidents", address, self.refresh, empty=EMPTY)
            self.table.pager.narrowed_by(self.state, self.category, self.place)
            live(self.banner, 5.0, self.refresh)

    def asked(self) -> tuple[IncidentFilter, int]:
        """The filters and page chosen."""
        category, place = ((one.value or "").strip() or None for one in (self.category, self.place))
        return IncidentFilter(self.state.value or None, category, place), self.table.pager.page

    async def refresh(self) -> None:
        """Read, and update what changed."""
        asked = self.asked()
        listed = await self.matters.incidents(*asked)
        if asked != self.asked():
            # Something else was chosen meanwhile, which triggers its own refresh.
            return
        self.moment.set_text(style.clock_text(self.reading.clock.now()) + " UTC")
        self.table.show(listed, [row(one) for one in listed.items], csv_of(asked[0]))


def csv_of(wanted: IncidentFilter) -> str:
    """The address of what is chosen as CSV."""
    return csv_address("incidents", **wanted._asdict())


def row(one: Mapping[str, Any]) -> dict[str, Any]:
    """An incident as a row: plain text and numbers."""
    state = state_of(one)
    return {
        "id": one["incident_id"],
        "state": state,
        "colour": style.COLOURS[LOOKS[state]],
        "promise": one["title"] or one["incident_id"],
        "link": public_path("/board/incidents/") + quote(one["incident_id"], safe=""),
        "note": f"{one['incident_id']} · {one['category']}, severity {one['severity']:.0%}",
        "affects": incident_words.places_words(one["affects"]),
        "hits": incident_words.hit_words(one),
        "value": incident_words.worth(one["values"]) if one["promises"] else "–",
        "since": style.clock_text(one["opened_at"]),
        "until": until_words(one),
    }


def state_of(one: Mapping[str, Any]) -> str:
    """The word for where it stands; one that goes on and hits nothing may come to hit promises yet."""
    if one["resolved_at"] is not None:
        return ENDED
    return OPEN if one["promises"] else HITS_NOTHING


def until_words(one: Mapping[str, Any]) -> str:
    """When it ended, or is expected to."""
    if one["resolved_at"] is not None:
        return style.clock_text(one["resolved_at"])
    return "–" if one["expected_end"] is None else f"expected {style.clock_text(one['expected_end'])}"
