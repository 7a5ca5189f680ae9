"""An incident in words and rows: what it is, whom it hits, and what that is worth. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from risk_svc.domain.chance import chance_words
from risk_svc.insight.incidents import MOST_HIT, Hits
from risk_svc.web.board import style
from risk_svc.web.board.account_words import money

NO_VALUE: Final = "no value"


class Head(NamedTuple):
    """An incident in lines: its title, what it is and since when, and how much it hits."""

    title: str
    what: str
    hits: str


def head(incident: Mapping[str, Any], hits: Hits) -> Head:
    """The head of an incident's page."""
    since, until, end = (incident[name] for name in ("opened_at", "resolved_at", "expected_end"))
    times = f"since {style.clock_text(since)} UTC"
    if until is not None:
        times = f"from {style.clock_text(since)} to {style.clock_text(until)} UTC: it is over"
    elif end is not None:
        times += f", expected to end {style.clock_text(end)} UTC"
    places = places_words(incident["places"])
    what = f"{incident['category']}, severity {incident['severity']:.0%}, {times}; affects {places}"
    return Head(incident["title"] or incident["incident_id"], what, _hits(hits))


def row(item: Mapping[str, Any]) -> dict[str, Any]:
    """A promise in the table: plain text and numbers only, as customers' words must never become markup."""
    number, colour = style.badge(item["score"])
    return {
        "id": item["promise_id"],
        "score": number,
        "colour": colour,
        "customer": item["customer_id"],
        "kind": item["kind"],
        "value": NO_VALUE if item["value"] is None else money(item["value"], item["currency"]),
        "slip": "too little history" if item["p_slip"] is None else chance_words(item["p_slip"]),
        "due": style.clock_text(item["held_due"]),
        "told": "notified" if item["told"] else "not notified",
    }


def named(incident: Mapping[str, Any]) -> str:
    """An open incident in a list of links."""
    hit = incident["hit"]
    number = f"more than {MOST_HIT:,}" if hit > MOST_HIT else f"{hit:,}"
    return f"{incident['title'] or incident['incident_id']}: {number} open promise{'' if hit == 1 else 's'}"


def places_words(places: Sequence[str]) -> str:
    """What an incident affects; what its source named may be known by no rule."""
    return ", ".join(places) or "nothing that is known here"


def hit_words(incident: Mapping[str, Any]) -> str:
    """How many open promises an incident of the list hits, and of how many customers."""
    promises, customers = incident["promises"], incident["customers"]
    if not promises:
        return "none"
    more = "" if incident["promises_exact"] else "more than "
    return f"{more}{promises:,}, of {customers:,} customer{'' if customers == 1 else 's'}"


def _hits(hits: Hits) -> str:
    if not hits.number.total:
        return "It hits no open promise."
    promises = f"{hits.number} open promise{'' if hits.number == (1, True) else 's'}"
    customers = f"{hits.customers:,} customer{'' if hits.customers == 1 else 's'}"
    return f"It hits {promises} of {customers}, worth {worth(hits.values)}."


def worth(values: Sequence[Mapping[str, Any]]) -> str:
    """What promises are worth in each currency, and how many of them have no value."""
    sums = [money(one["value"], one["currency"]) for one in values if one["promises"] > one["unvalued"]]
    unvalued = sum(one["unvalued"] for one in values)
    if not sums:
        return "nothing that is known"
    return " and ".join(sums) + (f" ({unvalued:,} without a value)" if unvalued else "")
