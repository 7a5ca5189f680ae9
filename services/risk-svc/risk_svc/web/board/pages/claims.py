"""Claims: the register as it stands, over- and under-claims with their exposure, and the recall of false ones."""

from __future__ import annotations

import json
from typing import Any, Final

from nicegui import ui

from candor.web.http.near_names import or_near
from risk_svc.insight.claim_lists import ClaimFilter, Recall, Unknown
from risk_svc.insight.reading import Wanted
from risk_svc.web.board import contact_words, style
from risk_svc.web.board.frame import Address, Banner, Part, card, heading, live, page_frame, section_title
from risk_svc.web.board.lists import MatterTable, csv_address, filter_input
from risk_svc.web.board.live_data import LiveData, SheetQuery
from risk_svc.web.board.matter_data import MatterData
from risk_svc.web.board.tables import FiguresTable

CLAIMS: Final = [
    {"name": "verdict", "label": "Verdict", "field": "verdict", "align": "left"},
    {"name": "promise", "label": "Capability", "field": "promise", "align": "left"},
    {"name": "said", "label": "Said, and what there was", "field": "said", "align": "left"},
    {"name": "by", "label": "By", "field": "by", "align": "left"},
    {"name": "to", "label": "To", "field": "to", "align": "left"},
    {"name": "told", "label": "Told", "field": "told", "align": "right"},
    {"name": "left", "label": "Not corrected", "field": "left", "align": "right"},
]
REGISTER: Final = [
    {"name": "status", "label": "Status", "field": "status", "align": "left"},
    {"name": "promise", "label": "Capability", "field": "promise", "align": "left"},
    {"name": "where", "label": "Elsewhere", "field": "where", "align": "left"},
    {"name": "claims", "label": "Claims", "field": "claims", "align": "right"},
    {"name": "over", "label": "Over-claims", "field": "over", "align": "right"},
    {"name": "under", "label": "Under-claims", "field": "under", "align": "right"},
    {"name": "left", "label": "Told falsely, not corrected", "field": "left", "align": "right"},
]
SPREAD: Final = (
    ("id", "Capability"),
    ("reach", "Told and not corrected"),
    ("effective", "Accounts in effect"),
    ("growth", "This week by last"),
    ("accounts", "Accounts told"),
    ("expected", "Expected loss of these"),
    ("at_risk", "Value at risk (95 %)"),
)
MOST_SPREAD: Final = 50
"""Capabilities whose spread is shown, the widest."""
SPREAD_LEGEND: Final = (
    "Over-claims of which the register still has less than was said. Accounts in effect: near 1 is one noisy account, "
    "large is market-wide; each prospect is one. The loss is that of all open promises of the accounts that were told."
)
VERDICTS: Final = {
    "false": "false",
    "over_claim": "over-claim",
    "under_claim": "under-claim",
    "unregistered": "unregistered",
    "supported": "supported",
    "": "all",
}
VERDICT_COLOURS: Final = {"over_claim": "severe", "under_claim": "high", "unregistered": "medium", "supported": "none"}
STATUS_COLOURS: Final = {"available": "none", "beta": "low", "planned": "medium", "none": "severe"}
NO_CLAIM: Final = "No claim matches. Claims come by promise-svc's API: POST /v1/claims."
NO_REGISTER: Final = "No capability matches. The register comes by promise-svc's API: PUT /v1/capabilities/{id}."


class Page:
    """One open browser page about claims."""

    def __init__(self, reading: LiveData, matters: MatterData, address: Address) -> None:
        self.reading, self.matters = reading, matters
        self.moment = page_frame("Claims")
        self.banner = Banner(reading.standstill, reading.held)
        with ui.column().classes("w-full max-w-screen-xl mx-auto q-pa-sm gap-3"):
            heading("Claims")
            with ui.row().classes("w-full items-center"):
                self.verdict = ui.select(VERDICTS, value="false", label="Verdict").props("dense outlined")
                self.verdict.classes("w-40")
                address.keep("verdict", self.verdict)
                self.capability = filter_input("Capability id", address, "capability")
                self.department = filter_input("Department that claimed", address, "department")
            self.recall = Part(_recall)
            with card():
                section_title("Claims, most people told first")
                self.claims = MatterTable(CLAIMS, "Claims", address, self.refresh, empty=NO_CLAIM)
            with card():
                section_title("The register as it stands")
                self.register = MatterTable(
                    REGISTER, "The register", address, self.refresh, empty=NO_REGISTER, name="register"
                )
            with card():
                section_title("How far claims spread that are not met")
                self.spread = FiguresTable("Spread of unmet claims", SPREAD)
                self.no_spread = ui.label("No claim is unmet.").style(f"color: {style.MUTED}").mark("no-spread")
                ui.label(SPREAD_LEGEND).style(f"color: {style.MUTED}; font-size: .85rem")
            self.claims.pager.narrowed_by(self.verdict, self.capability, self.department)
            self.register.pager.narrowed_by(self.capability)
            live(self.banner, 5.0, self.refresh)

    def asked(self) -> tuple[ClaimFilter, int, int]:
        """The filters and pages chosen."""
        capability, department = ((one.value or "").strip() or None for one in (self.capability, self.department))
        wanted = ClaimFilter(self.verdict.value or None, capability, department=department)
        return wanted, self.claims.pager.page, self.register.pager.page

    async def refresh(self) -> None:
        """Read, and update what changed."""
        asked = wanted, page, of_register = self.asked()
        listed = await self.matters.claims(wanted, page)
        register = await self.matters.register(wanted.capability_id, of_register)
        spread = await self.reading.sheet(SheetQuery("spread", Wanted(search=wanted.capability_id), size=MOST_SPREAD))
        recalled = await self.matters.recall(wanted.capability_id) if wanted.capability_id else None
        if asked != self.asked():
            # Something else was chosen meanwhile, which triggers its own refresh.
            return
        self.moment.set_text(style.clock_text(self.reading.clock.now()) + " UTC")
        self.recall.show([] if recalled is None else recall_words(wanted.capability_id or "", recalled))
        self.spread.show(contact_words.spread_rows(spread.bodies), SPREAD)
        self.no_spread.set_visibility(not spread.bodies)
        self.claims.show(listed, [claim_row(one) for one in listed.items], csv_of(wanted))
        self.register.show(
            register,
            [register_row(one) for one in register.items],
            csv_address("capabilities", search=wanted.capability_id),
        )


