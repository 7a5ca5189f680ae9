"""What the page of an incident says: since when, whom it hits, and what that is worth."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from candor.web.http.listings import Total
from risk_svc.insight.incidents import MOST_HIT, Hits
from risk_svc.web.api.insight_examples import EXAMPLES
from risk_svc.web.api.insight_responses import HitOut, IncidentPromises
from risk_svc.web.board import incident_words, style
from risk_svc.web.board.pages import incidents
from tests.support.board import NOW, detail, incident

STRUCK: dict[str, Any] = {
    "incident_id": "i1",
    "title": "Snow at <b>EWR</b>",
    "category": "snow",
    "severity": 0.6,
    "opened_at": NOW,
    "expected_end": None,
    "resolved_at": None,
    "places": ["site:EWR", "site:JFK"],
}
EUR = {"currency": "EUR", "value": 18_000.0, "promises": 3, "unvalued": 1}
LISTED = {**STRUCK, "affects": STRUCK["places"], "promises": 3, "promises_exact": True, "customers": 1, "values": [EUR]}
ITEM = HitOut.model_validate(EXAMPLES[IncidentPromises]["items"][0]).model_dump()


def hits(total: int = 3, customers: int = 2, *values: dict[str, Any]) -> Hits:
    return Hits([], Total(total, True), customers, [*values])


def test_the_head_says_what_it_is_and_how_much_it_hits() -> None:
    head = incident_words.head(STRUCK, hits(3, 2, EUR))
    assert head.title == "Snow at <b>EWR</b>"
    assert head.what == "snow, severity 60%, since Fri 8 Mar 22:05 UTC; affects site:EWR, site:JFK"
    nowhere = incident_words.head(STRUCK | {"places": []}, hits(0)).what
    assert nowhere.endswith("; affects nothing that is known here")
    assert head.hits == "It hits 3 open promises of 2 customers, worth 18,000 EUR (1 without a value)."
    assert incident_words.head(STRUCK, hits(0)).hits == "It hits no open promise."
    one = incident_words.head(STRUCK, hits(1, 1, EUR | {"promises": 1})).hits
    assert one == "It hits 1 open promise of 1 customer, worth nothing that is known."


def test_several_currencies_stand_side_by_side() -> None:
    usd = {"currency": "USD", "value": 5.0, "promises": 1, "unvalued": 0}
    assert incident_words.head(STRUCK, hits(4, 2, EUR | {"unvalued": 0}, usd)).hits.endswith("18,000 EUR and 5 USD.")


def test_its_end_is_said_expected_or_past() -> None:
    later = NOW + timedelta(hours=1)
    assert "expected to end Fri 8 Mar 23:05 UTC" in incident_words.head(STRUCK | {"expected_end": later}, hits()).what
    assert "to Fri 8 Mar 23:05 UTC: it is over" in incident_words.head(STRUCK | {"resolved_at": later}, hits()).what


def test_a_row_is_text_and_numbers_only() -> None:
    row = incident_words.row(ITEM)
    assert all(isinstance(value, str | int) for value in row.values())
    assert (row["id"], row["score"], row["value"], row["slip"]) == ("PR-1001", 81, "18,000 EUR", "72%")
    unknown = incident_words.row(ITEM | {"value": None, "p_slip": None, "told": True})
    assert (unknown["value"], unknown["slip"], unknown["told"]) == ("no value", "too little history", "notified")


def test_an_open_incident_is_named_with_what_it_hits() -> None:
    assert incident_words.named(STRUCK | {"hit": 1}) == "Snow at <b>EWR</b>: 1 open promise"
    assert incident_words.named(STRUCK | {"hit": MOST_HIT + 1, "title": ""}) == "i1: more than 1,000 open promises"


def test_a_promise_names_its_incidents_those_that_go_on_first() -> None:
    over, still = incident(), incident(incident_id="i2", resolved_at=None)
    found = style.incidents(detail(incidents=[over, still]))
    assert [(one.incident_id, words) for one, words in found] == [
        ("i2", still.title),
        (over.incident_id, f"{over.title}, over"),
    ]


def test_an_incident_in_the_list_says_what_it_affects_and_hits_and_leads_to_its_page() -> None:
    row = incidents.row(LISTED)
    assert (row["state"], row["promise"], row["affects"]) == ("open", "Snow at <b>EWR</b>", "site:EWR, site:JFK")
    assert (row["hits"], row["value"]) == ("3, of 1 customer", "18,000 EUR (1 without a value)")
    assert (row["colour"], row["until"]) == (style.COLOURS["severe"], "–")
    assert incidents.row(LISTED | {"incident_id": "a/b"})["link"].endswith("/board/incidents/a%2Fb")
    assert incidents.row(LISTED | {"title": ""})["promise"] == "i1"


def test_an_incident_that_hits_nothing_or_is_over_is_told_apart() -> None:
    nothing = incidents.row(LISTED | {"promises": 0, "customers": 0, "values": [], "affects": []})
    assert (nothing["hits"], nothing["value"]) == ("none", "–")
    assert (nothing["affects"], nothing["colour"]) == ("nothing that is known here", style.COLOURS["medium"])
    assert nothing["state"] == "open, hits nothing"
    ended = incidents.row(LISTED | {"resolved_at": NOW + timedelta(hours=1)})
    assert (ended["state"], ended["until"], ended["colour"]) == ("ended", "Fri 8 Mar 23:05", style.COLOURS["none"])
    looks = {(one["state"], one["colour"]) for one in (nothing, ended, incidents.row(LISTED))}
    assert len({state for state, _ in looks}) == len({colour for _, colour in looks}) == 3
    assert incidents.row(LISTED | {"expected_end": NOW})["until"] == "expected Fri 8 Mar 22:05"
    many = LISTED | {"promises": MOST_HIT, "promises_exact": False, "customers": 12}
    assert incidents.row(many)["hits"] == "more than 1,000, of 12 customers"