def csv_of(wanted: ClaimFilter) -> str:
    """The address of the claims that are chosen as CSV."""
    return csv_address("claims", verdict=wanted.verdict, capability=wanted.capability_id, department=wanted.department)


def recall_words(capability: str, found: Recall | Unknown) -> list[str]:
    """Who was told falsely of a capability, who was corrected and who is left."""
    if isinstance(found, Unknown):
        return [
            or_near(f"The register has no capability {capability}: a recall is of one, by its whole id", found.near)
        ]
    if not found.claims:
        return [f"No claim of {capability} is false: nobody has to be corrected."]
    claims = f"{found.claims:,}{'' if found.exact else ' or more'} false claim{'' if found.claims == 1 else 's'}"
    customers = f", {found.customers:,} customer{'' if found.customers == 1 else 's'} among them"
    return [
        f"{claims} of {capability} told {people(found.told)}{customers}.",
        f"Corrected: {found.corrected:,}. Left to be corrected: {found.left_over:,}. Nobody is written to by this.",
    ]


def people(number: int) -> str:
    """A number of people."""
    return f"{number:,} {'person' if number == 1 else 'people'}"


def claim_row(one: dict[str, Any]) -> dict[str, Any]:
    """A claim as a row: plain text and numbers."""
    where = ", ".join(part for part in (one["region"], one["edition"]) if part)
    there = "nothing in the register" if one["there"] is None else f"there: {one['there']}"
    return {
        "id": one["claim_id"],
        "verdict": VERDICTS[one["verdict"]],
        "colour": style.COLOURS[VERDICT_COLOURS[one["verdict"]]],
        "promise": one["capability_id"],
        "link": "",
        "note": where,
        "said": f"“{one['said'].replace('_', ' ')}”; {there}",
        "by": f"{one['department'] or '–'}, {style.clock_text(one['at'])} UTC",
        "to": f"{one['customer_id'] or 'prospects'}{f' · {channel}' if (channel := one['channel']) else ''}",
        "told": f"{one['recipients']:,}",
        "left": f"{one['left_over']:,}",
    }


def register_row(one: dict[str, Any]) -> dict[str, Any]:
    """A capability as a row: the status that holds everywhere, then those of regions and editions."""
    statuses = json.loads(one["statuses"])
    general = next((each for each in statuses if not each["region"] and not each["edition"]), None)
    elsewhere = [each for each in statuses if each is not general]
    status = "none" if general is None else general["status"]
    more = "" if one["claims_exact"] else " or more"
    return {
        "id": one["capability_id"],
        "status": "by place" if general is None else status,
        "colour": style.COLOURS["medium" if general is None else STATUS_COLOURS[status]],
        "promise": one["capability_id"],
        "link": "",
        "note": f"since {style.clock_text(one['at'])} UTC{_version(general)}",
        "where": "; ".join(f"{_place(each)}: {each['status']}{_version(each)}" for each in elsewhere) or "–",
        "claims": f"{one['claims']:,}{more}",
        "over": f"{one['over_claims']:,}",
        "under": f"{one['under_claims']:,}",
        "left": f"{one['left_over']:,} of {one['told']:,}",
    }


def _place(status: dict[str, Any]) -> str:
    return ", ".join(part for part in (status["region"], status["edition"]) if part)


def _version(status: dict[str, Any] | None) -> str:
    return f", version {status['since_version']}" if status and status["since_version"] else ""


def _recall(lines: list[str]) -> None:
    if lines:
        with card():
            section_title("Recall")
            for line in lines:
                ui.label(line)
